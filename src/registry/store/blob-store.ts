/**
 * Where the registry keeps everything: bytes under keys. A key is a path of "/"-separated names, each of the
 * characters a-z A-Z 0-9 "." "_" "-". The implementations differ in nothing that the contract suite can see.
 */
import type { Stream } from '../../oci/content.ts'

/** Bytes `start` to `end`, both inclusive, as in HTTP. */
export type Range = { start: number; end: number }

export type Child = {
  name: string
  /** Whether there are keys below it, as opposed to bytes under it. */
  folder: boolean
}

export interface BlobStore {
  /** All bytes under a key: for what is known to be small. undefined where there is nothing. */
  get(key: string): Promise<Uint8Array | undefined>
  /** The size in bytes; undefined where there is nothing. */
  size(key: string): Promise<number | undefined>
  /** The bytes as a stream, which the caller reads to its end or returns; undefined where there is nothing. */
  read(key: string, range?: Range): Promise<Stream | undefined>
  /** Writes or replaces: readers see all of the old bytes or all of the new. Durable when it resolves. */
  put(key: string, bytes: Uint8Array): Promise<void>
  /** Whether there was something. Durable when it resolves. */
  delete(key: string): Promise<boolean>
  /** What stands right below a folder, in ASCII order; nothing for an unknown one. */
  list(folder: string): Promise<Child[]>
  /** Takes in bytes that are not visible under any key before `commit`. */
  upload(): Promise<BlobUpload>
  /** Throws where nothing can be stored. */
  ping(): Promise<void>
}

export interface BlobUpload {
  /** Bytes taken in so far. */
  readonly size: number
  /** Takes in all of the stream, or nothing where it fails. */
  append(content: Stream): Promise<void>
  /** What has been taken in so far. */
  read(): Stream
  /** Makes the bytes visible under a key, and ends the upload. Durable when it resolves. */
  commit(key: string): Promise<void>
  /** Drops the bytes, and ends the upload. */
  abort(): Promise<void>
}
