/**
 * What can be done with a store of OCI content, in small roles, after oras-go. Content is addressed by descriptor,
 * never by path. There is no push or pull between stores: there is `copy`, from a target to a target.
 */
import { type Content, readAll, type Stream, verified } from './content.ts'
import type { Descriptor } from './descriptor.ts'

export interface Fetcher {
  /** The content, not verified: see `fetchAll`. Throws `not_found`. */
  fetch(descriptor: Descriptor): Promise<Stream>
}

export interface Pusher {
  /**
   * Stores content, verified against the descriptor; a manifest only after what it points to. Content that is there
   * already is left as it is. When the promise resolves, the content is durable.
   */
  push(expected: Descriptor, content: Content): Promise<void>
}

export interface Storage extends Fetcher, Pusher {
  exists(descriptor: Descriptor): Promise<boolean>
}

export interface Resolver {
  /** The descriptor of a manifest, by tag or digest. Throws `not_found`. */
  resolve(reference: string): Promise<Descriptor>
}

export interface Tagger {
  /** Points tags to a manifest of this store; a tag that exists moves. */
  tag(descriptor: Descriptor, ...tags: string[]): Promise<void>
}

export interface Untagger {
  /** Removes a tag and leaves its manifest. A tag that is not there is no error. */
  untag(tag: string): Promise<void>
}

export interface Deleter {
  /** Removes content, and the tags of a manifest. Content that is not there is no error. */
  delete(descriptor: Descriptor): Promise<void>
}

export interface TagLister {
  /** All tags in ASCII order. Throws `not_found` for an unknown repository. */
  tags(): AsyncIterable<string>
}

export interface ReferrerLister {
  /** Manifests whose subject is this one. */
  referrers(digest: string, artifactType?: string): AsyncIterable<Descriptor>
}

export interface Mounter {
  /**
   * Takes over a blob from another repository of the same registry without a transfer. Whether that was possible: where
   * it was not, the blob has to be pushed.
   */
  mount(descriptor: Descriptor, from: string): Promise<boolean>
}

/** What `copy` needs of each side. */
export interface Target extends Storage, Resolver, Tagger {}

export interface Repository extends Target, Mounter, Untagger, Deleter, TagLister, ReferrerLister {}

export interface Registry {
  /** The repository of that name; it exists from the first push on. */
  repository(name: string): Repository
  /** The names of all repositories, in ASCII order. Throws `unsupported` where the registry does not tell. */
  repositories(): Promise<string[]>
  /** Throws `unavailable` unless the registry answers. */
  ping(): Promise<void>
}

/** The verified bytes of a content that fits into memory. Throws `size_exceeded` where the descriptor says more. */
export async function fetchAll(from: Fetcher, descriptor: Descriptor, limit: number): Promise<Uint8Array> {
  const stream = await from.fetch(descriptor)
  return readAll(verified(stream, descriptor), limit)
}
