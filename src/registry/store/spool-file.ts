import { type FileHandle, open, rm } from 'node:fs/promises'
import type { Stream } from '../../oci/content.ts'
import { FileStream } from './file-stream.ts'
import { WriteBehind } from './write-behind.ts'

/** The bytes of an upload in a local file, which is created only when the first byte arrives. */
export class SpoolFile {
  readonly path: string
  #handle: FileHandle | undefined
  #size = 0

  constructor(path: string) {
    this.path = path
  }

  /** In bytes. */
  get size(): number {
    return this.#size
  }

  /** Appends all of the stream, or nothing if it fails. */
  async append(content: Stream): Promise<void> {
    try {
      this.#size = await this.#write(content)
    } catch (error) {
      await this.#handle?.truncate(this.#size)
      throw error
    }
  }

  async *read(): AsyncGenerator<Uint8Array> {
    await this.#open()
    yield* new FileStream(this.path)
  }

  async part(start: number, length: number): Promise<Uint8Array> {
    const handle = await this.#open()
    const bytes = Buffer.allocUnsafe(length)
    for (let filled = 0; filled < length; ) {
      const { bytesRead } = await handle.read(bytes, filled, length - filled, start + filled)
      if (bytesRead === 0) throw new Error(`${this.path} ends at ${start + filled} bytes of ${this.#size}`)
      filled += bytesRead
    }
    return bytes
  }

  /** Ends the writing. The bytes are on disk when it resolves. */
  async seal(): Promise<void> {
    const handle = await this.#open()
    await handle.datasync()
    await handle.close()
  }

  async drop(): Promise<void> {
    await this.#handle?.close().catch(() => undefined)
    await rm(this.path, { force: true })
  }

  /** Returns the new size of the file. */
  async #write(content: Stream): Promise<number> {
    let writer: WriteBehind | undefined
    try {
      for await (const chunk of content) {
        writer ??= new WriteBehind(await this.#open(), this.#size)
        await writer.add(chunk)
      }
      return (await writer?.end()) ?? this.#size
    } catch (error) {
      await writer?.stop()
      throw error
    }
  }

  async #open(): Promise<FileHandle> {
    this.#handle ??= await open(this.path, 'wx+')
    return this.#handle
  }
}
