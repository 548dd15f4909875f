/** Three-way merge of a file without KRM objects: text or binary. */

import { type Effort, newEffort } from '../diff/line-changes.ts'
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

/** What is left for all texts of a merge. */
export type TextWork = {
  effort: Effort
  /** The bytes of texts that conflicts may show, since each has all three versions. */
  shown: number
}

export function newTextWork(): TextWork {
  return { effort: newEffort(), shown: 16 * 1024 * 1024 }
}

/** A text that is too large to be merged, or to be shown in a conflict, is a conflict as a whole, as a binary file is. */
export function mergeFile(
  path: string,
  { original, local, upstream }: FileVersions,
  prefer: Side,
  work: TextWork,
): { content: Uint8Array | undefined; conflicts: Conflict[] } {
  const clean = (content: Uint8Array | undefined) => ({ content, conflicts: [] })
  if (sameBytes(local, upstream) || sameBytes(original, upstream)) return clean(local)
  if (sameBytes(original, local)) return clean(upstream)
  const versions = [original, local, upstream]
  const size = versions.reduce((sum, content) => sum + (content?.byteLength ?? 0), 0)
  const texts = versions.map((content) => content && textOf(content))
  const [base, ours, theirs] = texts
  const isText = base !== undefined && ours !== undefined && theirs !== undefined
  const merged = isText ? mergeText(base, ours, theirs, prefer, work.effort) : undefined
  if (merged?.conflicts.length === 0) return clean(Buffer.from(merged.text))
  const isShown = size <= work.shown && (!isText || merged !== undefined)
  if (isShown) work.shown -= size
  const values = versions.map((content, at) => content && ((isShown && texts[at]) || sizeOf(content)))
  const conflict = (field: string): Conflict => ({
    path,
    object: null,
    field,
    ...threeValues(values[0], values[1], values[2]),
    chosen: prefer,
  })
  if (!merged || !isShown)
    return { content: prefer === 'local' ? local : upstream, conflicts: [conflict('')] }
  return {
    content: Buffer.from(merged.text),
    conflicts: [conflict(`lines ${formatRanges(merged.conflicts)}`)],
  }
}

/** Returns the content as a conflict shows it: of a binary file only the size. */
export function shown(content: Uint8Array | undefined): JsonValue | undefined {
  return content && (textOf(content) ?? sizeOf(content))
}

/** In a conflict, this stands for content that is no text. */
function sizeOf({ byteLength }: Uint8Array): JsonValue {
  return { size: byteLength }
}

const MAX_RANGES = 100

function formatRanges(ranges: readonly { from: number; to: number }[]): string {
  const first = ranges.slice(0, MAX_RANGES).map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`))
  const more = ranges.length - first.length
  return first.join(', ') + (more > 0 ? ` and ${more} more` : '')
}
