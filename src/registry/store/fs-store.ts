/**
 * Keys as files below a folder. Every write goes to a file of its own in `tmp`, is synced, renamed to its place and
 * its directory synced: after a crash there is all of it or nothing, and what was acknowledged is there.
 */
import { randomUUID } from 'node:crypto'
import { constants, statSync } from 'node:fs'
import { access, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder } from '../../core/folder.ts'
import type { Stream } from '../../oci/content.ts'
import type { BlobStore, BlobUpload, Child, Expected, Page, Range, Stat, Stored } from './blob-store.ts'
import { FileStream } from './file-stream.ts'
import { FileWriter } from './file-writer.ts'
import { fileNameOf, nameOfFile } from './key-path.ts'
import { pageOf } from './page.ts'
import { SpoolFile } from './spool-file.ts'
import { SpoolUpload } from './spool-upload.ts'
import { versionOf } from './version.ts'

export class FsStore implements BlobStore {
  /** The data folder is locked: nobody else writes to it. */
  readonly shared = false
  readonly #root: string
  readonly #tmp: string
  readonly #writer = new FileWriter()
  readonly #uploads = new Set<SpoolUpload>()

  private constructor(root: string) {
    this.#root = root
    this.#tmp = join(root, 'tmp')
  }

  /** Opens a folder, which it makes if need be, and drops what unfinished writes of an earlier process left. */
  static async open(root: string): Promise<FsStore> {
    const store = new FsStore(root)
    await rm(store.#tmp, { recursive: true, force: true })
    await makeFolder(store.#tmp)
    return store
  }

  /** Ends the uploads that nobody has ended, and the thread that writes. */
  async close(): Promise<void> {
    for (const upload of this.#uploads) await upload.abort()
    await this.#writer.close()
  }

  async get(key: string): Promise<Stored | undefined> {
    // New tags are asked for before they are set: to look costs less than to fail.
    if ((await this.stat(key)) === undefined) return undefined
    const bytes = await orUndefined(readFile(this.#path(key)))
    return bytes && { bytes, version: versionOf(bytes) }
  }

  async stat(key: string): Promise<Stat | undefined> {
    // Names that are asked for are in the kernel's cache: a turn of the thread pool takes ten times as long.
    const stats = statSync(this.#path(key), { throwIfNoEntry: false })
    return stats?.isFile() ? { size: stats.size, modified: stats.mtimeMs } : undefined
  }

  async read(key: string, range?: Range): Promise<Stream | undefined> {
    return (await this.stat(key)) === undefined ? undefined : new FileStream(this.#path(key), range)
  }

  async put(key: string, bytes: Uint8Array, expected?: Expected): Promise<boolean> {
    const temporary = this.#temporary()
    return this.#writer.write({ kind: 'put', path: this.#path(key), temporary, bytes, expected })
  }

  async delete(key: string, expected?: string): Promise<boolean> {
    return this.#writer.write({ kind: 'delete', path: this.#path(key), expected })
  }

  async list(folder: string, page?: Page): Promise<Child[]> {
    const entries = (await orUndefined(readdir(this.#path(folder), { withFileTypes: true }))) ?? []
    const sorted = entries
      .flatMap((entry) => {
        const name = nameOfFile(entry.name)
        return name === undefined ? [] : [{ name, folder: entry.isDirectory() }]
      })
      .sort((a, b) => (a.name < b.name ? -1 : 1))
    return pageOf(sorted, page)
  }

  async link(): Promise<undefined> {}

  async upload(): Promise<BlobUpload> {
    const temporary = this.#temporary()
    const upload = new SpoolUpload(new SpoolFile(temporary), {
      store: async (key, file) => {
        await file.seal()
        await this.#writer.write({ kind: 'move', path: this.#path(key), temporary })
      },
      ended: () => this.#uploads.delete(upload),
    })
    this.#uploads.add(upload)
    return upload
  }

  /** There is nothing: what an earlier process left is dropped by `open`. */
  async dropUnfinished(): Promise<number> {
    return 0
  }

  async ping(): Promise<void> {
    await access(this.#tmp, constants.R_OK | constants.W_OK)
  }

  #temporary(): string {
    return join(this.#tmp, randomUUID())
  }

  #path(key: string): string {
    return join(this.#root, ...key.split('/').map(fileNameOf))
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
