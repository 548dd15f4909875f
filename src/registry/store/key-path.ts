import { join } from 'node:path'

/** Returns the path of the file or folder that stands for a key, or a folder of keys, below a root folder. */
export function pathOfKey(root: string, key: string): string {
  return join(root, ...key.split('/').map(fileNameOf))
}

/**
 * Keys are case-sensitive, but file systems may not be: on a Mac, the tags `v1` and `V1` would share a file. A name
 * with capitals is therefore written in lower case, followed by "%" and a hex number with a bit per letter that marks
 * the capitals.
 */
function fileNameOf(name: string): string {
  if (!/[A-Z]/.test(name)) return name
  const bits = Array.from(name, (letter) => (/[A-Z]/.test(letter) ? '1' : '0')).join('')
  return `${name.toLowerCase()}%${BigInt(`0b${bits}`).toString(16)}`
}

/** Returns the name in a key that a file name stands for, or undefined for a file that is not part of the store. */
export function nameOfFile(file: string): string | undefined {
  const [lower = '', hex] = file.split('%')
  if (hex === undefined) return lower
  if (!/^[0-9a-f]+$/.test(hex)) return undefined
  const bits = BigInt(`0x${hex}`).toString(2).padStart(lower.length, '0')
  return Array.from(lower, (letter, at) => (bits[at] === '1' ? letter.toUpperCase() : letter)).join('')
}
