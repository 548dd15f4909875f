import { createReadStream } from 'node:fs'
import { truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { GENESIS } from '../../../../src/domain/audit/chain.ts'
import { INDEX_FILE } from '../../../../src/service/maintenance/backup/archive-layout.ts'
import { readArchive } from '../../../../src/service/maintenance/backup/read-archive.ts'
import { writeArchive } from '../../../../src/service/maintenance/backup/write-archive.ts'
import { pax, tar, tarEntry } from '../../../support/tar.ts'
import { temporaryFolder } from '../../../support/temporary.ts'

const INFO = { version: '1', registry: 'files', createdAt: '2026-01-01T00:00:00Z', audit: GENESIS } as const

async function* chunksOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 700) yield bytes.subarray(at, at + 700)
}

/** Each file as `<path>=<content>`. */
async function read(archive: AsyncIterable<Uint8Array>): Promise<string[]> {
  return Array.fromAsync(readArchive(archive), async ({ path, content }) => {
    return `${path}=${Buffer.concat(await Array.fromAsync(content))}`
  })
}

async function folderWith(index: string): Promise<string> {
  const folder = await temporaryFolder()
  await writeFile(join(folder, INDEX_FILE), index)
  return folder
}

describe('an archive', () => {
  it('is the same for the same files', async () => {
    const folders = [await folderWith('some data'), await folderWith('some data')]
    const [one, other] = await Promise.all(
      folders.map(async (folder) => Buffer.concat(await Array.fromAsync(writeArchive(folder, INFO)))),
    )
    expect(one?.equals(other ?? Buffer.alloc(0))).toBe(true)
    expect(await read(chunksOf(one ?? Buffer.alloc(0)))).toEqual([
      expect.stringContaining('backup.json={'),
      'index.db=some data',
      expect.stringMatching(/^SHA256SUMS=([0-9a-f]{64} {2}(backup\.json|index\.db)\n){2}$/),
    ])
  })

  it('can hold a file that is too large for the old tar format, and is given up by its reader', async () => {
    const folder = await folderWith('')
    const size = 8 * 1024 ** 3 + 1
    await truncate(join(folder, INDEX_FILE), size)
    const sizes: number[] = []
    for await (const file of readArchive(writeArchive(folder, INFO))) {
      sizes.push(file.size)
      if (file.path === INDEX_FILE) break
      await Array.fromAsync(file.content)
    }
    expect(sizes).toEqual([expect.any(Number), size])
  })

  it('can be one of an earlier version, with large sizes and long names in pax records', async () => {
    const path = `registry/repositories/${'p'.repeat(120)}/_manifests/sha256-${'0'.repeat(64)}`
    const old = tar([pax({ path }), { name: path.slice(0, 100), content: '{}' }, { name: INDEX_FILE }])
    expect(await read(chunksOf(old))).toEqual([`${path}={}`, 'index.db='])
    const size = 8 ** 11
    const large = tar([pax({ size: String(size) }), { name: INDEX_FILE, size: size - 1 }])
    const first = await readArchive(chunksOf(large)).next()
    expect(first.value).toMatchObject({ path: INDEX_FILE, size })
  })

  it('fails to be written if a file is missing', async () => {
    const folder = await temporaryFolder()
    await expect(Array.fromAsync(writeArchive(folder, INFO))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('is refused where it is damaged, or holds more than files', async () => {
    const whole = tar([{ name: INDEX_FILE, content: 'x'.repeat(2000) }])
    const bad: [Buffer, string][] = [
      [whole.subarray(0, 300), 'cut off'],
      [whole.subarray(0, 1500), 'cut off'],
      [Buffer.alloc(2000, 'hello'), 'not a tar'],
      [tarEntry({ name: 'a', checksum: 1 }), 'not a tar'],
      [tar([{ name: 'd/', type: '5' }]), '"d/" is not a file'],
      [tar([{ name: 'd/', type: '5', content: 'x' }]), '"d/" is not a file'],
      [tar([{ name: 'l', type: '2', link: '/etc/passwd' }]), '"l" is not a file'],
    ]
    for (const [bytes, reason] of bad) {
      await expect(read(chunksOf(bytes)), reason).rejects.toMatchObject({
        code: 'invalid_archive',
        message: expect.stringContaining(reason),
      })
    }
  })

  it('that cannot be read from the disk fails with the error of the disk', async () => {
    const missing = createReadStream(join(await temporaryFolder(), 'missing.tar'))
    await expect(read(missing)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
