/**
 * The storage of the registry: bytes under keys. A key is a path of "/"-separated names, which consist of the
 * characters a-z A-Z 0-9 "." "_" "-". All implementations pass the same contract suite.
 */
import type { Stream } from '../../oci/content.ts'

/** Bytes `start` to `end`, both inclusive, as in HTTP. */
export type Range = { start: number; end: number }

export type Child = {
  name: string
  /** True for a folder of keys, false for a key with bytes. */
  folder: boolean
}

/** The bytes under a key. */
export type Stored = {
  bytes: Uint8Array
  /** Changes whenever the bytes do; conditional writes compare it. */
  version: string
}

export type Stat = {
  /** In bytes. */
  size: number
  /** When it was last written, in milliseconds since 1970, by the clock of the store, to the second at least. */
  modified: number
}

/** The version that a key must have for a write to happen; null if the key must not exist. */
export type Expected = string | null

export interface BlobStore {
  /** True if other processes may write to the store. Nothing that can change may be cached then. */
  readonly shared: boolean
  /** Returns all bytes under a key, which should be small, or undefined if the key does not exist. */
  get(key: string): Promise<Stored | undefined>
  /** Returns undefined if the key does not exist. */
  stat(key: string): Promise<Stat | undefined>
  /**
   * Returns the bytes as a stream, or undefined if the key does not exist. The caller must read the stream to its end
   * or call `return` on it.
   */
  read(key: string, range?: Range): Promise<Stream | undefined>
  /**
   * Creates or replaces a key atomically: readers see either all of the old bytes or all of the new. Returns false, and
   * writes nothing, if the version is not the `expected` one. Durable when it resolves.
   */
  put(key: string, bytes: Uint8Array, expected?: Expected): Promise<boolean>
  /** Returns whether the key existed, with the `expected` version if given. Durable when it resolves. */
  delete(key: string, expected?: string): Promise<boolean>
  /**
   * Lists the direct children of a folder in ASCII order; an unknown folder is empty. A page has at most `limit`
   * children that come after the name `after`, and is only for folders without subfolders.
   */
  list(folder: string, page?: Page): Promise<Child[]>
  /** Returns a URL where anyone can download the bytes for a while, or undefined if the store offers none. */
  downloadUrl(key: string): Promise<URL | undefined>
  /** Starts an upload, whose bytes are not visible under any key before `commit`. */
  upload(): Promise<BlobUpload>
  /** Drops writes and uploads begun before a time by processes that have since died. Returns how many. */
  dropUnfinished(before: number): Promise<number>
  /** Throws if the store cannot be used. */
  ping(): Promise<void>
}

export type Page = { after?: string | undefined; limit?: number | undefined }

export interface BlobUpload {
  /** Bytes received so far. */
  readonly size: number
  /** Appends all of the stream, or nothing if it fails. Does not keep a chunk once it asks for the next. */
  append(content: Stream): Promise<void>
  /** Returns the bytes received so far. */
  read(): Stream
  /** Stores the bytes under a key, and ends the upload. Durable when it resolves. */
  commit(key: string): Promise<void>
  /** Drops the bytes, and ends the upload. */
  abort(): Promise<void>
}
