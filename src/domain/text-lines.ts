/** Text files and their lines. */
import { decodeUtf8 } from '../core/utf8.ts'

/** Decodes a text file; undefined for a binary one, which is not UTF-8 or, as in git, has a NUL byte. */
export function textOf(content: Uint8Array): string | undefined {
  return content.includes(0) ? undefined : decodeUtf8(content)
}

/** Splits a text into lines, each with its line feed; the last one may have none. */
export function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}

/** Texts with more lines together are not split into lines, each of which takes memory. */
export const MAX_LINES = 1_000_000

/** Counts the line feeds. */
export function countLines(content: Uint8Array): number {
  let count = 0
  for (const byte of content) if (byte === 0x0a) count++
  return count
}

/** Returns a function that numbers lines from 0: equal lines get the same number. */
export function lineNumbers(): (line: string) => number {
  const numbers = new Map<string, number>()
  return (line) => {
    const known = numbers.get(line)
    if (known !== undefined) return known
    numbers.set(line, numbers.size)
    return numbers.size - 1
  }
}
