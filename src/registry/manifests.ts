/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests */
import { LRUCache } from 'lru-cache'
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
import { settleAll } from './concurrency.ts'
import { isFresh, type RegistryContext } from './context.ts'
import { busy, RegistryError } from './errors.ts'
import { manifestKey, manifestsFolder } from './keys.ts'
import { checkedManifest, mediaTypeOf } from './manifest-type.ts'
import type { Referrers } from './referrers.ts'
import { Remembered } from './remembered.ts'
import type { Stat } from './store/blob-store.ts'
import type { MayMove, Tags } from './tags.ts'

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
const REMEMBERED_BYTES = 64 * 1024 * 1024
const REMEMBERED_KEYS = 100_000
const INHABITED = {}
/** A manifest that another process deletes while it is pushed is written again: more than a few times would be odd. */
const ATTEMPTS = 5

/** Manifests, their tags, and what they need. Whatever changes more than one object of a repository is here. */
export class Manifests {
  readonly #ctx: RegistryContext
  readonly #blobs: Blobs
  readonly #tags: Tags
  readonly #referrers: Referrers
  /** By digest: what a digest stands for never changes. Whether a repository has it is another question. */
  readonly #contents = new LRUCache<string, StoredManifest>({
    maxSize: REMEMBERED_BYTES,
    sizeCalculation: ({ bytes }) => bytes.byteLength + 512,
  })
  readonly #stats: Remembered<Stat>
  /** Repositories that have manifests, by the folder of those. */
  readonly #inhabited: Remembered<object>

  constructor(ctx: RegistryContext, blobs: Blobs, tags: Tags, referrers: Referrers) {
    this.#ctx = ctx
    this.#blobs = blobs
    this.#tags = tags
    this.#referrers = referrers
    this.#stats = new Remembered(ctx.store.shared, { entries: REMEMBERED_KEYS })
    this.#inhabited = new Remembered(ctx.store.shared, { entries: REMEMBERED_KEYS })
  }

  /** Throws MANIFEST_UNKNOWN. */
  async get(repository: string, digest: string): Promise<StoredManifest> {
    if (!(await this.has(repository, digest))) throw unknownManifest(repository, digest)
    return this.#contents.get(digest) ?? this.#load(repository, digest)
  }

  /** The manifest that a tag points to. Throws MANIFEST_UNKNOWN. */
  async getTagged(repository: string, tag: string): Promise<StoredManifest> {
    const descriptor = await this.#tags.get(repository, tag)
    if (!descriptor) throw new RegistryError('MANIFEST_UNKNOWN', `${repository} has no tag ${tag}`)
    // A tag goes before its manifest: where the one is, the other is.
    return this.#contents.get(descriptor.digest) ?? this.#load(repository, descriptor.digest)
  }

  async has(repository: string, digest: string): Promise<boolean> {
    return (await this.#stat(repository, digest)) !== undefined
  }

  /** Whether there is any manifest: then the repository exists. */
  async any(repository: string): Promise<boolean> {
    const folder = manifestsFolder(repository)
    const found = await this.#inhabited.get(folder, async () => {
      const [first] = await this.#ctx.store.list(folder, { limit: 1 })
      return first && INHABITED
    })
    return found !== undefined
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
    const tags = options.tags ?? []
    const mayMove: MayMove = async (tag, from) => options.maySetTag?.(tag, { from, to: digest })
    await this.#ctx.locks.run(repository, async () => {
      for (const tag of tags) await mayMove(tag, (await this.#tags.get(repository, tag))?.digest)
      await this.#store(repository, { descriptor, bytes }, manifest)
      await this.#setTags(repository, { descriptor, bytes }, tags, mayMove)
    })
    return { descriptor, subject: manifest.subject?.digest }
  }

  /** Points tags to a manifest that is there. Throws MANIFEST_UNKNOWN. */
  async tag(repository: string, digest: string, tags: readonly string[]): Promise<void> {
    const stored = await this.get(repository, digest)
    await this.#ctx.locks.run(repository, async () => {
      if (!(await this.has(repository, digest))) throw unknownManifest(repository, digest)
      await this.#store(repository, stored, parseManifest(stored.bytes))
      await this.#setTags(repository, stored, tags)
    })
  }

  /** Removes a tag and leaves its manifest. `mayMove` throws to keep it. Throws MANIFEST_UNKNOWN. */
  async untag(repository: string, tag: string, mayMove?: MayMove): Promise<void> {
    await this.#ctx.locks.run(repository, async () => {
      await this.#refreshTarget(repository, tag)
      if (!(await this.#tags.remove(repository, tag, { mayMove }))) {
        throw new RegistryError('MANIFEST_UNKNOWN', `${repository} has no tag ${tag}`)
      }
    })
  }

  /** Deletes a manifest and every tag on it. Throws MANIFEST_UNKNOWN. */
  async delete(repository: string, digest: string, mayDelete?: MayDelete): Promise<void> {
    const stored = await this.get(repository, digest)
    const manifest = parseManifest(stored.bytes)
    await this.#ctx.locks.run(repository, async () => {
      const tags = await this.#tags.on(repository, digest)
      await mayDelete?.({ artifactType: referrerType(manifest), tags })
      await settleAll(tags.map((tag) => this.#tags.remove(repository, tag, { from: digest })))
      await this.remove(repository, digest, manifest)
      if (!this.#ctx.store.shared || (await this.#tags.on(repository, digest)).length === 0) return
      // Another process has set a tag meanwhile, which wins: see `#setTags`.
      await this.#store(repository, stored, manifest)
    })
  }

  /** Removes a manifest that has no tags. The caller holds the repository's lock, or has condemned it. */
  async remove(repository: string, digest: string, manifest: Manifest | Index): Promise<void> {
    const key = manifestKey(repository, digest)
    await this.#inhabited.change(manifestsFolder(repository), () =>
      this.#stats.change(key, () => this.#ctx.store.delete(key)),
    )
    await this.#referrers.remove(repository, manifest, digest)
    if (!this.#ctx.store.shared || !manifest.subject) return
    // Another process may have stored it again meanwhile, and believe that the entry is there.
    const stat = await this.#stat(repository, digest)
    if (!stat) return
    const descriptor = { mediaType: mediaTypeOf(manifest), digest, size: stat.size }
    await this.#referrers.add(repository, manifest, descriptor)
  }

  /**
   * Stores a manifest unless it is there and young. When it resolves, it and what it needs are there, and no collection
   * takes them while it is young: see `Condemned`. The caller holds the repository's lock.
   */
  async #store(repository: string, stored: StoredManifest, manifest: Manifest | Index): Promise<void> {
    const { descriptor, bytes } = stored
    const { digest } = descriptor
    const before = await this.#stat(repository, digest)
    if (!before) await this.#checkBlobs(repository, blobsOf(manifest))
    // An index may come before what it lists; what is there has to stay.
    const children = isIndex(manifest) ? await this.#thoseThere(repository, successors(manifest)) : []
    if (!before || !isFresh(this.#ctx, before.modified)) {
      await this.#referrers.add(repository, manifest, descriptor)
      await this.#write(repository, digest, bytes)
    }
    let ours = !before
    for (let attempt = 0; ; attempt++) {
      try {
        // Young or not: whoever wrote it may still wait for a collection that has not seen it.
        await this.#settle(repository, manifest, digest, children)
      } catch (error) {
        if (ours) await this.#withdraw(repository, stored, manifest)
        throw error
      }
      if (await this.has(repository, digest)) break
      if (attempt === ATTEMPTS)
        throw busy(`the manifest ${digest} is deleted by others all the time: try again`)
      // Another process has deleted it, and a collection may have seen it gone: what it needs may have gone since.
      await this.#write(repository, digest, bytes)
      ours = true
    }
    // After that: whoever removes both looks for the manifest when the entry is gone.
    if (await this.#referrers.lacks(repository, manifest, digest)) {
      await this.#referrers.add(repository, manifest, descriptor)
    }
    this.#contents.set(digest, { descriptor, bytes })
  }

  /** Waits for collections that are about to take a manifest or what it needs, and sees whether that is there. */
  async #settle(
    repository: string,
    manifest: Manifest | Index,
    digest: string,
    children: readonly Descriptor[],
  ): Promise<void> {
    await this.#ctx.condemned.settled([digest, ...successors(manifest).map((needed) => needed.digest)])
    await this.#checkBlobs(repository, blobsOf(manifest))
    const left = await this.#thoseThere(repository, children)
    const lost = children.find((child) => !left.includes(child))
    if (lost) throw blobUnknown(`the manifest ${lost.digest}`)
  }

  /** Removes a manifest that lacks what it needs, unless another process has got that, and has set a tag. */
  async #withdraw(repository: string, { descriptor, bytes }: StoredManifest, manifest: Manifest | Index) {
    const { digest } = descriptor
    await this.remove(repository, digest, manifest)
    if (!this.#ctx.store.shared || (await this.#tags.on(repository, digest)).length === 0) return
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
    // Another process may have deleted it while it had no tag yet, and a collection then what it needs.
    const manifest = parseManifest(stored.bytes)
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
   * Makes the manifest young that a tag is about to leave: clients that have just resolved the tag shall still find it
   * for a while.
   */
  async #refreshTarget(repository: string, tag: string, next?: string): Promise<void> {
    const digest = (await this.#tags.get(repository, tag))?.digest
    if (digest === undefined || digest === next) return
    const stat = await this.#stat(repository, digest)
    if (!stat || isFresh(this.#ctx, stat.modified)) return
    const stored = await this.#ctx.store.get(manifestKey(repository, digest))
    // Another process may just have deleted it.
    if (stored) await this.#write(repository, digest, stored.bytes)
  }

  async #write(repository: string, digest: string, bytes: Uint8Array): Promise<void> {
    const key = manifestKey(repository, digest)
    const write = () => this.#stats.change(key, () => this.#ctx.store.put(key, bytes))
    await this.#inhabited.change(manifestsFolder(repository), write, INHABITED)
  }

  async #stat(repository: string, digest: string): Promise<Stat | undefined> {
    const key = manifestKey(repository, digest)
    return this.#stats.get(key, () => this.#ctx.store.stat(key))
  }

  async #load(repository: string, digest: string): Promise<StoredManifest> {
    const bytes = (await this.#ctx.store.get(manifestKey(repository, digest)))?.bytes
    if (!bytes) throw unknownManifest(repository, digest)
    const mediaType = mediaTypeOf(parseManifest(bytes))
    const stored = { descriptor: { mediaType, digest, size: bytes.byteLength }, bytes }
    this.#contents.set(digest, stored)
    return stored
  }

  async #checkBlobs(repository: string, digests: readonly string[]): Promise<void> {
    const found = await Promise.all(digests.map((digest) => this.#blobs.has(repository, digest)))
    const missing = found.indexOf(false)
    if (missing !== -1) throw blobUnknown(`the blob ${digests[missing]}`)
  }

  async #thoseThere(repository: string, manifests: readonly Descriptor[]): Promise<Descriptor[]> {
    const found = await Promise.all(manifests.map(({ digest }) => this.has(repository, digest)))
    return manifests.filter((_, at) => found[at])
  }
}

/** The blobs that a repository has to have for a manifest: those that say where else they are need not be here. */
export function blobsOf(manifest: Manifest | Index): string[] {
  if (isIndex(manifest)) return []
  const needed = successors(manifest).filter(({ urls }) => !urls?.length)
  return [...new Set(needed.map(({ digest }) => digest))]
}

function blobUnknown(what: string): RegistryError {
  return new RegistryError('MANIFEST_BLOB_UNKNOWN', `the manifest needs ${what}: push that first`)
}

function unknownManifest(repository: string, digest: string): RegistryError {
  return new RegistryError('MANIFEST_UNKNOWN', `${repository} has no manifest ${digest}`)
}
