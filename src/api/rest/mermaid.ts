/** A graph as a Mermaid flowchart: https://mermaid.js.org/syntax/flowchart.html */
import { ociRepository } from '../../domain/names.ts'
import type { Graph, GraphEdge, GraphNode } from '../../service/queries/package-graph.ts'

export const MERMAID = 'text/vnd.mermaid'

/**
 * Draws upstreams on the left. Of the links between two packages it draws the current ones, or, if there is none, the
 * latest old one as a dotted line.
 */
export function toMermaid({ nodes, edges, truncated }: Graph): string {
  const ids = new Map(nodes.map((node, at) => [ociRepository(node), `p${at}`]))
  const lines = ['flowchart LR']
  if (truncated) lines.push('  %% The graph is incomplete.')
  for (const [at, node] of nodes.entries()) lines.push(`  p${at}["${escaped(nodeText(node))}"]`)
  for (const { upstream, downstream, current } of shownEdges(edges)) {
    const arrow = current ? '-->' : '-.->'
    const text = `${revisionText(upstream)} → ${revisionText(downstream)}`
    const [from, to] = [ids.get(ociRepository(upstream)), ids.get(ociRepository(downstream))]
    lines.push(`  ${from} ${arrow}|"${escaped(text)}"| ${to}`)
  }
  const outdated = nodes.flatMap((node, at) => (node.outdated ? [`p${at}`] : []))
  if (outdated.length > 0) {
    lines.push(
      '  classDef outdated stroke:#d97706,stroke-width:3px',
      `  class ${outdated.join(',')} outdated`,
    )
  }
  return `${lines.join('\n')}\n`
}

function shownEdges(edges: readonly GraphEdge[]): GraphEdge[] {
  const pairs = new Map<string, GraphEdge[]>()
  for (const edge of edges) {
    const pair = `${ociRepository(edge.upstream)} ${ociRepository(edge.downstream)}`
    pairs.set(pair, [...(pairs.get(pair) ?? []), edge])
  }
  return [...pairs.values()].flatMap((all) => {
    const current = all.filter((edge) => edge.current)
    if (current.length > 0) return current
    return all.sort((a, b) => b.downstream.revision - a.downstream.revision).slice(0, 1)
  })
}

function nodeText({ latestRevision, latestVersion, ...id }: GraphNode): string {
  if (latestRevision === null) return `${ociRepository(id)}, not published`
  return `${ociRepository(id)} ${latestVersion ?? `v${latestRevision}`}`
}

function revisionText({ revision, version }: GraphEdge['upstream']): string {
  if (revision === 0) return 'draft'
  return version ?? `v${revision}`
}

/** Replaces characters with a meaning in Mermaid, or in the HTML that it generates, by entity codes. */
function escaped(text: string): string {
  return text.replaceAll(/["#&;<>\\`]/g, (character) => `#${character.charCodeAt(0)};`)
}
