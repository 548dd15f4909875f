/** Where a field stands in the text of a document. */
import { type Document, isMap, isNode, isSeq } from 'yaml'
import { targetOf } from './alias-targets.ts'
import { keyText } from './json-value.ts'
import { isMergeKey } from './yaml-1.1.ts'

type Field = { key: unknown; value: unknown }

/**
 * Returns the offset of the value at a path, or of its key. Where the path leads to nothing, it is that of the last value
 * on the way.
 */
export function fieldOffset(
  document: Document.Parsed,
  path: readonly (string | number)[],
  part: 'key' | 'value' = 'value',
): number {
  let field: Field = { key: undefined, value: document.contents }
  for (const [at, step] of path.entries()) {
    const next = childOf(field.value, step, document)
    if (!next) break
    field = next
    if (part === 'key' && at === path.length - 1) return startOf(next.key) ?? startOf(next.value) ?? 0
  }
  return startOf(field.value) ?? startOf(field.key) ?? 0
}

function childOf(parent: unknown, step: string | number, document: Document.Parsed): Field | undefined {
  const node = targetOf(parent, document)
  if (isSeq(node)) return typeof step === 'number' ? { key: undefined, value: node.items[step] } : undefined
  if (!isMap(node)) return undefined
  const own = node.items.findLast(({ key }) => !isMergeKey(key) && keyText(targetOf(key, document)) === step)
  if (own) return own
  for (const { key, value } of node.items) {
    if (!isMergeKey(key)) continue
    const from = targetOf(value, document)
    for (const map of isSeq(from) ? from.items : [from]) {
      const found = childOf(map, step, document)
      if (found) return found
    }
  }
  return undefined
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined
}
