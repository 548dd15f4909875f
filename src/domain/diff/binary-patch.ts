/** Binary content in the format of git's patches: https://git-scm.com/docs/diff-format */
import { deflate } from 'pako'

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~'
const LINE_BYTES = 52

/** Has both the new and the old content, so that the patch can be reversed. */
export function binaryPatch(before: Uint8Array, after: Uint8Array): string {
  return `GIT binary patch\n${literal(after)}\n${literal(before)}\n`
}

function literal(content: Uint8Array): string {
  const packed = deflate(content)
  const lines = [`literal ${content.byteLength}\n`]
  for (let at = 0; at < packed.byteLength; at += LINE_BYTES) {
    const line = packed.subarray(at, at + LINE_BYTES)
    lines.push(`${lengthLetter(line.byteLength)}${base85(line)}\n`)
  }
  return lines.join('')
}

/** Encodes 1 to 26 as A to Z, and 27 to 52 as a to z. */
function lengthLetter(length: number): string {
  return String.fromCharCode(length <= 26 ? 64 + length : 70 + length)
}

/** Encodes four bytes as five digits; the last group is padded with zeros. */
function base85(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.byteLength; at += 4) {
    let value = 0
    for (let next = at; next < at + 4; next++) value = value * 256 + (bytes[next] ?? 0)
    let group = ''
    for (let digit = 0; digit < 5; digit++) {
      group = DIGITS.charAt(value % 85) + group
      value = Math.floor(value / 85)
    }
    text += group
  }
  return text
}
