/**
 * Garbage collection while clients push and pull: first the manifests and links to blobs that a repository does not
 * need, then the blobs to which no repository has a link. Anything younger than the grace period stays.
 */

import { mapConcurrently } from '../../core/concurrency.ts'
import type { Blobs } from '../blobs.ts'
import { freshFor, type RegistryContext } from '../context.ts'
import { BLOBS, blobKey, digestOfName, linksFolder } from '../keys.ts'
import type { Manifests } from '../manifests.ts'
import { repositoriesOf } from '../repositories.ts'
import type { Tags } from '../tags.ts'
import type { Uploads } from '../uploads.ts'
import { type Garbage, type Marking, markRepository } from './mark.ts'

export type CollectOptions = {
  /** Only find out what would be deleted. */
  dryRun?: boolean
  /** Returns the digests of manifests in a repository that are needed besides the tagged ones. */
  roots?: (repository: string) => Promise<Iterable<string>>
  /** Content that was needed since then stays even if the grace period is shorter, in milliseconds since 1970. */
  keepSince?: number | undefined
  /** Called for everything that is deleted, or would be. */
  onRemoved?: (removed: Removed) => void
}

export type Removed =
  | { kind: 'manifest' | 'link'; repository: string; digest: string }
  | { kind: 'blob'; digest: string; size: number }

/** The outcome of a collection: what was deleted, or would be by a dry run. */
export type CollectionReport = {
  dryRun: boolean
  manifests: number
  /** Links to blobs; the blobs themselves may stay for other repositories. */
  links: number
  blobs: number
  /** The size of the blobs and manifests. */
  bytes: number
  /** Unfinished uploads. */
  uploads: number
  milliseconds: number
  /** Repositories in which nothing was deleted, and why. */
  skipped: { repository: string; reason: string }[]
  /** True if it stopped early because another process is collecting in the same store. */
  interrupted: boolean
}

/** How far a store's timestamps lag behind the clock, in milliseconds: a kernel tick for files, a second in S3. */
const TIMESTAMP_LAG = { files: 20, shared: 1000 }

type Parts = { blobs: Blobs; manifests: Manifests; tags: Tags; uploads: Uploads }

/** Blobs deleted under one announcement. A push of any of them waits for the whole batch. */
const BATCH = 5000

export async function collectGarbage(
  ctx: RegistryContext,
  parts: Parts,
  options: CollectOptions = {},
): Promise<CollectionReport> {
  return new Collector(ctx, parts, options).run()
}

class Collector {
  readonly #ctx: RegistryContext
  readonly #parts: Parts
  readonly #options: CollectOptions
  readonly #marking: Marking
  readonly #result: CollectionReport
  /** The links that a dry run would remove, as `<repository>@<digest>`. */
  readonly #unlinked = new Set<string>()

