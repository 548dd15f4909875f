/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests */
import { LRUCache } from 'lru-cache'
import { settleAll } from '../core/concurrency.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { algorithmOf, digestOf } from '../oci/digest.ts'
import {
  type Index,
  isIndex,
  type Manifest,
  parseStoredManifest,
  referrerType,
  successors,
} from '../oci/manifest.ts'
import type { Blobs } from './blobs.ts'
import { isFresh, type RegistryContext } from './context.ts'
import { busy, RegistryError } from './errors.ts'
import { digestOfName, manifestKey, manifestsFolder } from './keys.ts'
import { checkedManifest, mediaTypeOf } from './manifest-type.ts'
import { ReadCache } from './read-cache.ts'
import type { Referrers } from './referrers.ts'
import type { Stat } from './store/blob-store.ts'
import type { MayMove, Tags } from './tags.ts'

export type StoredManifest = { descriptor: Descriptor; bytes: Uint8Array }

export type PutOptions = {
  contentType?: string | undefined
  /** The digest that the client expects. */
  digest?: string | undefined
  tags?: readonly string[]
  /** Called for each tag with its old and new digest, before anything is stored and when it is set; throws to refuse. */
  maySetTag?: (tag: string, move: { from: string | undefined; to: string }) => Promise<void>
}

/** Called before a manifest is deleted; throws to refuse. */
export type MayDelete = (manifest: {
  artifactType: string | undefined
  tags: readonly string[]
}) => Promise<void>

/** Manifests are a few KiB, so this holds all that a fleet polls. */
const CACHED_BYTES = 64 * 1024 * 1024
const CACHED_KEYS = 100_000
const POPULATED = {}
/** Blobs and manifests that one push looks for at once. */
const CHECKED_AT_ONCE = 64
/** Attempts to restore a manifest that other processes delete during its push; a second one is already rare. */
const ATTEMPTS = 5

