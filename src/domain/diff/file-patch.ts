/** The difference of one file as a patch of git: https://git-scm.com/docs/diff-format#generate_patch_text_with_p */
import { gitBlobId } from '../../core/git-blob.ts'
import { countLines, MAX_LINES, textOf } from '../text-lines.ts'
import { binaryPatch } from './binary-patch.ts'
import type { FilePair } from './file-pairs.ts'
import { gitPath } from './git-path.ts'
import { hunksOf } from './hunks.ts'
import type { Effort } from './line-changes.ts'

export type FilePatch = { binary: boolean; patch: string; addedLines: number; removedLines: number }

const NO_BLOB = '0'.repeat(40)
const NOTHING = new Uint8Array()

export function filePatch(pair: FilePair, effort: Effort): FilePatch {
  const { path, before = NOTHING, after = NOTHING } = pair
  const header = headerOf(pair)
  if (pair.similarity === 100) {
    const binary = textOf(after) === undefined
    return { binary, patch: header, addedLines: 0, removedLines: 0 }
  }
  const [old, now] = [textOf(before), textOf(after)]
  if (old === undefined || now === undefined) {
    return { binary: true, patch: header + binaryPatch(before, after), addedLines: 0, removedLines: 0 }
  }
  const { text, ...counts } = hunksOf(old, now, effort)
  const names =
    text === ''
      ? ''
      : `--- ${side('a', pair.before, pair.from ?? path)}\n+++ ${side('b', pair.after, path)}\n`
  return { binary: false, patch: header + names + text, ...counts }
}

/** Larger binary files take long to compress, and most are compressed already. */
const MAX_PACKED = 32 * 1024 * 1024

/** Estimates the bytes of a patch before it is made; 0 if that is not possible. */
export function expectedSize({ before = NOTHING, after = NOTHING, similarity }: FilePair): number {
  if (similarity === 100) return 0
  const bytes = before.byteLength + after.byteLength
  const binary = textOf(before) === undefined || textOf(after) === undefined
  if (binary) return bytes > MAX_PACKED ? bytes : 0
  const lines = countLines(before) + countLines(after)
  const whole = before.byteLength === 0 || after.byteLength === 0 || lines > MAX_LINES
  return whole ? bytes + lines : 0
}

function headerOf({ path, from, similarity, before, after, executable }: FilePair): string {
  const [old, now] = [modeOf(executable.before), modeOf(executable.after)]
  const lines = [`diff --git ${gitPath(`a/${from ?? path}`)} ${gitPath(`b/${path}`)}`]
  if (!before) lines.push(`new file mode ${now}`)
  if (!after) lines.push(`deleted file mode ${old}`)
  if (before && after && old !== now) lines.push(`old mode ${old}`, `new mode ${now}`)
  if (from !== undefined) {
    lines.push(
      `similarity index ${similarity}%`,
      `rename from ${gitPath(from)}`,
      `rename to ${gitPath(path)}`,
    )
  }
  if (similarity !== 100) {
    const mode = before && after && old === now ? ` ${now}` : ''
    lines.push(`index ${blobId(before)}..${blobId(after)}${mode}`)
  }
  return `${lines.join('\n')}\n`
}

function modeOf(executable: boolean): string {
  return executable ? '100755' : '100644'
}

function blobId(content: Uint8Array | undefined): string {
  return content ? gitBlobId(content) : NO_BLOB
}

/** A tab marks the end of a name with spaces. */
function side(prefix: 'a' | 'b', content: Uint8Array | undefined, path: string): string {
  if (!content) return '/dev/null'
  const name = gitPath(`${prefix}/${path}`)
  return name.includes(' ') && !name.startsWith('"') ? `${name}\t` : name
}
