/** Writes a backup: a tar that ends with the digests of its files, as `sha256sum -c` takes them. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, opendir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { BLOCK, padded, TYPE } from '../../../artifact/tar-format.ts'
import { tarHeader } from '../../../artifact/tar-header.ts'
import type { ArchiveInfo } from '../../ports.ts'
import { INDEX_FILE, INFO_FILE, REGISTRY_FOLDER, SUMS_FILE } from './archive-layout.ts'

/** What is written in one piece, so that a million small files are not a million pieces. */
const CHUNK = 256 * 1024
const END = Buffer.alloc(2 * BLOCK)

export async function* writeArchive(
  folder: string,
  info: ArchiveInfo & { createdAt: string },
): AsyncGenerator<Uint8Array> {
  // Of as many files as there are: too much for memory.
  const sums = await open(join(folder, SUMS_FILE), 'w+')
  try {
    yield* inChunks(entries(folder, info, sums))
  } finally {
    await sums.close()
  }
}

type Sums = Awaited<ReturnType<typeof open>>

async function* entries(
  folder: string,
  info: ArchiveInfo & { createdAt: string },
  sums: Sums,
): AsyncGenerator<Uint8Array> {
  const first = Buffer.from(
    `${JSON.stringify({ format: 'pkgserver-backup', formatVersion: 1, ...info }, null, 2)}\n`,
  )
  yield* entry(INFO_FILE, first.length, [first], sums)
  yield* file(folder, INDEX_FILE, sums)
  for await (const path of filesBelow(folder, REGISTRY_FOLDER)) yield* file(folder, path, sums)
  await sums.sync()
  yield* file(folder, SUMS_FILE)
  yield END
}

async function* file(folder: string, path: string, sums?: Sums): AsyncGenerator<Uint8Array> {
  const { size } = await stat(join(folder, path))
  yield* entry(
    path,
    size,
    size === 0 ? [] : createReadStream(join(folder, path), { highWaterMark: CHUNK }),
    sums,
  )
}

async function* entry(
  path: string,
  size: number,
  content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  sums?: Sums,
): AsyncGenerator<Uint8Array> {
  yield tarHeader({ name: Buffer.from(path), type: TYPE.file, size })
  const hash = createHash('sha256')
  for await (const chunk of content) {
    hash.update(chunk)
    yield chunk
  }
  if (padded(size) > size) yield Buffer.alloc(padded(size) - size)
  await sums?.write(`${hash.digest('hex')}  ${path}\n`)
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
