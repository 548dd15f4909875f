/**
 * The operations of a store of OCI content, as small interfaces modelled on oras-go. Content is addressed by its
 * descriptor. To push or pull between stores, use `copy`.
 */
import { type Content, readAll, type Stream, verified } from './content.ts'
import type { Descriptor } from './descriptor.ts'

export interface Fetcher {
  /** Returns the content, which may not be verified yet: see `fetchAll`. Throws `not_found`. */
  fetch(descriptor: Descriptor): Promise<Stream>
}

export interface Pusher {
  /**
   * Stores content durably after verifying it against the descriptor. Existing content is left unchanged. The content
   * that a manifest refers to must be pushed before the manifest.
   */
  push(expected: Descriptor, content: Content): Promise<void>
}

export interface Storage extends Fetcher, Pusher {
  exists(descriptor: Descriptor): Promise<boolean>
}

export interface Resolver {
  /** Returns the descriptor of the manifest with this tag or digest. Throws `not_found`. */
  resolve(reference: string): Promise<Descriptor>
}

export interface Tagger {
  /** Points tags at a manifest of this store, moving existing tags. Throws `not_found` if there is no such manifest. */
  tag(descriptor: Descriptor, ...tags: string[]): Promise<void>
}

export interface Untagger {
  /** Removes a tag but not its manifest. Does nothing if the tag does not exist. */
  untag(tag: string): Promise<void>
}

export interface Deleter {
  /** Deletes content, and all tags of a manifest. Does nothing if the content does not exist. */
  delete(descriptor: Descriptor): Promise<void>
}

export interface TagLister {
  /** Yields all tags in ASCII order. Throws `not_found` for an unknown repository. */
  tags(): AsyncIterable<string>
}

export interface ReferrerLister {
  /** Yields the manifests whose subject has this digest, optionally only those of one artifact type. */
  referrers(digest: string, artifactType?: string): AsyncIterable<Descriptor>
}

export interface Mounter {
  /**
   * Makes a blob of another repository of the same registry available here without a transfer. Returns false if that
   * was not possible; the blob must then be pushed.
   */
  mount(descriptor: Descriptor, from: string): Promise<boolean>
}

/** A destination of `copy`. */
export interface Target extends Storage, Resolver, Tagger {}

export interface Repository extends Target, Mounter, Untagger, Deleter, TagLister, ReferrerLister {}

export interface Registry {
  /** Returns the repository of that name, which the first push creates. */
  repository(name: string): Repository
  /** Lists all repositories in ASCII order. Throws `unsupported` if the registry does not list them. */
  repositories(): Promise<string[]>
  /** Throws an OciError, `unavailable` if the registry cannot be reached. */
  ping(): Promise<void>
}

/** Fetches and verifies content that fits into memory. Throws `size_exceeded` if it has more than `limit` bytes. */
export async function fetchAll(from: Fetcher, descriptor: Descriptor, limit: number): Promise<Uint8Array> {
  const stream = await from.fetch(descriptor)
  return readAll(verified(stream, descriptor), limit)
}
