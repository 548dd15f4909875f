import type { Stream } from '../../../oci/content.ts'
import type { BlobUpload } from '../blob-store.ts'
import type { SpoolFile } from '../spool-file.ts'

type Hooks = { send: (key: string, file: SpoolFile) => Promise<void>; ended: () => void }

/** Upload into a local file, which is sent when it is committed: S3 cannot rename what it has. */
export class S3Upload implements BlobUpload {
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
    await this.#hooks.send(key, this.#file)
    await this.abort()
  }

  async abort(): Promise<void> {
    this.#ended = true
    await this.#file.drop()
    this.#hooks.ended()
  }
}
