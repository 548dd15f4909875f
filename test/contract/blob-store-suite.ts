/** The contract of blob stores on which the registry relies, run against every implementation. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readAll } from '../../src/oci/content.ts'
import type { BlobStore, Expected, Page, Stored } from '../../src/registry/store/blob-store.ts'

const bytes = (text: string) => Buffer.from(text)
const text = (content: Uint8Array | undefined) => content && Buffer.from(content).toString()

const textOf = (stored: Stored | undefined) => text(stored?.bytes)

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const part of texts) yield bytes(part)
}

async function* broken(part: string): AsyncGenerator<Uint8Array> {
  yield bytes(part)
  throw new Error('cut off')
}

export function blobStoreSuite(kind: string, open: () => Promise<BlobStore>): void {
  describe(`a blob store: ${kind}`, () => {
    it('returns what was put, as a whole, as a stream and as a range', async () => {
      const store = await open()
      await store.put('a/b', bytes('hello'))
      expect(textOf(await store.get('a/b'))).toBe('hello')
      expect((await store.stat('a/b'))?.size).toBe(5)
      expect(text(await readAll((await store.read('a/b')) ?? chunks(), 100))).toBe('hello')
      expect(text(await readAll((await store.read('a/b', { start: 1, end: 3 })) ?? chunks(), 100))).toBe(
        'ell',
      )
    })

    it('returns nothing under other keys', async () => {
      const store = await open()
      await store.put('a/b', bytes('hello'))
      for (const key of ['a/c', 'a/b/c', 'b']) {
        expect(await store.get(key), key).toBeUndefined()
        expect(await store.read(key), key).toBeUndefined()
      }
      for (const key of ['a', 'a/c', 'a/b/c', 'b']) expect(await store.stat(key), key).toBeUndefined()
    })

    it('replaces existing bytes', async () => {
      const store = await open()
      await store.put('k', bytes('one'))
      await store.put('k', bytes(''))
      expect((await store.stat('k'))?.size).toBe(0)
      await store.put('k', bytes('three'))
      expect(textOf(await store.get('k'))).toBe('three')
    })

    it('copies the bytes it is given', async () => {
      const store = await open()
      const content = bytes('mine')
      await store.put('k', content)
      content.fill(0)
      expect(textOf(await store.get('k'))).toBe('mine')
    })

    it('deletes a key and reports whether it existed', async () => {
      const store = await open()
      await store.put('a/k', bytes('x'))
      expect(await store.delete('a/k')).toBe(true)
      expect(await store.delete('a/k')).toBe(false)
      expect(await store.delete('never/there')).toBe(false)
      expect(await store.get('a/k')).toBeUndefined()
    })

    it('lists the direct children of a folder in ASCII order', async () => {
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

    it('lists a folder page by page', async () => {
      const store = await open()
      for (const name of ['b', 'a', 'B', 'a-b', '10']) await store.put(`f/${name}`, bytes('x'))
      const names = async (page: Page) => (await store.list('f', page)).map(({ name }) => name)
      expect(await names({ limit: 2 })).toEqual(['10', 'B'])
      expect(await names({ after: 'B', limit: 2 })).toEqual(['a', 'a-b'])
      expect(await names({ after: 'a0' })).toEqual(['b'])
      expect(await names({ after: 'b', limit: 5 })).toEqual([])
    })

    it('reports when a key was last written', async () => {
      const store = await open()
      const before = Date.now()
      await store.put('k', bytes('1'))
      const first = (await store.stat('k'))?.modified ?? 0
      // Timestamps have the resolution of a second in S3, and of a kernel tick on files.
      expect(first).toBeGreaterThanOrEqual(before - 1000)
      expect(first).toBeLessThanOrEqual(Date.now() + 1000)
    })

    it('writes on the condition that a key has a version, or does not exist', async () => {
      const store = await open()
      expect(await store.put('f/k', bytes('1'), null)).toBe(true)
      expect(await store.put('f/k', bytes('2'), null)).toBe(false)
      const { version } = (await store.get('f/k')) as Stored
      expect(await store.put('f/k', bytes('2'), version)).toBe(true)
      expect(await store.put('f/k', bytes('3'), version)).toBe(false)
      expect(textOf(await store.get('f/k'))).toBe('2')
      expect(await store.put('f/none', bytes('3'), version)).toBe(false)
      expect(await store.get('f/none')).toBeUndefined()
      expect((await store.list('f')).map(({ name }) => name)).toEqual(['k'])
    })

    it('deletes on the condition that a key has a version', async () => {
      const store = await open()
      await store.put('k', bytes('1'))
      const { version } = (await store.get('k')) as Stored
      await store.put('k', bytes('2'))
      expect(await store.delete('k', version)).toBe(false)
      expect(textOf(await store.get('k'))).toBe('2')
      expect(await store.delete('k', (await store.get('k'))?.version)).toBe(true)
      expect(await store.get('k')).toBeUndefined()
      expect(await store.delete('k', version)).toBe(false)
    })

    it('lets exactly one of many writes with the same condition succeed', async () => {
      const store = await open()
      const race = async (expected: Expected) => {
        const writes = Array.from({ length: 8 }, (_, i) => store.put('k', bytes(`${expected}${i}`), expected))
        const outcomes = await Promise.all(writes)
        expect(outcomes.filter(Boolean)).toHaveLength(1)
        expect(textOf(await store.get('k'))).toBe(`${expected}${outcomes.indexOf(true)}`)
      }
      await race(null)
      await race((await store.get('k'))?.version ?? null)
    })

    it('distinguishes names that differ only in case', async () => {
      const store = await open()
      const name = fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/)
      await fc.assert(
        fc.asyncProperty(fc.uniqueArray(name, { minLength: 1, maxLength: 5 }), fc.nat(), async (names, n) => {
          const folder = `case-${n}-${names.length}`
          for (const key of names) await store.put(`${folder}/${key}`, bytes(key))
          for (const key of names) expect(textOf(await store.get(`${folder}/${key}`))).toBe(key)
          const listed = (await store.list(folder)).map((child) => child.name)
          expect(listed).toEqual(expect.arrayContaining(names))
          for (const key of listed) await store.delete(`${folder}/${key}`)
        }),
        { numRuns: 20 },
      )
    })

    it('shows either all old or all new bytes during a write', async () => {
      const store = await open()
      const versions = ['a', 'b'].map((letter) => letter.repeat(100_000))
      await store.put('k', bytes(versions[0] ?? ''))
      const writing = Promise.all(
        Array.from({ length: 20 }, (_, i) => store.put('k', bytes(versions[i % 2] ?? ''))),
      )
      for (let i = 0; i < 50; i++) expect(versions).toContain(textOf(await store.get('k')))
      await writing
      expect(textOf(await store.get('k'))).toBe(versions[1])
    })

    it('applies operations on one key in order', async () => {
      const store = await open()
      const outcomes = await Promise.all([
        store.put('k', bytes('1')),
        store.delete('k'),
        store.put('k', bytes('2')),
        store.put('k', bytes('3')),
      ])
      expect(outcomes[1]).toBe(true)
      expect(textOf(await store.get('k'))).toBe('3')
    })

    it('accepts an upload in parts and shows it once it is committed', async () => {
      const store = await open()
      const upload = await store.upload()
      await upload.append(chunks('he', 'll'))
      await upload.append(chunks('o'))
      expect(upload.size).toBe(5)
      expect(text(await readAll(upload.read(), 100))).toBe('hello')
      expect(await store.get('deep/down/k')).toBeUndefined()
      await upload.commit('deep/down/k')
      expect(textOf(await store.get('deep/down/k'))).toBe('hello')
    })

    it('keeps nothing of a part that breaks off', async () => {
      const store = await open()
      const upload = await store.upload()
      await upload.append(chunks('abc'))
      await expect(upload.append(broken('dxx'))).rejects.toThrow('cut off')
      expect(upload.size).toBe(3)
      await upload.append(chunks('d'))
      await upload.commit('k')
      expect(textOf(await store.get('k'))).toBe('abcd')
    })

    it('drops an aborted upload', async () => {
      const store = await open()
      const upload = await store.upload()
      await upload.append(chunks('abc'))
      await upload.abort()
      await expect(upload.commit('k')).rejects.toThrow()
      expect(await store.get('k')).toBeUndefined()
    })
  })
}
