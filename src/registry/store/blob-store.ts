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

/** What a store has under a key. */
export type Stored = {
  bytes: Uint8Array
  /** Another one whenever the bytes are others: what a conditional write asks for. */
  version: string
}

export type Stat = {
  /** In bytes. */
  size: number
  /** When it was last written, in milliseconds since 1970, by the clock of the store, to the second at least. */
  modified: number
}

/** The version that a key must have for a write to be done; null where nothing may be there. */
export type Expected = string | null

export interface BlobStore {
  /** Whether other processes may write to it too: nothing that can change may be remembered then. */
  readonly shared: boolean
  /** All bytes under a key: for what is known to be small. undefined where there is nothing. */
  get(key: string): Promise<Stored | undefined>
  /** undefined where there is nothing. */
  stat(key: string): Promise<Stat | undefined>
  /** The bytes as a stream, which the caller reads to its end or returns; undefined where there is nothing. */
  read(key: string, range?: Range): Promise<Stream | undefined>
  /**
   * Writes or replaces: readers see all of the old bytes or all of the new. Durable when it resolves, with whether it
   * was done: false where something else than `expected` is there. Compared and written in one step.
   */
  put(key: string, bytes: Uint8Array, expected?: Expected): Promise<boolean>
  /** Whether there was something, and it was what is `expected`. Durable when it resolves. */
  delete(key: string, expected?: string): Promise<boolean>
  /**
   * What stands right below a folder, in ASCII order; nothing for an unknown one. In a folder without folders, a page
   * of it: at most `limit` that come after the name `after`.
   */
  list(folder: string, page?: Page): Promise<Child[]>
  /** Where anybody can get the bytes for a while without asking here; undefined for a store that has no such place. */
  link(key: string): Promise<URL | undefined>
  /** Takes in bytes that are not visible under any key before `commit`. */
  upload(): Promise<BlobUpload>
  /** Drops what processes that are gone have left of writes and uploads begun before a time. Resolves to how many. */
  dropUnfinished(before: number): Promise<number>
  /** Throws where nothing can be stored. */
  ping(): Promise<void>
}

export type Page = { after?: string | undefined; limit?: number | undefined }

export interface BlobUpload {
  /** Bytes taken in so far. */
  readonly size: number
  /** Takes in all of the stream, or nothing where it fails. Keeps nothing of a chunk when it asks for the next. */
  append(content: Stream): Promise<void>
  /** What has been taken in so far. */
  read(): Stream
  /** Makes the bytes visible under a key, and ends the upload. Durable when it resolves. */
  commit(key: string): Promise<void>
  /** Drops the bytes, and ends the upload. */
  abort(): Promise<void>
}
