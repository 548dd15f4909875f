import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { WriteBehind } from '../../../src/registry/store/write-behind.ts'
import { temporaryFolder } from '../../support/temporary.ts'

/** Small chunks, and one that is larger than several pieces. */
const CHUNKS = Array.from({ length: 100 }, (_, i) =>
  Buffer.alloc(i === 50 ? 2_000_000 : i * 500, `chunk ${i} `),
)

describe('writing behind', () => {
  it('writes all chunks in order, starting at the position', async () => {
    const path = join(await temporaryFolder(), 'file')
    const handle = await open(path, 'wx+')
    await handle.write('before')
    const writer = new WriteBehind(handle, 6)
    for (const chunk of CHUNKS) await writer.add(chunk)
    const all = Buffer.concat([Buffer.from('before'), ...CHUNKS])
    expect(await writer.end()).toBe(all.length)
    await handle.close()
    expect(Buffer.compare(await readFile(path), all)).toBe(0)
  })

  it('continues after a partial write', async () => {
    const path = join(await temporaryFolder(), 'file')
    const handle = await open(path, 'wx+')
    const write = handle.write.bind(handle)
    handle.write = ((chunk: Uint8Array, offset: number, length: number, position: number) =>
      write(chunk, offset, Math.min(length, 100_001), position)) as typeof handle.write
    const writer = new WriteBehind(handle, 0)
    for (const chunk of CHUNKS) await writer.add(chunk)
    await writer.end()
    await handle.close()
    expect(Buffer.compare(await readFile(path), Buffer.concat(CHUNKS))).toBe(0)
  })

  it('reports that a piece could not be written', async () => {
    const handle = await open(join(await temporaryFolder(), 'file'), 'wx+')
    await handle.close()
    const writer = new WriteBehind(handle, 0)
    await writer.add(Buffer.alloc(512 * 1024))
    await expect(writer.add(Buffer.alloc(512 * 1024))).rejects.toThrow()
    await writer.stop()
  })
})
