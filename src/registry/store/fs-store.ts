/**
 * Stores keys as files below a folder. Every write goes to a temporary file in `tmp`, which is synced and renamed, and
 * then its directory is synced. A crash therefore leaves a write complete or not at all, and keeps acknowledged ones.
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
import { nameOfFile, pathOfKey } from './key-path.ts'
import { unlessMissing } from './missing-file.ts'
import { pageOf } from './page.ts'
import { SpoolFile } from './spool-file.ts'
import { SpoolUpload } from './spool-upload.ts'
import { versionOf } from './version.ts'

export class FsStore implements BlobStore {
  /** The data folder is locked, so no other process writes to it. */
  readonly shared = false
  readonly #root: string
  readonly #tmp: string
  readonly #writer = new FileWriter()
  readonly #uploads = new Set<SpoolUpload>()

  private constructor(root: string) {
    this.#root = root
    this.#tmp = join(root, 'tmp')
  }

  /** Opens a folder, creating it if needed, and drops unfinished writes of an earlier process. */
  static async open(root: string): Promise<FsStore> {
    const store = new FsStore(root)
    await rm(store.#tmp, { recursive: true, force: true })
    await makeFolder(store.#tmp)
    return store
  }

  /** Aborts unfinished uploads and ends the writer thread. */
  async close(): Promise<void> {
    for (const upload of this.#uploads) await upload.abort()
    await this.#writer.close()
  }

  async get(key: string): Promise<Stored | undefined> {
    // New tags are read before they are set, and `stat` costs less than a failing `readFile`.
    if ((await this.stat(key)) === undefined) return undefined
    const bytes = await unlessMissing(readFile(this.#path(key)))
    return bytes && { bytes, version: versionOf(bytes) }
  }

  async stat(key: string): Promise<Stat | undefined> {
    // Synchronous: the entry is usually in the kernel's cache, and the thread pool takes ten times as long.
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
    const entries = (await unlessMissing(readdir(this.#path(folder), { withFileTypes: true }))) ?? []
    const children = entries.flatMap((entry) => {
      const name = nameOfFile(entry.name)
      return name === undefined ? [] : [{ name, folder: entry.isDirectory() }]
    })
    return pageOf(children, page)
  }

  async downloadUrl(): Promise<undefined> {}

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

  /** Nothing to do: `open` has dropped what an earlier process left. */
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
    return pathOfKey(this.#root, key)
  }
}
