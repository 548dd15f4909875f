/** The lines of files that are text. */
import { decodeUtf8 } from '../../core/utf8.ts'

/** The text of a file; undefined for one that is binary: not UTF-8, or with a NUL, as git sees it. */
export function textOf(content: Uint8Array): string | undefined {
  return content.includes(0) ? undefined : decodeUtf8(content)
}

/** Each with its end; the last one may have none. */
export function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}

/** How many ends of lines there are. */
export function countLines(content: Uint8Array): number {
  let count = 0
  for (const byte of content) if (byte === 0x0a) count++
  return count
}
