/**
 * Finds out what is public in a repository: what the guard says, what other tags lead to, and what refers to that, such
 * as signatures.
 */
import { LRUCache } from 'lru-cache'
import { isIndex, parseManifest, parseStoredManifest, referrerType, successors } from '../oci/manifest.ts'
import type { EmbeddedRegistry } from './embedded-registry.ts'
import { RegistryError } from './errors.ts'
import { blobUnknown, requiredBlobs } from './manifests.ts'
import type { ReadGuard } from './read-guard.ts'

/** What a manifest says. It never changes. */
type Facts = {
  type: string
  subject: string | undefined
  isIndex: boolean
  /** The digests of what it lists or consists of. */
  needs: ReadonlySet<string>
}

/** Digests in all cached facts. */
const CACHED_DIGESTS = 200_000
/** Referrers of referrers, and indexes in indexes. Deeper ones are hidden. */
const MOST_STEPS = 8

export class PublicContent {
  readonly #registry: EmbeddedRegistry
  readonly #facts = new LRUCache<string, Facts>({
    maxSize: CACHED_DIGESTS,
    sizeCalculation: ({ needs }) => needs.size + 1,
  })

  constructor(registry: EmbeddedRegistry) {
    this.#registry = registry
  }

  /** Returns the names of the repositories in which a client may read something, in ASCII order. */
  async repositories(guard: ReadGuard): Promise<string[]> {
    const found: string[] = []
    for (const name of await this.#registry.repositories()) {
      if (!guard.seesPartOf(name)) continue
      if (guard.seesAllOf(name) || (await this.tags(guard, name)).length > 0) found.push(name)
    }
    return found
  }

  /** Returns the tags of what a client may read, in ASCII order. */
  async tags(guard: ReadGuard, repository: string): Promise<string[]> {
    const tags = await this.#registry.tags.list(repository)
    if (guard.seesAllOf(repository)) return tags
    const seen: string[] = []
    for (const tag of tags) if (await this.hasTag(guard, repository, tag)) seen.push(tag)
    return seen
  }

  async hasTag(guard: ReadGuard, repository: string, tag: string): Promise<boolean> {
    if (guard.seesAllOf(repository)) return true
    if (!guard.seesPartOf(repository) || !(await this.#isPublicTag(guard, repository, tag, MOST_STEPS)))
      return false
    const target = await this.#registry.tags.get(repository, tag)
    return target !== undefined && this.#hasManifest(guard, repository, target.digest, MOST_STEPS, true)
  }

  async hasManifest(guard: ReadGuard, repository: string, digest: string): Promise<boolean> {
    if (guard.seesAllOf(repository)) return true
    return guard.seesPartOf(repository) && this.#hasManifest(guard, repository, digest, MOST_STEPS, false)
  }

  async hasBlob(guard: ReadGuard, repository: string, digest: string): Promise<boolean> {
    if (guard.seesAllOf(repository)) return true
    if (!guard.seesPartOf(repository)) return false
    if (await guard.isPublic(repository, digest)) return true
    for (const manifest of await this.#registry.manifests.digests(repository)) {
      const facts = await this.#factsOf(repository, manifest)
      if (
        facts &&
        !facts.isIndex &&
        facts.needs.has(digest) &&
        (await this.hasManifest(guard, repository, manifest))
      )
        return true
    }
    return false
  }

  /**
   * Throws for a manifest with a blob that the client has not shown to have: with its digest alone, the client would make
   * the content of a draft public.
   */
  async checkBlobs(guard: ReadGuard, repository: string, bytes: Uint8Array): Promise<void> {
    if (guard.seesAllOf(repository)) return
    const { blobs } = this.#registry
    for (const digest of blobsOf(bytes)) {
      if (!(await blobs.wasSent(repository, digest)) && !(await this.hasBlob(guard, repository, digest)))
        throw blobUnknown(`the blob ${digest}`)
    }
  }

  /** `tagged`: a public tag leads to it. */
  async #hasManifest(
    guard: ReadGuard,
    repository: string,
    digest: string,
    steps: number,
    tagged: boolean,
  ): Promise<boolean> {
    if (await guard.isPublic(repository, digest)) return true
    const facts = steps > 0 ? await this.#factsOf(repository, digest) : undefined
    if (!facts || guard.hidesType(facts.type)) return false
    if (facts.subject !== undefined) {
      return this.#hasManifest(guard, repository, facts.subject, steps - 1, false)
    }
    return tagged || this.#isReached(guard, repository, digest, steps)
  }

  /** Whether a public tag leads to a manifest, directly or through indexes. */
  async #isReached(guard: ReadGuard, repository: string, digest: string, steps: number): Promise<boolean> {
    for (const [tag, { digest: target }] of await this.#registry.tags.entries(repository)) {
      const leads = target === digest || (await this.#lists(repository, target, digest, steps))
      if (!leads || !(await this.#isPublicTag(guard, repository, tag, steps - 1))) continue
      if (target === digest || (await this.#hasManifest(guard, repository, target, steps - 1, true)))
        return true
    }
    return false
  }

  async #lists(repository: string, index: string, digest: string, steps: number): Promise<boolean> {
    const facts = steps > 0 ? await this.#factsOf(repository, index) : undefined
    if (!facts?.isIndex) return false
    if (facts.needs.has(digest)) return true
    for (const child of facts.needs) if (await this.#lists(repository, child, digest, steps - 1)) return true
    return false
  }

  async #isPublicTag(guard: ReadGuard, repository: string, tag: string, steps: number): Promise<boolean> {
    if (guard.hidesTag(tag)) return false
    const subject = subjectOfTag(tag)
    return subject === undefined || this.#hasManifest(guard, repository, subject, steps - 1, false)
  }

  async #factsOf(repository: string, digest: string): Promise<Facts | undefined> {
    if (!(await this.#registry.manifests.has(repository, digest))) return undefined
    const known = this.#facts.get(digest)
    if (known) return known
    try {
      const manifest = parseStoredManifest((await this.#registry.manifests.get(repository, digest)).bytes)
      const facts = {
        type: referrerType(manifest) ?? '',
        subject: manifest.subject?.digest,
        isIndex: isIndex(manifest),
        needs: new Set(
          isIndex(manifest) ? successors(manifest).map(({ digest }) => digest) : requiredBlobs(manifest),
        ),
      }
      this.#facts.set(digest, facts)
      return facts
    } catch (error) {
      // Deleted meanwhile.
      if (error instanceof RegistryError && error.code === 'MANIFEST_UNKNOWN') return undefined
      throw error
    }
  }
}

/** None for what is no manifest, which is refused as such. */
function blobsOf(bytes: Uint8Array): string[] {
  try {
    return requiredBlobs(parseManifest(bytes))
  } catch {
    return []
  }
}

/** The manifest that a tag of cosign, or of the spec's fallback for referrers, is about. */
function subjectOfTag(tag: string): string | undefined {
  const [, algorithm, hex] = /^(sha256|sha512)-([0-9a-f]{32,128})(?:\.[A-Za-z0-9_-]+)?$/.exec(tag) ?? []
  return hex === undefined ? undefined : `${algorithm}:${hex}`
}
