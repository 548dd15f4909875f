import { type Stream, streamOf } from '../../oci/content.ts'
import type { BlobStore, BlobUpload, Child, Expected, Page, Range, Stat, Stored } from './blob-store.ts'
import { pageOf } from './page.ts'
import { versionOf } from './version.ts'

type Entry = { bytes: Uint8Array; modified: number }

/** A store in memory, for tests. */
export class MemoryStore implements BlobStore {
  readonly shared: boolean
  readonly #entries = new Map<string, Entry>()
  readonly #now: () => number

  /** `shared` has its users expect other writers. `now` is the clock, in milliseconds since 1970. */
  constructor(options: { shared?: boolean; now?: () => number } = {}) {
    this.shared = options.shared ?? false
    this.#now = options.now ?? Date.now
  }

  async get(key: string): Promise<Stored | undefined> {
    const bytes = this.#entries.get(key)?.bytes
    return bytes && { bytes, version: versionOf(bytes) }
  }

  async stat(key: string): Promise<Stat | undefined> {
    const entry = this.#entries.get(key)
    return entry && { size: entry.bytes.byteLength, modified: entry.modified }
  }

  async read(key: string, range?: Range): Promise<Stream | undefined> {
    const bytes = this.#entries.get(key)?.bytes
    return bytes && streamOf(range ? bytes.subarray(range.start, range.end + 1) : bytes)
  }

  async put(key: string, bytes: Uint8Array, expected?: Expected): Promise<boolean> {
    if (expected !== undefined && this.#versionOf(key) !== expected) return false
    this.#entries.set(key, { bytes: Uint8Array.from(bytes), modified: this.#now() })
    return true
  }

  async delete(key: string, expected?: string): Promise<boolean> {
    if (expected !== undefined && this.#versionOf(key) !== expected) return false
    return this.#entries.delete(key)
  }

  async list(folder: string, page?: Page): Promise<Child[]> {
    const children = new Map<string, boolean>()
    for (const key of this.#entries.keys()) {
      if (!key.startsWith(`${folder}/`)) continue
      const [name = '', ...below] = key.slice(folder.length + 1).split('/')
      children.set(name, below.length > 0)
    }
    return pageOf(
      [...children].map(([name, folder]) => ({ name, folder })),
      page,
    )
  }

  async downloadUrl(): Promise<undefined> {}

  async upload(): Promise<BlobUpload> {
    return new MemoryUpload((key, bytes) => this.put(key, bytes))
  }

  async dropUnfinished(): Promise<number> {
    return 0
  }

  async ping(): Promise<void> {}

  #versionOf(key: string): string | null {
    const bytes = this.#entries.get(key)?.bytes
    return bytes ? versionOf(bytes) : null
  }
}

class MemoryUpload implements BlobUpload {
  readonly #put: (key: string, bytes: Uint8Array) => Promise<unknown>
  #bytes: Uint8Array = new Uint8Array(0)
  #ended = false

  constructor(put: (key: string, bytes: Uint8Array) => Promise<unknown>) {
    this.#put = put
  }

  get size(): number {
    return this.#bytes.byteLength
  }

  async append(content: Stream): Promise<void> {
    const chunks = [this.#bytes]
    for await (const chunk of content) chunks.push(Uint8Array.from(chunk))
    this.#bytes = Buffer.concat(chunks)
  }

  read(): Stream {
    return streamOf(this.#bytes)
  }

  async commit(key: string): Promise<void> {
    if (this.#ended) throw new Error('the upload has ended')
    await this.#put(key, this.#bytes)
  }

  async abort(): Promise<void> {
    this.#ended = true
    this.#bytes = new Uint8Array(0)
  }
}
