/**
 * Finds faults of a YAML document beyond its syntax: duplicate keys, and aliases that expand to more than fits into
 * memory. The yaml library finds the former in quadratic time and the latter only by expanding, so one walk looks for
 * both.
 */
import { type Document, isAlias, isMap, isScalar, isSeq, type Node } from 'yaml'
import { keyText } from '../krm/json-value.ts'
import { isMergeKey } from '../krm/yaml-1.1.ts'

/** The limit of nodes after aliases are expanded, unless a tenth of them are written out. */
const MAX_EXPANDED = 100_000

export type Fault = { offset: number; message: string }

export function inspectDocument(document: Document.Parsed): Fault[] {
  const faults: Fault[] = []
  const expandedSizes = new Map<string, number>()
  let written = 0

  function expandedSize(node: unknown): number {
    if (!isNode(node)) return 1
    written++
    if (isAlias(node)) {
      const size = expandedSizes.get(node.source)
      if (size === undefined)
        faults.push({ offset: offsetOf(node), message: `the anchor "${node.source}" is not defined` })
      return size ?? 1
    }
    if (node.anchor) expandedSizes.set(node.anchor, Number.POSITIVE_INFINITY)
    const size = 1 + childrenSize(node)
    if (node.anchor) expandedSizes.set(node.anchor, size)
    return size
  }

  function childrenSize(node: Node): number {
    if (isSeq(node)) return node.items.reduce<number>((sum, item) => sum + expandedSize(item), 0)
    if (!isMap(node)) return 0
    const keys = new Set<string>()
    let size = 0
    for (const { key, value } of node.items) {
      const name = isScalar(key) && !isMergeKey(key) ? keyText(key) : undefined
      if (name !== undefined && keys.has(name)) {
        faults.push({ offset: offsetOf(key), message: `the key "${name}" appears twice` })
      }
      if (name !== undefined) keys.add(name)
      size += expandedSize(key) + expandedSize(value)
    }
    return size
  }

  const expanded = expandedSize(document.contents)
  if (expanded > MAX_EXPANDED && expanded > 10 * written) {
    const message = Number.isFinite(expanded)
      ? `the aliases expand ${written} nodes to ${expanded}: an alias bomb`
      : 'an alias is inside the node that it refers to'
    faults.push({ offset: offsetOf(document.contents), message })
  }
  return faults
}

function isNode(value: unknown): value is Node {
  return isAlias(value) || isMap(value) || isScalar(value) || isSeq(value)
}

function offsetOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0
}
