import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { WriteBehind } from '../../../src/registry/store/write-behind.ts'
import { temporaryFolder } from '../../support/temporary.ts'

const CHUNKS = Array.from({ length: 100 }, (_, i) => Buffer.alloc(i * 500, `chunk ${i} `))

describe('writing behind', () => {
  it('writes every chunk in its order, from the position on', async () => {
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

  it('goes on where the file system takes only a part', async () => {
    const path = join(await temporaryFolder(), 'file')
    const handle = await open(path, 'wx+')
    const writev = handle.writev.bind(handle)
    handle.writev = ((chunks: Uint8Array[], position: number) => {
      const some = Buffer.concat(chunks).subarray(0, 100_001)
      return writev([some], position)
    }) as typeof handle.writev
    const writer = new WriteBehind(handle, 0)
    for (const chunk of CHUNKS) await writer.add(chunk)
    await writer.end()
    await handle.close()
    expect(Buffer.compare(await readFile(path), Buffer.concat(CHUNKS))).toBe(0)
  })

  it('says that a piece could not be written', async () => {
    const handle = await open(join(await temporaryFolder(), 'file'), 'wx+')
    await handle.close()
    const writer = new WriteBehind(handle, 0)
    await writer.add(Buffer.alloc(1024 * 1024))
    await expect(writer.add(Buffer.alloc(1024 * 1024))).rejects.toThrow()
    await writer.stop()
  })
})
