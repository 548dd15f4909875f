/**
 * Keys as files below a folder. Every write goes to a file of its own in `tmp`, is synced, renamed to its place and
 * its directory synced: after a crash there is all of it or nothing, and what was acknowledged is there.
 */
import { randomUUID } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Stream } from '../../oci/content.ts'
import type { BlobStore, BlobUpload, Child, Range } from './blob-store.ts'
import { FileWriter } from './file-writer.ts'
import { fileNameOf, nameOfFile } from './key-path.ts'

export class FsStore implements BlobStore {
  readonly #root: string
  readonly #tmp: string
  readonly #writer = new FileWriter()
  readonly #uploads = new Set<FsUpload>()

  private constructor(root: string) {
    this.#root = root
    this.#tmp = join(root, 'tmp')
  }

  /** Opens a folder, which it makes if need be, and drops what unfinished writes of an earlier process left. */
  static async open(root: string): Promise<FsStore> {
    const store = new FsStore(root)
    await rm(store.#tmp, { recursive: true, force: true })
    await mkdir(store.#tmp, { recursive: true })
    return store
  }

  /** Ends the uploads that nobody has ended, and the thread that writes. */
  async close(): Promise<void> {
    for (const upload of this.#uploads) await upload.abort()
    await this.#writer.close()
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return orUndefined(readFile(this.#path(key)))
  }

  async size(key: string): Promise<number | undefined> {
    // Names that are asked for are in the kernel's cache: a turn of the thread pool takes ten times as long.
    return statSync(this.#path(key), { throwIfNoEntry: false })?.size
  }

  async read(key: string, range?: Range): Promise<Stream | undefined> {
    const handle = await orUndefined(open(this.#path(key), 'r'))
    return handle?.createReadStream(range ? { start: range.start, end: range.end } : {})
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    await this.#writer.write({ kind: 'put', path: this.#path(key), temporary: this.#temporary(), bytes })
  }

  async delete(key: string): Promise<boolean> {
    return this.#writer.write({ kind: 'delete', path: this.#path(key) })
  }

  async list(folder: string): Promise<Child[]> {
    const entries = (await orUndefined(readdir(this.#path(folder), { withFileTypes: true }))) ?? []
    return entries
      .flatMap((entry) => {
        const name = nameOfFile(entry.name)
        return name === undefined ? [] : [{ name, folder: entry.isDirectory() }]
      })
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async upload(): Promise<BlobUpload> {
    const temporary = this.#temporary()
    const handle = await open(temporary, 'wx+')
    const upload = new FsUpload(temporary, handle, {
      move: (key) => this.#writer.write({ kind: 'move', path: this.#path(key), temporary }),
      ended: () => this.#uploads.delete(upload),
    })
    this.#uploads.add(upload)
    return upload
  }

  #temporary(): string {
    return join(this.#tmp, randomUUID())
  }

  #path(key: string): string {
    return join(this.#root, ...key.split('/').map(fileNameOf))
  }
}

type UploadHooks = { move: (key: string) => Promise<unknown>; ended: () => void }

class FsUpload implements BlobUpload {
  readonly #path: string
  readonly #handle: FileHandle
  readonly #hooks: UploadHooks
  #size = 0

  constructor(path: string, handle: FileHandle, hooks: UploadHooks) {
    this.#path = path
    this.#handle = handle
    this.#hooks = hooks
  }

  get size(): number {
    return this.#size
  }

  async append(content: Stream): Promise<void> {
    let position = this.#size
    try {
      for await (const chunk of content) {
        for (let written = 0; written < chunk.byteLength; ) {
          const { bytesWritten } = await this.#handle.write(
            chunk,
            written,
            chunk.byteLength - written,
            position,
          )
          written += bytesWritten
          position += bytesWritten
        }
      }
    } catch (error) {
      await this.#handle.truncate(this.#size)
      throw error
    }
    this.#size = position
  }

  read(): Stream {
    return createReadStream(this.#path)
  }

  async commit(key: string): Promise<void> {
    await this.#handle.datasync()
    await this.#handle.close()
    await this.#hooks.move(key)
    this.#hooks.ended()
  }

  async abort(): Promise<void> {
    await this.#handle.close().catch(() => undefined)
    await rm(this.#path, { force: true })
    this.#hooks.ended()
  }
}

async function orUndefined<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** ENOTDIR: a parent of the path is a file, so there is nothing at the path either. */
function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}
