import { existsSync } from 'node:fs'
import { mkdir, readdir, readlink, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type Stream, streamOf } from '../../../src/oci/content.ts'
import { FileWriter } from '../../../src/registry/store/file-writer.ts'
import { FsStore } from '../../../src/registry/store/fs-store.ts'
import { MemoryStore } from '../../../src/registry/store/memory-store.ts'
import { blobStoreSuite } from '../../contract/blob-store-suite.ts'
import { temporaryFolder } from '../../support/temporary.ts'

/** Where Linux lists the files that a process has open. */
const DESCRIPTORS = '/proc/self/fd'

async function openStore(folder?: string): Promise<FsStore> {
  const store = await FsStore.open(folder ?? (await temporaryFolder()))
  onTestFinished(() => store.close())
  return store
}

blobStoreSuite('memory', async () => new MemoryStore())
blobStoreSuite('files', openStore)

describe('a store on files', () => {
  it('drops unfinished writes of an earlier process', async () => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'tmp'))
    await writeFile(join(folder, 'tmp', 'half'), 'half a blob')
    await openStore(folder)
    expect(await readdir(join(folder, 'tmp'))).toEqual([])
  })

  it('creates no files other than those of its keys', async () => {
    const folder = await temporaryFolder()
    const store = await openStore(folder)
    await store.put('a/b', Buffer.from('x'))
    await store.put('empty', Buffer.from(''))
    const upload = await store.upload()
    await upload.commit('c')
    expect((await readdir(folder, { recursive: true })).sort()).toEqual(['a', 'a/b', 'c', 'empty', 'tmp'])
  })

  it('rejects only the write that fails, and not the rest of its batch', async () => {
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
    expect(Buffer.from((await store.get('b'))?.bytes ?? []).toString()).toBe('3')
    expect(await readdir(join(folder, 'tmp'))).toEqual([])
  })

  it('leaves no file of an upload that was aborted or never finished', async () => {
    const folder = await temporaryFolder()
    const store = await openStore(folder)
    const dropped = await store.upload()
    await dropped.append(streamOf(Buffer.from('some bytes')))
    expect(await readdir(join(folder, 'tmp'))).toHaveLength(1)
    await dropped.abort()
    expect(await readdir(join(folder, 'tmp'))).toEqual([])
    const neverEnded = await store.upload()
    await neverEnded.append(streamOf(Buffer.from('some bytes')))
    await store.close()
    expect(await readdir(join(folder, 'tmp'))).toEqual([])
  })

  it('rejects writes after it is closed', async () => {
    const store = await openStore()
    await store.close()
    await expect(store.put('a', Buffer.from('1'))).rejects.toThrow('closed')
  })

  it('rejects pending writes when it is closed', async () => {
    const store = await openStore()
    const waiting = expect(store.put('a', Buffer.from('1'))).rejects.toThrow('closed')
    await store.close()
    await waiting
  })

  it('starts another writer thread after one has died', async () => {
    const post = vi.spyOn(Worker.prototype, 'postMessage')
    onTestFinished(() => post.mockRestore())
    const store = await openStore()
    await store.put('a', Buffer.from('1'))
    const worker = post.mock.contexts[0] as Worker
    post.mockImplementation(() => void worker.terminate())
    await expect(store.put('b', Buffer.from('2'))).rejects.toThrow('has died')
    post.mockRestore()
    await store.put('c', Buffer.from('3'))
    expect((await store.stat('c'))?.size).toBe(1)
  })

  it('rejects an unknown job and keeps working', async () => {
    const writer = new FileWriter()
    onTestFinished(() => writer.close())
    await expect(writer.write(undefined as never)).rejects.toThrow('kind')
    expect(await writer.write({ kind: 'delete', path: '/never/there' })).toBe(false)
  })

  it.skipIf(!existsSync(DESCRIPTORS))(
    'keeps no file open for streams that are not read, or not to the end',
    async () => {
      const folder = await temporaryFolder()
      const store = await openStore(folder)
      await store.put('large', Buffer.alloc(1024 * 1024))
      await store.read('large')
      for await (const _ of (await store.read('large')) ?? []) break
      const upload = await store.upload()
      await upload.append((await store.read('large')) as Stream)
      expect(await openFiles(folder)).toHaveLength(1)
      await upload.abort()
      await expect.poll(() => openFiles(folder)).toEqual([])
    },
  )

  it('has no download URLs', async () => {
    const store = await openStore()
    await store.put('k', Buffer.from('x'))
    expect(await store.downloadUrl()).toBeUndefined()
    expect(await new MemoryStore().downloadUrl()).toBeUndefined()
  })

  it('answers a ping only while it can be written to', async () => {
    const folder = await temporaryFolder()
    const store = await openStore(folder)
    await store.ping()
    await rm(folder, { recursive: true })
    await expect(store.ping()).rejects.toThrow('ENOENT')
  })
})

/** Returns the files below a folder that this process has open. */
async function openFiles(folder: string): Promise<string[]> {
  const paths: string[] = []
  for (const descriptor of await readdir(DESCRIPTORS)) {
    const path = await readlink(join(DESCRIPTORS, descriptor)).catch(() => '')
    if (path.startsWith(folder)) paths.push(path)
  }
  return paths
}
