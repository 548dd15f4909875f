/** Writes a backup: a tar that ends with the digests of its files, in the format of `sha256sum -c`. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, opendir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type Pack, pack } from 'tar-stream'
import type { ChainHead } from '../../../domain/audit/chain.ts'
import type { ArchiveInfo } from '../../ports.ts'
import { INDEX_FILE, INFO_FILE, REGISTRY_FOLDER, SUMS_FILE } from './archive-layout.ts'

/** Pieces are joined up to this size, so that a million small files are not a million pieces. */
const CHUNK = 256 * 1024
const EPOCH = new Date(0)

/** Packs the folder, after writing the backup's own files into it. */
export async function* writeArchive(
  folder: string,
  info: ArchiveInfo & { createdAt: string; audit: ChainHead },
): AsyncGenerator<Uint8Array> {
  const archive = pack()
  const filled = fill(archive, folder, info).catch((error: Error) => archive.destroy(error))
  try {
    yield* inChunks(archive as AsyncIterable<Uint8Array>)
  } finally {
    archive.destroy()
    await filled
  }
}

async function fill(archive: Pack, folder: string, info: object): Promise<void> {
  const header = { format: 'pkgserver-backup', formatVersion: 1, ...info }
  await writeFile(join(folder, INFO_FILE), `${JSON.stringify(header, null, 2)}\n`)
  // One line a file, and there may be millions: too many for memory.
  const sums = await open(join(folder, SUMS_FILE), 'w')
  try {
    for await (const path of filesOf(folder)) {
      await sums.write(`${await add(archive, folder, path)}  ${path}\n`)
    }
  } finally {
    await sums.close()
  }
  await add(archive, folder, SUMS_FILE)
  archive.finalize()
}

/** Resolves to the file's digest. */
async function add(archive: Pack, folder: string, path: string): Promise<string> {
  const { size } = await stat(join(folder, path))
  // Throws if the archive was given up, so it comes before anything is opened.
  const entry = archive.entry({ name: path, size, mtime: EPOCH })
  const hash = createHash('sha256')
  const content = createReadStream(join(folder, path), { highWaterMark: CHUNK })
  content.on('data', (chunk) => hash.update(chunk))
  await pipeline(content, entry)
  return hash.digest('hex')
}

async function* filesOf(folder: string): AsyncGenerator<string> {
  yield INFO_FILE
  yield INDEX_FILE
  yield* filesBelow(folder, REGISTRY_FOLDER)
}

async function* filesBelow(folder: string, path: string): AsyncGenerator<string> {
  const directory = await opendir(join(folder, path)).catch(() => undefined)
  if (!directory) return
  for await (const found of directory) {
    if (found.isDirectory()) yield* filesBelow(folder, `${path}/${found.name}`)
    else yield `${path}/${found.name}`
  }
}

async function* inChunks(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = []
  let size = 0
  for await (const piece of pieces) {
    waiting.push(piece)
    size += piece.byteLength
    if (size < CHUNK) continue
    yield Buffer.concat(waiting)
    waiting = []
    size = 0
  }
  yield Buffer.concat(waiting)
}
