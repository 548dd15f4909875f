/** The parts of the tar format that reading and writing share: POSIX.1-2017 pax, "ustar Interchange Format". */
export const BLOCK = 512

/** The largest extended header or long name: as much as Go reads, and far more than tar programs write. */
export const MAX_EXTENSION = 1024 * 1024

/** Offset and length of header fields. */
export const FIELD = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  magic: [257, 6],
  version: [263, 2],
  prefix: [345, 155],
} as const

export const TYPE = {
  file: '0',
  oldFile: '\0',
  hardLink: '1',
  symbolicLink: '2',
  characterDevice: '3',
  blockDevice: '4',
  directory: '5',
  fifo: '6',
  contiguousFile: '7',
  pax: 'x',
  paxGlobal: 'g',
  gnuLongName: 'L',
  gnuLongLink: 'K',
  gnuSparse: 'S',
} as const

/** The sum of the header's bytes, with blanks in the checksum field. */
export function checksum(header: Uint8Array): number {
  const [start, length] = FIELD.checksum
  let sum = length * 0x20
  for (let i = 0; i < BLOCK; i++) if (i < start || i >= start + length) sum += header[i] ?? 0
  return sum
}

/** Rounds a size up to whole blocks. */
export function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK
}

/** Returns true if the bytes start with a header whose checksum is right or, as an empty tar, with zeros. */
export function isTarHeader(bytes: Uint8Array): boolean {
  if (bytes.byteLength < BLOCK) return false
  const [start, length] = FIELD.checksum
  const stated = Buffer.from(bytes.subarray(start, start + length)).toString('latin1')
  const sum = checksum(bytes)
  // This sum means that all other fields are zero.
  if (sum === length * 0x20) return /^\0+$/.test(stated)
  return Number.parseInt(stated.trim(), 8) === sum
}