  constructor(ctx: RegistryContext, parts: Parts, options: CollectOptions) {
    this.#ctx = ctx
    this.#parts = parts
    this.#options = options
    const { roots = async () => [], keepSince = Number.POSITIVE_INFINITY } = options
    const kept = keepSince - freshFor(ctx)
    const old = ctx.now() - ctx.grace
    const cutoff = Math.min(old, kept - (ctx.store.shared ? TIMESTAMP_LAG.shared : TIMESTAMP_LAG.files))
    const requestedSince = Math.min(old, kept)
    this.#marking = { ctx, blobs: parts.blobs, tags: parts.tags, roots, cutoff, requestedSince }
    this.#result = {
      dryRun: options.dryRun ?? false,
      manifests: 0,
      links: 0,
      blobs: 0,
      bytes: 0,
      uploads: 0,
      milliseconds: 0,
      skipped: [],
      interrupted: false,
    }
  }

  async run(): Promise<CollectionReport> {
    const start = performance.now()
    const { cutoff } = this.#marking
    if (!this.#result.dryRun) {
      await this.#ctx.pendingDeletions.tidy()
      const idle = await this.#parts.uploads.dropIdle(cutoff)
      this.#result.uploads = idle + (await this.#ctx.store.dropUnfinished(cutoff))
    }
    for await (const repository of repositoriesOf(this.#ctx.store)) {
      if (this.#result.interrupted) break
      await this.#collectRepository(repository)
    }
    if (!this.#result.interrupted) await this.#collectBlobs()
    this.#result.milliseconds = Math.round(performance.now() - start)
    return this.#result
  }

  async #collectRepository(repository: string): Promise<void> {
    try {
      const garbage = await markRepository(this.#marking, repository)
      const found = [...garbage.manifests, ...garbage.referrers].map(({ digest }) => digest)
      const digests = [...found, ...garbage.links]
      if (digests.length === 0) return
      await this.#announced(digests, async (mayContinue) => {
        // Check again now that the deletion is announced: see `PendingDeletions`.
        const still = await markRepository(this.#marking, repository)
        await this.#removeFrom(repository, intersection(garbage, still), mayContinue)
      })
    } catch (error) {
      this.#result.skipped.push({ repository, reason: (error as Error).message })
    }
  }

  async #removeFrom(repository: string, garbage: Garbage, mayContinue: () => boolean): Promise<void> {
    const { dryRun } = this.#result
    // Manifests first, so that no manifest loses what it needs before it is deleted itself.
    await mapConcurrently(garbage.manifests, async ({ digest, manifest, size }) => {
      if (!mayContinue()) return
      if (!dryRun) await this.#parts.manifests.remove(repository, digest, manifest)
      this.#result.manifests++
      this.#result.bytes += size
      this.#options.onRemoved?.({ kind: 'manifest', repository, digest })
    })
    await mapConcurrently(garbage.links, async (digest) => {
      if (!mayContinue()) return
      if (dryRun) this.#unlinked.add(`${repository}@${digest}`)
      else await this.#parts.blobs.unlink(repository, digest)
      this.#result.links++
      this.#options.onRemoved?.({ kind: 'link', repository, digest })
    })
    await mapConcurrently(garbage.referrers, async ({ key }) => {
      if (mayContinue() && !dryRun) await this.#ctx.store.delete(key)
    })
  }

  async #collectBlobs(): Promise<void> {
    let batch: string[] = []
    const linked = await this.#linkedBlobs()
    for await (const digest of this.#storedBlobs()) {
      if (linked.has(fingerprint(digest)) || !(await this.#oldSize(digest))) continue
      if (batch.push(digest) < BATCH) continue
      await this.#removeBlobs(batch)
      batch = []
    }
    if (batch.length > 0) await this.#removeBlobs(batch)
  }

  async #removeBlobs(digests: readonly string[]): Promise<void> {
    const { dryRun } = this.#result
    await this.#announced(digests, async (mayContinue) => {
      const linked = await this.#linkedBlobs()
      await mapConcurrently(digests, async (digest) => {
        const stat = await this.#oldSize(digest)
        if (!stat || linked.has(fingerprint(digest)) || !mayContinue()) return
        if (!dryRun) await this.#parts.blobs.remove(digest)
        this.#result.blobs++
        this.#result.bytes += stat.size
        this.#options.onRemoved?.({ kind: 'blob', digest, size: stat.size })
      })
    })
  }

  async #announced(
    digests: readonly string[],
    work: (mayContinue: () => boolean) => Promise<void>,
  ): Promise<void> {
    if (this.#result.dryRun) return work(() => true)
    const done = await this.#ctx.pendingDeletions.run(digests, async (mayContinue) => {
      await work(mayContinue)
      return true
    })
    this.#result.interrupted ||= !done
  }

  async *#storedBlobs(): AsyncGenerator<string> {
    const { store } = this.#ctx
    for (const { name: algorithm } of await store.list(BLOBS)) {
      for (const { name: shard } of await store.list(`${BLOBS}/${algorithm}`)) {
        for (const { name } of await store.list(`${BLOBS}/${algorithm}/${shard}`)) {
          const digest = digestOfName(`${algorithm}-${name}`)
          if (digest !== undefined) yield digest
        }
      }
    }
  }

  /** Returns the fingerprints of all blobs to which a repository has a link. */
  async #linkedBlobs(): Promise<Set<number>> {
    const linked = new Set<number>()
    for await (const repository of repositoriesOf(this.#ctx.store)) {
      for (const { name } of await this.#ctx.store.list(linksFolder(repository))) {
        const digest = digestOfName(name)
        if (digest === undefined || this.#unlinked.has(`${repository}@${digest}`)) continue
        linked.add(fingerprint(digest))
      }
    }
    return linked
  }

  /** Returns the size of a blob, or undefined if it is young or missing. */
  async #oldSize(digest: string): Promise<{ size: number } | undefined> {
    const stat = await this.#ctx.store.stat(blobKey(digest))
    return stat && stat.modified < this.#marking.cutoff ? stat : undefined
  }
}

/**
 * Returns 52 bits of a digest: a set of them takes a tenth of the memory of a set of digests. A collision does no harm;
 * an unneeded blob may stay because of it.
 */
function fingerprint(digest: string): number {
  const hex = digest.slice(digest.indexOf(':') + 1)
  return Number.parseInt(hex.slice(0, 13), 16)
}

function intersection(one: Garbage, other: Garbage): Garbage {
  const manifests = new Set(other.manifests.map(({ digest }) => digest))
  const links = new Set(other.links)
  const referrers = new Set(other.referrers.map(({ key }) => key))
  return {
    manifests: one.manifests.filter(({ digest }) => manifests.has(digest)),
    links: one.links.filter((digest) => links.has(digest)),
    referrers: one.referrers.filter(({ key }) => referrers.has(key)),
  }
}
