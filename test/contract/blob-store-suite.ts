/** What every blob store does, and the registry relies on. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readAll } from '../../src/oci/content.ts'
import type { BlobStore } from '../../src/registry/store/blob-store.ts'

const bytes = (text: string) => Buffer.from(text)
const text = (content: Uint8Array | undefined) => content && Buffer.from(content).toString()

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const part of texts) yield bytes(part)
}

async function* broken(part: string): AsyncGenerator<Uint8Array> {
  yield bytes(part)
  throw new Error('cut off')
}

export function blobStoreSuite(kind: string, open: () => Promise<BlobStore>): void {
  describe(`a blob store: ${kind}`, () => {
    it('has what was put, as a whole, as a stream and in part', async () => {
      const store = await open()
      await store.put('a/b', bytes('hello'))
      expect(text(await store.get('a/b'))).toBe('hello')
      expect(await store.size('a/b')).toBe(5)
      expect(text(await readAll((await store.read('a/b')) ?? chunks(), 100))).toBe('hello')
      expect(text(await readAll((await store.read('a/b', { start: 1, end: 3 })) ?? chunks(), 100))).toBe(
        'ell',
      )
    })

    it('has nothing under other keys', async () => {
      const store = await open()
      await store.put('a/b', bytes('hello'))
      for (const key of ['a', 'a/c', 'a/b/c', 'b']) {
        if (key !== 'a') expect(await store.get(key), key).toBeUndefined()
        if (key !== 'a') expect(await store.read(key), key).toBeUndefined()
      }
      for (const key of ['a/c', 'a/b/c', 'b']) expect(await store.size(key), key).toBeUndefined()
    })

    it('replaces what is there', async () => {
      const store = await open()
      await store.put('k', bytes('one'))
      await store.put('k', bytes(''))
      expect(await store.size('k')).toBe(0)
      await store.put('k', bytes('three'))
      expect(text(await store.get('k'))).toBe('three')
    })

    it('keeps its own copy of what it is given', async () => {
      const store = await open()
      const content = bytes('mine')
      await store.put('k', content)
      content.fill(0)
      expect(text(await store.get('k'))).toBe('mine')
    })

    it('deletes, and says whether there was something', async () => {
      const store = await open()
      await store.put('a/k', bytes('x'))
      expect(await store.delete('a/k')).toBe(true)
      expect(await store.delete('a/k')).toBe(false)
      expect(await store.delete('never/there')).toBe(false)
      expect(await store.get('a/k')).toBeUndefined()
    })

    it('lists what stands right below a folder, in ASCII order', async () => {
      const store = await open()
      for (const key of ['f/b', 'f/a', 'f/B', 'f/a-b', 'f/_x', 'f/10', 'f/9', 'f/d/x', 'f/d/y/z', 'g/h'])
        await store.put(key, bytes(''))
      expect(await store.list('f')).toEqual(
        ['10', '9', 'B', '_x', 'a', 'a-b', 'b', 'd'].map((name) => ({ name, folder: name === 'd' })),
      )
      expect(await store.list('f/d')).toEqual([
        { name: 'x', folder: false },
        { name: 'y', folder: true },
      ])
      expect(await store.list('none')).toEqual([])
    })

    it('tells names apart by their capitals', async () => {
      const store = await open()
      const name = fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/)
      await fc.assert(
        fc.asyncProperty(fc.uniqueArray(name, { minLength: 1, maxLength: 5 }), fc.nat(), async (names, n) => {
          const folder = `case-${n}-${names.length}`
          for (const key of names) await store.put(`${folder}/${key}`, bytes(key))
          for (const key of names) expect(text(await store.get(`${folder}/${key}`))).toBe(key)
          const listed = (await store.list(folder)).map((child) => child.name)
          expect(listed).toEqual(expect.arrayContaining(names))
          for (const key of listed) await store.delete(`${folder}/${key}`)
        }),
        { numRuns: 20 },
      )
    })

    it('shows either the old or the new bytes while it writes', async () => {
      const store = await open()
      const versions = ['a', 'b'].map((letter) => letter.repeat(100_000))
      await store.put('k', bytes(versions[0] ?? ''))
      const writing = Promise.all(
        Array.from({ length: 20 }, (_, i) => store.put('k', bytes(versions[i % 2] ?? ''))),
      )
      for (let i = 0; i < 50; i++) expect(versions).toContain(text(await store.get('k')))
      await writing
      expect(text(await store.get('k'))).toBe(versions[1])
    })

    it('does what it is told to one key in that order', async () => {
      const store = await open()
      const outcomes = await Promise.all([
        store.put('k', bytes('1')),
        store.delete('k'),
        store.put('k', bytes('2')),
        store.put('k', bytes('3')),
      ])
      expect(outcomes[1]).toBe(true)
      expect(text(await store.get('k'))).toBe('3')
    })

    it('takes in an upload in parts, and shows it when it is committed', async () => {
      const store = await open()
      const upload = await store.upload()
      await upload.append(chunks('he', 'll'))
      await upload.append(chunks('o'))
      expect(upload.size).toBe(5)
      expect(text(await readAll(upload.read(), 100))).toBe('hello')
      expect(await store.get('deep/down/k')).toBeUndefined()
      await upload.commit('deep/down/k')
      expect(text(await store.get('deep/down/k'))).toBe('hello')
    })

    it('takes in nothing of a part that breaks off', async () => {
      const store = await open()
      const upload = await store.upload()
      await upload.append(chunks('abc'))
      await expect(upload.append(broken('dxx'))).rejects.toThrow('cut off')
      expect(upload.size).toBe(3)
      await upload.append(chunks('d'))
      await upload.commit('k')
      expect(text(await store.get('k'))).toBe('abcd')
    })

    it('drops an upload that is aborted', async () => {
      const store = await open()
      const upload = await store.upload()
      await upload.append(chunks('abc'))
      await upload.abort()
      await expect(upload.commit('k')).rejects.toThrow()
      expect(await store.get('k')).toBeUndefined()
    })
  })
}
