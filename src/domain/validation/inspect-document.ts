/**
 * Finds faults of a YAML document beyond its syntax: duplicate keys, values that readers refuse, and aliases that expand
 * to more than fits into memory. The yaml library finds the first in quadratic time and the last only by expanding, so
 * one walk looks for all of them.
 */
import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair } from 'yaml'
import { isMergeKey, keyFault, keyName, scalarFault } from '../krm/yaml-1.1.ts'

/** The limit of nodes after aliases are expanded, unless a tenth of them are written out. */
const MAX_EXPANDED = 100_000

export type Fault = { offset: number; message: string }

/** A node that aliases may refer to. Its size is infinite until its end, since it cannot contain itself. */
type Anchored = { node: Node; size: number }

export function inspectDocument(document: Document.Parsed): Fault[] {
  const faults: Fault[] = []
  const anchors = new Map<string, Anchored>()
  let written = 0

  function expandedSize(node: unknown, isKey = false): number {
    if (!isNode(node)) return 1
    written++
    const scalar = isKey ? undefined : targetOf(node)
    if (isScalar(scalar)) report(node, scalarFault(scalar))
    if (isAlias(node)) {
      const target = anchors.get(node.source)
      if (!target) report(node, `the anchor "${node.source}" is not defined`)
      return target?.size ?? 1
    }
    const anchored = { node, size: Number.POSITIVE_INFINITY }
    if (node.anchor) anchors.set(node.anchor, anchored)
    anchored.size = 1 + childrenSize(node)
    return anchored.size
  }

  function childrenSize(node: Node): number {
    if (isSeq(node)) return node.items.reduce<number>((sum, item) => sum + expandedSize(item), 0)
    if (!isMap(node)) return 0
    const names = new Set<string>()
    let size = 0
    for (const pair of node.items) {
      size += expandedSize(pair.key, true) + expandedSize(pair.value)
      if (isMergeKey(pair.key)) inspectMerge(pair)
      else inspectKey(pair, names)
    }
    return size
  }

  function inspectKey({ key }: Pair, names: Set<string>): void {
    const scalar = targetOf(key)
    if (!isScalar(scalar)) {
      report(key, scalar && 'a key is a list or a map, which JSON cannot have: write a text')
      return
    }
    report(key, keyFault(scalar))
    const name = keyName(scalar)
    if (names.has(name)) report(key, `the key "${name}" appears twice`)
    names.add(name)
  }

  function inspectMerge({ key, value }: Pair): void {
    const from = isSeq(value) ? value.items : [value]
    if (from.every((item) => isMap(targetOf(item)))) return
    report(key, 'the merge key << needs a map, or a list of maps: quote it to use it as a name')
  }

  function targetOf(node: unknown): unknown {
    return isAlias(node) ? anchors.get(node.source)?.node : node
  }

  function report(node: unknown, message: unknown): void {
    if (typeof message === 'string') faults.push({ offset: offsetOf(node), message })
  }

  const expanded = expandedSize(document.contents)
  if (expanded > MAX_EXPANDED && expanded > 10 * written) {
    report(
      document.contents,
      Number.isFinite(expanded)
        ? `the aliases expand ${written} nodes to ${expanded}: an alias bomb`
        : 'an alias is inside the node that it refers to',
    )
  }
  return faults
}

function isNode(value: unknown): value is Node {
  return isAlias(value) || isMap(value) || isScalar(value) || isSeq(value)
}

function offsetOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0
}
