import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { FsStore } from '../../../src/registry/store/fs-store.ts'
import { MemoryStore } from '../../../src/registry/store/memory-store.ts'
import { blobStoreSuite } from '../../contract/blob-store-suite.ts'
import { temporaryFolder } from '../../support/temporary.ts'

async function openStore(folder?: string): Promise<FsStore> {
  const store = await FsStore.open(folder ?? (await temporaryFolder()))
  onTestFinished(() => store.close())
  return store
}

blobStoreSuite('memory', async () => new MemoryStore())
blobStoreSuite('files', openStore)

describe('a store on files', () => {
  it('drops what unfinished writes of an earlier process left', async () => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'tmp'))
    await writeFile(join(folder, 'tmp', 'half'), 'half a blob')
    await openStore(folder)
    expect(await readdir(join(folder, 'tmp'))).toEqual([])
  })

  it('leaves nothing behind but what was put', async () => {
    const folder = await temporaryFolder()
    const store = await openStore(folder)
    await store.put('a/b', Buffer.from('x'))
    await store.put('empty', Buffer.from(''))
    const upload = await store.upload()
    await upload.commit('c')
    expect((await readdir(folder, { recursive: true })).sort()).toEqual(['a', 'a/b', 'c', 'empty', 'tmp'])
  })

  it('fails a write alone when its neighbours in the batch succeed', async () => {
    const folder = await temporaryFolder()
    const store = await openStore(folder)
    await store.put('file', Buffer.from('in the way'))
    const outcomes = await Promise.allSettled([
      store.put('a', Buffer.from('1')),
      store.put('file/below', Buffer.from('2')),
      store.put('b', Buffer.from('3')),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect((outcomes[1] as PromiseRejectedResult).reason).toMatchObject({ code: 'ENOTDIR' })
    expect(Buffer.from((await store.get('b')) ?? []).toString()).toBe('3')
    expect(await readdir(join(folder, 'tmp'))).toEqual([])
  })

  it('leaves no file of an upload that was dropped, or never ended', async () => {
    const folder = await temporaryFolder()
    const store = await openStore(folder)
    const dropped = await store.upload()
    await dropped.abort()
    expect(await readdir(join(folder, 'tmp'))).toEqual([])
    await store.upload()
    await store.close()
    expect(await readdir(join(folder, 'tmp'))).toEqual([])
  })

  it('refuses work after it is closed', async () => {
    const store = await openStore()
    await store.close()
    await expect(store.put('a', Buffer.from('1'))).rejects.toThrow('closed')
  })
})
