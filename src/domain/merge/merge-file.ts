/** Three-way merge of a file without KRM objects: text or binary. */

import type { JsonValue } from '../krm/json-value.ts'
import { sameBytes } from '../resources.ts'
import { textOf } from '../text-lines.ts'
import { type Conflict, type Side, threeValues } from './conflict.ts'
import { mergeText } from './merge-text.ts'

export type FileVersions = {
  original: Uint8Array | undefined
  local: Uint8Array | undefined
  upstream: Uint8Array | undefined
}

export function mergeFile(
  path: string,
  { original, local, upstream }: FileVersions,
  prefer: Side,
): { content: Uint8Array | undefined; conflicts: Conflict[] } {
  const clean = (content: Uint8Array | undefined) => ({ content, conflicts: [] })
  if (sameBytes(local, upstream) || sameBytes(original, upstream)) return clean(local)
  if (sameBytes(original, local)) return clean(upstream)
  const conflict = (field: string): Conflict => ({
    path,
    object: null,
    field,
    ...threeValues(shown(original), shown(local), shown(upstream)),
    chosen: prefer,
  })
  const [base, ours, theirs] = [original, local, upstream].map((content) => content && textOf(content))
  if (base === undefined || ours === undefined || theirs === undefined) {
    return { content: prefer === 'local' ? local : upstream, conflicts: [conflict('')] }
  }
  const { text, conflicts } = mergeText(base, ours, theirs, prefer)
  const lines = conflicts.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(', ')
  return { content: Buffer.from(text), conflicts: lines === '' ? [] : [conflict(`lines ${lines}`)] }
}

/** Returns the content as a conflict shows it: of a binary file only the size. */
export function shown(content: Uint8Array | undefined): JsonValue | undefined {
  return content && (textOf(content) ?? { size: content.byteLength })
}
