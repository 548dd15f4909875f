/** The upstreams and downstreams of a package, as a graph. */

import { AppError } from '../../core/errors.ts'
import { type Link, latestOf, linksOf } from '../../database/package-revisions/links.ts'
import { latestName } from '../../database/package-revisions/of-package.ts'
import { latestUpstream, type Visibility } from '../../domain/access/visible-set.ts'
import { ociRepository, type PackageId } from '../../domain/names.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { Caller } from '../access/policy.ts'
import { visibleTo } from '../access/visible.ts'
import type { ServiceContext } from '../context.ts'

export type GraphNode = PackageId & {
  latestRevision: number | null
  latestVersion: string | null
  /** Whether the upstream of its latest revision has a newer revision. */
  outdated: boolean
}

export type GraphEdge = Link & {
  /** Whether the upstream has a newer revision. */
  outdated: boolean
}

export type Graph = {
  nodes: GraphNode[]
  edges: GraphEdge[]
  /** Whether something was left out because of the bounds. */
  truncated: boolean
}

export type GraphBounds = { depth: number; limit: number }

/** Bounds the answer: two packages can have as many links as revisions. */
const MAX_LINKS = 5000

/** Returns the graph of all visible upstreams and downstreams of a package, within bounds. Throws `not_found`. */
export async function packageGraph(
  ctx: ServiceContext,
  caller: Caller,
  root: PackageId,
  bounds: GraphBounds,
): Promise<Graph> {
  const visibility = visibleTo(caller)
  if ((await latestName(ctx.db, visibility, root)) === undefined) {
    throw new AppError('not_found', `there is no package ${ociRepository(root)}`)
  }
  const found: Found = {
    packages: new Map([[ociRepository(root), root]]),
    links: new Map(),
    truncated: false,
  }
  for (const direction of ['up', 'down'] as const) await walk(ctx, visibility, root, direction, bounds, found)
  const packages = [...found.packages.values()]
  const latest = await latestOf(ctx.db, packages)
  const latestBy = new Map(latest.map((revision) => [ociRepository(revision), revision]))
  return {
    nodes: sortedBy(
      packages.map((id) => toNode(id, latestBy.get(ociRepository(id)), visibility)),
      ociRepository,
    ),
    edges: sortedBy([...found.links.values()], ({ downstream }) => downstream.name).map((link) => ({
      ...link,
      outdated: (latestBy.get(ociRepository(link.upstream))?.revision ?? 0) > link.upstream.revision,
    })),
    truncated: found.truncated,
  }
}

type Found = {
  packages: Map<string, PackageId>
  /** By name of the downstream revision, which has one upstream. */
  links: Map<string, Link>
  truncated: boolean
}

/** Breadth-first. Unlike revisions, packages can be each other's upstream, so visited ones are skipped. */
async function walk(
  ctx: ServiceContext,
  visibility: Visibility,
  root: PackageId,
  direction: 'up' | 'down',
  { depth, limit }: GraphBounds,
  found: Found,
): Promise<void> {
  const visited = new Set([ociRepository(root)])
  let level = [root]
  for (let at = 0; at < depth && level.length > 0; at++) {
    const next: PackageId[] = []
    const room = MAX_LINKS - found.links.size
    const links = await linksOf(ctx.db, visibility, level, direction, room + 1)
    if (links.length > room) found.truncated = true
    for (const link of links.slice(0, room)) {
      const { repository, package: path } = direction === 'up' ? link.upstream : link.downstream
      const id = { repository, package: path }
      const key = ociRepository(id)
      if (!found.packages.has(key) && found.packages.size >= limit) {
        found.truncated = true
        continue
      }
      found.packages.set(key, id)
      found.links.set(link.downstream.name, link)
      if (!visited.has(key)) next.push(id)
      visited.add(key)
    }
    level = next
  }
}

function toNode(
  { repository, package: path }: PackageId,
  latest: PackageRevision | undefined,
  visibility: Visibility,
): GraphNode {
  const { upstream = null } = latest ?? {}
  const upstreamLatest = latest && latestUpstream(visibility, latest)
  return {
    repository,
    package: path,
    latestRevision: latest?.revision ?? null,
    latestVersion: latest?.version ?? null,
    outdated: upstream !== null && (upstreamLatest ?? 0) > upstream.revision,
  }
}

function sortedBy<Item>(items: Item[], key: (item: Item) => string): Item[] {
  return items
    .map((item) => ({ item, key: key(item) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ item }) => item)
}
