/**
 * Finds faults of a YAML document beyond its syntax: duplicate keys, values that readers refuse, and aliases that expand
 * to more than fits into memory. The yaml library finds the first in quadratic time and the last only by expanding, so
 * one walk looks for all of them.
 */
import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type Node, type Pair } from 'yaml'
import { isMergeKey, keyFault, keyName, scalarFault } from '../krm/yaml-1.1.ts'

/** The limit of nodes after aliases are expanded, unless a tenth of them are written out. */
const MAX_EXPANDED = 100_000

export type Fault = { offset: number; message: string }

/** A node that aliases stand for. Its size is infinite until its end, since it cannot contain itself. */
type Anchored = { node: Node; size: number }

export function inspectDocument(document: Document.Parsed): Fault[] {
  const faults: Fault[] = []
  const anchors = new Map<string, Anchored>()
  let written = 0
  let inAliases = 0
  let isBomb = false

  function expandedSize(node: unknown, isKey = false): number {
    written++
    if (!isKey) inspectValue(node)
    if (!isNode(node) || (isScalar(node) && !node.anchor)) return 1
    if (isAlias(node)) return aliasSize(node.source, node)
    const anchored = { node, size: Number.POSITIVE_INFINITY }
    if (node.anchor) anchors.set(node.anchor, anchored)
    anchored.size = 1 + childrenSize(node)
    return anchored.size
  }

  function aliasSize(anchor: string, alias: Node): number {
    const size = anchors.get(anchor)?.size
    if (size === undefined) report(alias, `the anchor "${anchor}" is not defined`)
    inAliases += size ?? 0
    isBomb ||= isExcessive(inAliases, written)
    return 1 + (size ?? 0)
  }

  function childrenSize(node: Node): number {
    if (isSeq(node)) return node.items.reduce<number>((sum, item) => sum + expandedSize(item), 0)
    if (!isMap(node)) return 0
    const names = new Set<string>()
    let size = 0
    for (const pair of node.items) {
      size += expandedSize(pair.key, true) + expandedSize(pair.value)
      if (isMergeKey(pair.key)) inspectMerge(pair)
      else inspectKey(pair.key, names)
    }
    return size
  }

  function inspectValue(node: unknown): void {
    const value = targetOf(node)
    if (isScalar(value)) report(node, scalarFault(value))
  }

  function inspectKey(node: unknown, names: Set<string>): void {
    const key = targetOf(node)
    if (!isScalar(key)) {
      if (key) report(node, 'a key is a list or a map, which JSON cannot have: write a text')
      return
    }
    report(node, keyFault(key))
    const name = keyName(key)
    if (names.has(name)) report(node, `the key "${name}" appears twice`)
    names.add(name)
  }

  function inspectMerge({ key, value }: Pair): void {
    const from = isSeq(value) ? value.items : [value]
    if (from.every((item) => isMap(targetOf(item)))) return
    report(key, 'the merge key << needs a map or a list of maps: quote it if it is a name')
  }

  function targetOf(node: unknown): unknown {
    return isAlias(node) ? anchors.get(node.source)?.node : node
  }

  function report(node: unknown, message: string | undefined): void {
    if (message !== undefined) faults.push({ offset: offsetOf(node), message })
  }

  const expanded = expandedSize(document.contents)
  if (expanded === Number.POSITIVE_INFINITY) {
    report(document.contents, 'an alias is inside the node that it refers to')
  } else if (isBomb) {
    report(document.contents, `the aliases expand ${written} nodes to ${expanded}: an alias bomb`)
  }
  return faults
}

/**
 * Readers refuse a document of which aliases make up more than a share, which is smaller for large ones
 * (`allowedAliasRatio` in go.yaml.in/yaml/v2). Ours is a bit smaller, since they do not count merge keys.
 */
function isExcessive(inAliases: number, written: number): boolean {
  const expanded = inAliases + written
  if (expanded > MAX_EXPANDED && expanded > 10 * written) return true
  const size = Math.min(1, Math.max(0, (expanded - 400_000) / 3_600_000))
  return expanded > 1000 && inAliases > expanded * (0.986 - 0.89 * size)
}

function offsetOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0
}
