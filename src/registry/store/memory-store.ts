import { readAll, type Stream, streamOf } from '../../oci/content.ts'
import type { BlobStore, BlobUpload, Child, Range } from './blob-store.ts'

/** For tests: everything is gone with the process. */
export class MemoryStore implements BlobStore {
  readonly #objects = new Map<string, Uint8Array>()

  async get(key: string): Promise<Uint8Array | undefined> {
    return this.#objects.get(key)
  }

  async size(key: string): Promise<number | undefined> {
    return this.#objects.get(key)?.byteLength
  }

  async read(key: string, range?: Range): Promise<Stream | undefined> {
    const bytes = this.#objects.get(key)
    return bytes && streamOf(range ? bytes.subarray(range.start, range.end + 1) : bytes)
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    this.#objects.set(key, Uint8Array.from(bytes))
  }

  async delete(key: string): Promise<boolean> {
    return this.#objects.delete(key)
  }

  async list(folder: string): Promise<Child[]> {
    const children = new Map<string, boolean>()
    for (const key of this.#objects.keys()) {
      if (!key.startsWith(`${folder}/`)) continue
      const [name = '', ...below] = key.slice(folder.length + 1).split('/')
      children.set(name, below.length > 0)
    }
    return [...children]
      .map(([name, folder]) => ({ name, folder }))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async upload(): Promise<BlobUpload> {
    return new MemoryUpload((key, bytes) => this.put(key, bytes))
  }

  async ping(): Promise<void> {}
}

class MemoryUpload implements BlobUpload {
  readonly #put: (key: string, bytes: Uint8Array) => Promise<void>
  #bytes: Uint8Array = new Uint8Array(0)
  #ended = false

  constructor(put: (key: string, bytes: Uint8Array) => Promise<void>) {
    this.#put = put
  }

  get size(): number {
    return this.#bytes.byteLength
  }

  async append(content: Stream): Promise<void> {
    const more = await readAll(content, Number.POSITIVE_INFINITY)
    this.#bytes = Buffer.concat([this.#bytes, more])
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
