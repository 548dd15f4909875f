import type { Stream } from '../../oci/content.ts'
import type { BlobUpload } from './blob-store.ts'
import type { SpoolFile } from './spool-file.ts'

type Hooks = {
  /** Stores the bytes of the file under a key, and removes the file. */
  store: (key: string, file: SpoolFile) => Promise<unknown>
  ended: () => void
}

/** An upload into a local file, which the store turns into the value of a key. */
export class SpoolUpload implements BlobUpload {
  readonly #file: SpoolFile
  readonly #hooks: Hooks
  #ended = false

  constructor(file: SpoolFile, hooks: Hooks) {
    this.#file = file
    this.#hooks = hooks
  }

  get size(): number {
    return this.#file.size
  }

  async append(content: Stream): Promise<void> {
    await this.#file.append(content)
  }

  read(): Stream {
    return this.#file.read()
  }

  async commit(key: string): Promise<void> {
    if (this.#ended) throw new Error('the upload has ended')
    await this.#hooks.store(key, this.#file)
    this.#end()
  }

  async abort(): Promise<void> {
    await this.#file.drop()
    this.#end()
  }

  #end(): void {
    this.#ended = true
    this.#hooks.ended()
  }
}
