/** Counts what JSON consists of before it is parsed: many small values take a thousand times as long as one text. */

const [QUOTE, BACKSLASH] = Buffer.from('"\\')
/** One stands before each value of a list, and each key of an object. */
const BEFORE_VALUES = new Set(Buffer.from('[{,'))

/** Returns whether the JSON has more values than that, in all of its lists and objects. */
export function hasMoreValues(json: Buffer, most: number): boolean {
  // A value takes two bytes at least.
  if (json.byteLength <= most) return false
  let values = 0
  for (let at = 0; at < json.byteLength; at++) {
    const byte = json[at] as number
    if (byte === QUOTE) at = endOfString(json, at)
    else if (BEFORE_VALUES.has(byte) && ++values > most) return true
  }
  return false
}

function endOfString(json: Buffer, start: number): number {
  let end = start
  do {
    end = json.indexOf(QUOTE as number, end + 1)
    if (end === -1) return json.byteLength
  } while (isEscaped(json, end))
  return end
}

function isEscaped(json: Buffer, at: number): boolean {
  let backslashes = 0
  while (json[at - 1 - backslashes] === BACKSLASH) backslashes++
  return backslashes % 2 === 1
}
