/**
 * Garbage collection, while others push and pull: first what the repositories do not need, manifests and links to
 * blobs, then the blobs that no repository links any more. What is younger than the grace period stays.
 */

import type { Blobs } from '../blobs.ts'
import { mapConcurrently } from '../concurrency.ts'
import { freshFor, type RegistryContext } from '../context.ts'
import { BLOBS, blobKey, digestOfName, linksFolder } from '../keys.ts'
import type { Manifests } from '../manifests.ts'
import { repositoriesOf } from '../repositories.ts'
import type { Tags } from '../tags.ts'
import type { Uploads } from '../uploads.ts'
import { type Garbage, type Marking, markRepository } from './mark.ts'

export type CollectOptions = {
  /** Find out what would be removed, and remove nothing. */
  dryRun?: boolean
  /** Digests of manifests of a repository that are needed, besides those that have tags. */
  roots?: (repository: string) => Promise<Iterable<string>>
  /** What was needed since then stays, however short the grace period is, in milliseconds since 1970. */
  keepSince?: number | undefined
  /** Is told of each thing that goes. */
  onRemoved?: (removed: Removed) => void
}

export type Removed =
  | { kind: 'manifest' | 'link'; repository: string; digest: string }
  | { kind: 'blob'; digest: string; size: number }

/** What a collection has done, or, dry, would do. */
export type Collection = {
  dryRun: boolean
  manifests: number
  /** Blobs that repositories no longer have, though others may. */
  links: number
  blobs: number
  /** What the blobs and manifests took, in bytes. */
  bytes: number
  /** Uploads that nobody has gone on with. */
  uploads: number
  milliseconds: number
  /** Repositories in which nothing was removed, and why. */
  skipped: { repository: string; reason: string }[]
  /** Whether it was cut short, as another process collects in the same store. */
  interrupted: boolean
}

/** The times of what is stored are behind the clock, in milliseconds: files have the kernel's last tick, S3 has seconds. */
const LAG = { files: 20, shared: 1000 }

type Parts = { blobs: Blobs; manifests: Manifests; tags: Tags; uploads: Uploads }

/** So many blobs are condemned at once: those who push one of them wait until all of these are dealt with. */
const CONDEMNED_AT_ONCE = 5000

export async function collectGarbage(
  ctx: RegistryContext,
  parts: Parts,
  options: CollectOptions = {},
): Promise<Collection> {
  return new Collector(ctx, parts, options).run()
}

class Collector {
  readonly #ctx: RegistryContext
  readonly #parts: Parts
  readonly #options: CollectOptions
  readonly #marking: Marking
  readonly #result: Collection
  /** The links that a dry run would remove, as `<repository>@<digest>`. */
  readonly #unlinked = new Set<string>()

  constructor(ctx: RegistryContext, parts: Parts, options: CollectOptions) {
    this.#ctx = ctx
    this.#parts = parts
    this.#options = options
    const { roots = async () => [], keepSince = Number.POSITIVE_INFINITY } = options
    const kept = keepSince - freshFor(ctx)
    const old = ctx.now() - ctx.grace
    const cutoff = Math.min(old, kept - (ctx.store.shared ? LAG.shared : LAG.files))
    const askedSince = Math.min(old, kept)
    this.#marking = { ctx, blobs: parts.blobs, tags: parts.tags, roots, cutoff, askedSince }
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

  async run(): Promise<Collection> {
    const start = performance.now()
    const { cutoff } = this.#marking
    if (!this.#result.dryRun) {
      await this.#ctx.condemned.tidy()
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
      const digests = [...garbage.manifests, ...garbage.referrers].map(({ digest }) => digest)
      digests.push(...garbage.links)
      if (digests.length === 0) return
      await this.#condemned(digests, async (mayGoOn) => {
        // Seen now, after the list of the condemned: see there.
        const still = await markRepository(this.#marking, repository)
        await this.#removeFrom(repository, inBoth(garbage, still), mayGoOn)
      })
    } catch (error) {
      this.#result.skipped.push({ repository, reason: (error as Error).message })
    }
  }

  async #removeFrom(repository: string, garbage: Garbage, mayGoOn: () => boolean): Promise<void> {
    const { dryRun } = this.#result
    // Manifests first: while they are there, so is what they need.
    await mapConcurrently(garbage.manifests, async ({ digest, manifest, size }) => {
      if (!mayGoOn()) return
      if (!dryRun) await this.#parts.manifests.remove(repository, digest, manifest)
      this.#result.manifests++
      this.#result.bytes += size
      this.#options.onRemoved?.({ kind: 'manifest', repository, digest })
    })
    await mapConcurrently(garbage.links, async (digest) => {
      if (!mayGoOn()) return
      if (dryRun) this.#unlinked.add(`${repository}@${digest}`)
      else await this.#parts.blobs.unlink(repository, digest)
      this.#result.links++
      this.#options.onRemoved?.({ kind: 'link', repository, digest })
    })
    await mapConcurrently(garbage.referrers, async ({ key }) => {
      if (mayGoOn() && !dryRun) await this.#ctx.store.delete(key)
    })
  }

  async #collectBlobs(): Promise<void> {
    let batch: string[] = []
    const linked = await this.#linkedBlobs()
    for await (const digest of this.#storedBlobs()) {
      if (linked.has(fingerprint(digest)) || !(await this.#oldSize(digest))) continue
      if (batch.push(digest) < CONDEMNED_AT_ONCE) continue
      await this.#removeBlobs(batch)
      batch = []
    }
    if (batch.length > 0) await this.#removeBlobs(batch)
  }

  async #removeBlobs(digests: readonly string[]): Promise<void> {
    const { dryRun } = this.#result
    await this.#condemned(digests, async (mayGoOn) => {
      const linked = await this.#linkedBlobs()
      await mapConcurrently(digests, async (digest) => {
        const stat = await this.#oldSize(digest)
        if (!stat || linked.has(fingerprint(digest)) || !mayGoOn()) return
        if (!dryRun) await this.#parts.blobs.remove(digest)
        this.#result.blobs++
        this.#result.bytes += stat.size
        this.#options.onRemoved?.({ kind: 'blob', digest, size: stat.size })
      })
    })
  }

  async #condemned(
    digests: readonly string[],
    work: (mayGoOn: () => boolean) => Promise<void>,
  ): Promise<void> {
    if (this.#result.dryRun) return work(() => true)
    const done = await this.#ctx.condemned.run(digests, async (mayGoOn) => {
      await work(mayGoOn)
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

  /** The fingerprints of all blobs that a repository links. */
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

  /** undefined for a blob that is young, or not there. */
  async #oldSize(digest: string): Promise<{ size: number } | undefined> {
    const stat = await this.#ctx.store.stat(blobKey(digest))
    return stat && stat.modified < this.#marking.cutoff ? stat : undefined
  }
}

/**
 * 52 bits of a digest: a set of a million of these takes a tenth of what the digests would. Where two digests have the
 * same, one that is garbage may stay because of the other; that harms nobody.
 */
function fingerprint(digest: string): number {
  const hex = digest.slice(digest.indexOf(':') + 1)
  return Number.parseInt(hex.slice(0, 13), 16)
}

function inBoth(one: Garbage, other: Garbage): Garbage {
  const manifests = new Set(other.manifests.map(({ digest }) => digest))
  const links = new Set(other.links)
  const referrers = new Set(other.referrers.map(({ key }) => key))
  return {
    manifests: one.manifests.filter(({ digest }) => manifests.has(digest)),
    links: one.links.filter((digest) => links.has(digest)),
    referrers: one.referrers.filter(({ key }) => referrers.has(key)),
  }
}
