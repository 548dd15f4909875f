import { randomBytes } from 'node:crypto'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { gunzip, unzstd } from '../../src/artifact/gzip.ts'

const tooLarge = () => new Error('too large')
const SIZES = [0, 1, 16_383, 16_384, 16_385, 65_536, 100_000, 1 << 20, 3_000_001]

it.each(SIZES)('returns %i bytes as they were, and refuses one more than the limit', async (size) => {
  const bytes = randomBytes(size)
  for (const [unpack, packed] of [
    [gunzip, gzipSync(bytes)],
    [unzstd, zstdCompressSync(bytes)],
  ] as const) {
    expect(Buffer.compare(await unpack(packed, size, tooLarge), bytes)).toBe(0)
    if (size > 0) await expect(unpack(packed, size - 1, tooLarge)).rejects.toThrow('too large')
  }
})

it('takes memory for twice the plain bytes at most, and for no more than the limit', async () => {
  const plain = await gunzip(gzipSync(Buffer.alloc(3_000_001)), 4_000_000, tooLarge)
  expect(plain.byteLength).toBe(3_000_001)
  expect(plain.buffer.byteLength).toBeLessThanOrEqual(4_000_000)
})
