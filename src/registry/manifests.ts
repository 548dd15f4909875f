/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests */
import { LRUCache } from 'lru-cache'
import type { KeyedLock } from '../keyed-lock.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { algorithmOf, digestOf } from '../oci/digest.ts'
import {
  type Index,
  isIndex,
  type Manifest,
  parseManifest,
  referrerType,
  successors,
} from '../oci/manifest.ts'
import type { Blobs } from './blobs.ts'
import { RegistryError } from './errors.ts'
import { manifestKey, manifestsFolder } from './keys.ts'
import { checkedManifest, mediaTypeOf } from './manifest-type.ts'
import type { Referrers } from './referrers.ts'
import type { BlobStore } from './store/blob-store.ts'
import type { Tags } from './tags.ts'

export type StoredManifest = { descriptor: Descriptor; bytes: Uint8Array }

export type PutOptions = {
  contentType?: string | undefined
  /** What the client says it has. */
  digest?: string | undefined
  tags?: readonly string[]
  /** Is asked about each tag, told what it points to now and would point to, and throws to have nothing stored. */
  maySetTag?: (tag: string, move: { from: string | undefined; to: string }) => Promise<void>
}

/** What is deleted: is told before, and throws to keep it. */
export type MayDelete = (manifest: {
  artifactType: string | undefined
  tags: readonly string[]
}) => Promise<void>

/** Manifests are a few KiB: this many bytes of them are all that a fleet polls. */
const CACHE_BYTES = 64 * 1024 * 1024

export class Manifests {
  readonly #store: BlobStore
  readonly #blobs: Blobs
  readonly #tags: Tags
  readonly #referrers: Referrers
  readonly #locks: KeyedLock
  /** Never stale: a manifest does not change, and whoever deletes it takes it out. */
  readonly #cache = new LRUCache<string, StoredManifest>({
    maxSize: CACHE_BYTES,
    sizeCalculation: ({ bytes }) => bytes.byteLength + 512,
  })

  constructor(store: BlobStore, blobs: Blobs, tags: Tags, referrers: Referrers, locks: KeyedLock) {
    this.#store = store
    this.#blobs = blobs
    this.#tags = tags
    this.#referrers = referrers
    this.#locks = locks
  }

  /** Throws MANIFEST_UNKNOWN. */
  async get(repository: string, digest: string): Promise<StoredManifest> {
    const key = manifestKey(repository, digest)
    const cached = this.#cache.get(key)
    if (cached) return cached
    return this.#locks.run(repository, async () => {
      const bytes = (await this.#store.get(key))?.bytes
      if (!bytes) throw unknownManifest(repository, digest)
      const mediaType = mediaTypeOf(parseManifest(bytes))
      const stored = { descriptor: { mediaType, digest, size: bytes.byteLength }, bytes }
      this.#cache.set(key, stored)
      return stored
    })
  }

  async has(repository: string, digest: string): Promise<boolean> {
    const key = manifestKey(repository, digest)
    return this.#cache.has(key) || (await this.#store.stat(key)) !== undefined
  }

  /** Whether there is any manifest: then the repository exists. */
  async any(repository: string): Promise<boolean> {
    return (await this.#store.list(manifestsFolder(repository))).length > 0
  }

  /**
   * Stores a manifest whose blobs are there, and points tags to it.
   * Throws MANIFEST_INVALID, DIGEST_INVALID, MANIFEST_BLOB_UNKNOWN.
   */
  async put(
    repository: string,
    bytes: Uint8Array,
    options: PutOptions = {},
  ): Promise<{ descriptor: Descriptor; subject: string | undefined }> {
    const digest = digestOf(bytes, options.digest === undefined ? 'sha256' : algorithmOf(options.digest))
    if (options.digest !== undefined && options.digest !== digest) {
      throw new RegistryError(
        'DIGEST_INVALID',
        `the manifest has the digest ${digest}, not ${options.digest}`,
      )
    }
    const manifest = checkedManifest(bytes, options.contentType)
    const descriptor = { mediaType: mediaTypeOf(manifest), digest, size: bytes.byteLength }
    const key = manifestKey(repository, digest)
    const tags = options.tags ?? []
    await this.#locks.run(repository, async () => {
      for (const tag of tags) {
        const from = (await this.#tags.current(repository, tag))?.digest
        await options.maySetTag?.(tag, { from, to: digest })
      }
      if (!(await this.has(repository, digest))) {
        await this.#checkBlobs(repository, manifest)
        await this.#referrers.add(repository, manifest, descriptor)
        await this.#store.put(key, bytes)
      }
      this.#cache.set(key, { descriptor, bytes })
      await this.#tags.set(repository, descriptor, tags)
    })
    return { descriptor, subject: manifest.subject?.digest }
  }

  /** Deletes a manifest and every tag on it. Throws MANIFEST_UNKNOWN. */
  async delete(repository: string, digest: string, mayDelete?: MayDelete): Promise<void> {
    const manifest = parseManifest((await this.get(repository, digest)).bytes)
    await this.#locks.run(repository, async () => {
      const tags = await this.#tags.on(repository, digest)
      await mayDelete?.({ artifactType: referrerType(manifest), tags })
      await this.#tags.remove(repository, tags)
      this.#cache.delete(manifestKey(repository, digest))
      await this.#store.delete(manifestKey(repository, digest))
      await this.#referrers.remove(repository, manifest, digest)
    })
  }

  /** Points tags to a manifest that is there. Throws MANIFEST_UNKNOWN. */
  async tag(repository: string, digest: string, tags: readonly string[]): Promise<void> {
    const { descriptor } = await this.get(repository, digest)
    await this.#locks.run(repository, async () => {
      if (!(await this.has(repository, digest))) throw unknownManifest(repository, digest)
      await this.#tags.set(repository, descriptor, tags)
    })
  }

  /** An index may name manifests that are elsewhere; blobs must be here, unless they say where they are. */
  async #checkBlobs(repository: string, manifest: Manifest | Index): Promise<void> {
    if (isIndex(manifest)) return
    const needed = successors(manifest).filter(({ urls }) => !urls?.length)
    for (const digest of new Set(needed.map((descriptor) => descriptor.digest))) {
      if (await this.#blobs.has(repository, digest)) continue
      throw new RegistryError(
        'MANIFEST_BLOB_UNKNOWN',
        `the manifest needs the blob ${digest}: push that first`,
      )
    }
  }
}

function unknownManifest(repository: string, digest: string): RegistryError {
  return new RegistryError('MANIFEST_UNKNOWN', `${repository} has no manifest ${digest}`)
}