/** Manifests, with their tags and referrers. Every operation that changes several objects of a repository is here. */
export class Manifests {
  readonly #ctx: RegistryContext
  readonly #blobs: Blobs
  readonly #tags: Tags
  readonly #referrers: Referrers
  /** By digest, as the content of a digest never changes. Does not say which repositories have the manifest. */
  readonly #contents = new LRUCache<string, StoredManifest>({
    maxSize: CACHED_BYTES,
    sizeCalculation: ({ bytes }) => bytes.byteLength + 512,
  })
  readonly #stats: ReadCache<Stat>
  /** Repositories that have manifests, by the folder of their manifests. */
  readonly #populated: ReadCache<object>

  constructor(ctx: RegistryContext, blobs: Blobs, tags: Tags, referrers: Referrers) {
    this.#ctx = ctx
    this.#blobs = blobs
    this.#tags = tags
    this.#referrers = referrers
    this.#stats = new ReadCache(ctx.store.shared, { entries: CACHED_KEYS })
    this.#populated = new ReadCache(ctx.store.shared, { entries: CACHED_KEYS })
  }

  /** Throws MANIFEST_UNKNOWN. */
  async get(repository: string, digest: string): Promise<StoredManifest> {
    if (!(await this.has(repository, digest))) throw unknownManifest(repository, digest)
    return this.#contents.get(digest) ?? this.#load(repository, digest)
  }

  /** Returns the manifest that a tag points to. Throws MANIFEST_UNKNOWN. */
  async getTagged(repository: string, tag: string): Promise<StoredManifest> {
    const descriptor = await this.#tags.get(repository, tag)
    if (!descriptor) throw unknownTag(repository, tag)
    // No need to check for the manifest: it is never removed before its tags.
    return this.#contents.get(descriptor.digest) ?? this.#load(repository, descriptor.digest)
  }

  async has(repository: string, digest: string): Promise<boolean> {
    return (await this.#stat(repository, digest)) !== undefined
  }

  /** Returns the digests of all manifests of a repository. */
  async digests(repository: string): Promise<string[]> {
    const entries = await this.#ctx.store.list(manifestsFolder(repository))
    return entries.map(({ name }) => digestOfName(name)).filter((digest) => digest !== undefined)
  }

  /** Returns whether the repository has any manifest, and so exists. */
  async any(repository: string): Promise<boolean> {
    const folder = manifestsFolder(repository)
    const found = await this.#populated.get(folder, async () => {
      const [first] = await this.#ctx.store.list(folder, { limit: 1 })
      return first && POPULATED
    })
    return found !== undefined
  }

  /**
   * Stores a manifest, and points tags to it. Its blobs must have been pushed before.
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
    const tags = options.tags ?? []
    const mayMove: MayMove = async (tag, from) => options.maySetTag?.(tag, { from, to: digest })
    await this.#ctx.locks.run(repository, async () => {
      for (const tag of tags) await mayMove(tag, (await this.#tags.get(repository, tag))?.digest)
      await this.#store(repository, { descriptor, bytes }, manifest)
      await this.#setTags(repository, { descriptor, bytes }, tags, mayMove)
    })
    return { descriptor, subject: manifest.subject?.digest }
  }

  /** Points tags to a stored manifest. Throws MANIFEST_UNKNOWN. */
  async tag(repository: string, digest: string, tags: readonly string[]): Promise<void> {
    const stored = await this.get(repository, digest)
    await this.#ctx.locks.run(repository, async () => {
      if (!(await this.has(repository, digest))) throw unknownManifest(repository, digest)
      await this.#store(repository, stored, parseStoredManifest(stored.bytes))
      await this.#setTags(repository, stored, tags)
    })
  }

  /** Removes a tag and leaves its manifest. `mayMove` throws to refuse. Throws MANIFEST_UNKNOWN. */
  async untag(repository: string, tag: string, mayMove?: MayMove): Promise<void> {
    await this.#ctx.locks.run(repository, async () => {
      await this.#refreshTarget(repository, tag)
      if (!(await this.#tags.remove(repository, tag, { mayMove }))) {
        throw unknownTag(repository, tag)
      }
    })
  }

  /** Deletes a manifest and every tag on it. Throws MANIFEST_UNKNOWN. */
  async delete(repository: string, digest: string, mayDelete?: MayDelete): Promise<void> {
    const stored = await this.get(repository, digest)
    const manifest = parseStoredManifest(stored.bytes)
    await this.#ctx.locks.run(repository, async () => {
      const tags = await this.#tags.pointingTo(repository, digest)
      await mayDelete?.({ artifactType: referrerType(manifest), tags })
      await settleAll(tags.map((tag) => this.#tags.remove(repository, tag, { from: digest })))
      await this.remove(repository, digest, manifest)
      if (!this.#ctx.store.shared || (await this.#tags.pointingTo(repository, digest)).length === 0) return
      // Another process has set a tag in the meantime. The tag wins, so the manifest is restored: see `#setTags`.
      await this.#store(repository, stored, manifest)
    })
  }

  /** Removes an untagged manifest. The caller holds the repository's lock or has announced the deletion. */
  async remove(repository: string, digest: string, manifest: Manifest | Index): Promise<void> {
    const key = manifestKey(repository, digest)
    await this.#populated.update(manifestsFolder(repository), () =>
      this.#stats.update(key, () => this.#ctx.store.delete(key)),
    )
    await this.#referrers.remove(repository, manifest, digest)
    if (!this.#ctx.store.shared || !manifest.subject) return
    // Another process may have stored the manifest again before its referrer entry was removed.
    const stat = await this.#stat(repository, digest)
    if (!stat) return
    const descriptor = { mediaType: mediaTypeOf(manifest), digest, size: stat.size }
    await this.#referrers.add(repository, manifest, descriptor)
  }

  /**
   * Stores a manifest unless a fresh one is there. When this resolves, the manifest and all it needs exist, and no
   * collection deletes them while it is young: see `PendingDeletions`. The caller holds the repository's lock.
   */
  async #store(repository: string, stored: StoredManifest, manifest: Manifest | Index): Promise<void> {
    const { descriptor, bytes } = stored
    const { digest } = descriptor
    const before = await this.#stat(repository, digest)
    if (!before) await this.#checkBlobs(repository, requiredBlobs(manifest))
    // An index may be pushed before the manifests it lists, but those that exist must stay.
    const children = isIndex(manifest)
      ? await this.#existing(repository, digestsOf(successors(manifest)))
      : []
    if (!before || !isFresh(this.#ctx, before.modified)) {
      await this.#referrers.add(repository, manifest, descriptor)
      await this.#write(repository, digest, bytes)
    }
    let written = !before
    for (let attempt = 0; ; attempt++) {
      try {
        // Even for a fresh manifest: the push that wrote it may still be waiting for a collection that missed it.
        await this.#settle(repository, manifest, digest, children)
      } catch (error) {
        if (written) await this.#withdraw(repository, stored, manifest)
        throw error
      }
      if (await this.has(repository, digest)) break
      if (attempt === ATTEMPTS) throw busy(`the manifest ${digest} keeps being deleted: push it again`)
      // Another process has deleted it. A collection may since have deleted what it needs, so settle again.
      await this.#write(repository, digest, bytes)
      written = true
    }
    // Last: a concurrent `remove` that deletes the entry later finds the manifest and restores the entry.
    if (await this.#referrers.lacks(repository, manifest, digest)) {
      await this.#referrers.add(repository, manifest, descriptor)
    }
    this.#contents.set(digest, { descriptor, bytes })
  }

  /** Waits for collections that are about to delete the manifest or its content, then checks that all of it exists. */
  async #settle(
    repository: string,
    manifest: Manifest | Index,
    digest: string,
    children: readonly string[],
  ): Promise<void> {
    await this.#ctx.pendingDeletions.settled([digest, ...digestsOf(successors(manifest))])
    await this.#checkBlobs(repository, requiredBlobs(manifest))
    const existing = new Set(await this.#existing(repository, children))
    const lost = children.find((child) => !existing.has(child))
    if (lost !== undefined) throw blobUnknown(`the manifest ${lost}`)
  }

  /**
   * Removes a manifest whose content is missing. Restores it if another process has tagged it in the meantime: that
   * one has found the content.
   */
  async #withdraw(repository: string, { descriptor, bytes }: StoredManifest, manifest: Manifest | Index) {
    const { digest } = descriptor
    await this.remove(repository, digest, manifest)
    if (!this.#ctx.store.shared || (await this.#tags.pointingTo(repository, digest)).length === 0) return
    await this.#referrers.add(repository, manifest, descriptor)
    await this.#write(repository, digest, bytes)
  }

  async #setTags(
    repository: string,
    stored: StoredManifest,
    tags: readonly string[],
    mayMove?: MayMove,
  ): Promise<void> {
    const { descriptor } = stored
    await settleAll(
      tags.map(async (tag) => {
        await this.#refreshTarget(repository, tag, descriptor.digest)
        await this.#tags.set(repository, tag, descriptor, mayMove)
      }),
    )
    if (tags.length === 0 || !this.#ctx.store.shared) return
    // While it was untagged, another process may have deleted it, and a collection then what it needs.
    const manifest = parseStoredManifest(stored.bytes)
    try {
      if (await this.has(repository, descriptor.digest)) {
        await this.#settle(repository, manifest, descriptor.digest, [])
      } else await this.#store(repository, stored, manifest)
    } catch (error) {
      if (!(error instanceof RegistryError && error.code === 'MANIFEST_BLOB_UNKNOWN')) throw error
      const from = descriptor.digest
      await settleAll(tags.map((tag) => this.#tags.remove(repository, tag, { from })))
      await this.#withdraw(repository, stored, manifest)
      throw error
    }
  }

  /**
   * Rewrites an old manifest that a tag is about to leave, so that clients that have just resolved the tag can still
   * pull it for a while.
   */
  async #refreshTarget(repository: string, tag: string, next?: string): Promise<void> {
    const digest = (await this.#tags.get(repository, tag))?.digest
    if (digest === undefined || digest === next) return
    const stat = await this.#stat(repository, digest)
    if (!stat || isFresh(this.#ctx, stat.modified)) return
    const stored = await this.#ctx.store.get(manifestKey(repository, digest))
    // Another process may have deleted it just now.
    if (stored) await this.#write(repository, digest, stored.bytes)
  }

  async #write(repository: string, digest: string, bytes: Uint8Array): Promise<void> {
    const key = manifestKey(repository, digest)
    const write = () => this.#stats.update(key, () => this.#ctx.store.put(key, bytes))
    await this.#populated.update(manifestsFolder(repository), write, POPULATED)
  }

  async #stat(repository: string, digest: string): Promise<Stat | undefined> {
    const key = manifestKey(repository, digest)
    return this.#stats.get(key, () => this.#ctx.store.stat(key))
  }

  async #load(repository: string, digest: string): Promise<StoredManifest> {
    const bytes = (await this.#ctx.store.get(manifestKey(repository, digest)))?.bytes
    if (!bytes) throw unknownManifest(repository, digest)
    const mediaType = mediaTypeOf(parseStoredManifest(bytes))
    const stored = { descriptor: { mediaType, digest, size: bytes.byteLength }, bytes }
    this.#contents.set(digest, stored)
    return stored
  }

  async #checkBlobs(repository: string, digests: readonly string[]): Promise<void> {
    const found = await inSlices(digests, (digest) => this.#blobs.has(repository, digest))
    const missing = found.indexOf(false)
    if (missing !== -1) throw blobUnknown(`the blob ${digests[missing]}`)
  }

  async #existing(repository: string, digests: readonly string[]): Promise<string[]> {
    const found = await inSlices(digests, (digest) => this.has(repository, digest))
    return digests.filter((_, at) => found[at])
  }
}

/** Like `Promise.all`, with other requests taking turns where there are many items. */
async function inSlices<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let at = 0; at < items.length; at += CHECKED_AT_ONCE) {
    results.push(...(await Promise.all(items.slice(at, at + CHECKED_AT_ONCE).map(work))))
  }
  return results
}

function digestsOf(descriptors: readonly Descriptor[]): string[] {
  return [...new Set(descriptors.map(({ digest }) => digest))]
}

/** Returns the blobs that a repository must have for a manifest. Those with URLs may be stored elsewhere. */
export function requiredBlobs(manifest: Manifest | Index): string[] {
  if (isIndex(manifest)) return []
  const needed = successors(manifest).filter(({ urls }) => !urls?.length)
  return digestsOf(needed)
}

export function blobUnknown(needed: string): RegistryError {
  return new RegistryError(
    'MANIFEST_BLOB_UNKNOWN',
    `the manifest needs ${needed}, which is missing: push it first`,
  )
}

export function unknownTag(repository: string, tag: string): RegistryError {
  return new RegistryError('MANIFEST_UNKNOWN', `${repository} has no tag ${tag}`)
}

export function unknownManifest(repository: string, digest: string): RegistryError {
  return new RegistryError('MANIFEST_UNKNOWN', `${repository} has no manifest ${digest}`)
}
