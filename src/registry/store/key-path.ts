/**
 * Keys are case-sensitive, file systems not always: tags `v1` and `V1` must not be one file on a Mac. A name with
 * capitals is written in small letters, followed by "%" and a bit for each letter, in hex, that says which are
 * capitals.
 */
export function fileNameOf(name: string): string {
  if (!/[A-Z]/.test(name)) return name
  const bits = Array.from(name, (letter) => (/[A-Z]/.test(letter) ? '1' : '0')).join('')
  return `${name.toLowerCase()}%${BigInt(`0b${bits}`).toString(16)}`
}

/** The inverse; undefined for a file that is not one of ours. */
export function nameOfFile(file: string): string | undefined {
  const [lower = '', hex] = file.split('%')
  if (hex === undefined) return lower
  if (!/^[0-9a-f]+$/.test(hex)) return undefined
  const bits = BigInt(`0x${hex}`).toString(2).padStart(lower.length, '0')
  return Array.from(lower, (letter, at) => (bits[at] === '1' ? letter.toUpperCase() : letter)).join('')
}
