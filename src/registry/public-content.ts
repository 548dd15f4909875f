/**
 * Finds out what is public in a repository: what the guard says, what other tags lead to, and what refers to that, such
 * as signatures.
 */
import { setImmediate } from 'node:timers/promises'
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
/** What one question may look at: what is not found by then is hidden. */
const MOST_STEPS = 500_000
/** After these, other requests have their turn. */
const STEPS_AT_ONCE = 500

/** What has been found out for one question, so that nothing is looked at twice, however tags and indexes lead to it. */
type Question = {
  guard: ReadGuard
  repository: string
  /** Whether a manifest is public; with `tagged` before it, where a public tag leads to it. */
  known: Map<string, boolean>
  /** The tags that lead to each manifest. */
  tags: ReadonlyMap<string, readonly string[]> | undefined
  steps: number
}

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
      if (guard.seesAllOf(name) || (await this.#hasAnyTag(guard, name))) found.push(name)
    }
    return found
  }

  async #hasAnyTag(guard: ReadGuard, repository: string): Promise<boolean> {
    const question = ask(guard, repository)
    for (const tag of await this.#registry.tags.list(repository)) {
      if (await this.#hasTag(question, tag)) return true
    }
    return false
  }

  /** Returns the tags of what a client may read, in ASCII order. */
  async tags(guard: ReadGuard, repository: string): Promise<string[]> {
    const tags = await this.#registry.tags.list(repository)
    if (guard.seesAllOf(repository)) return tags
    const question = ask(guard, repository)
    const seen: string[] = []
    for (const tag of tags) if (await this.#hasTag(question, tag)) seen.push(tag)
    return seen
  }

  async hasTag(guard: ReadGuard, repository: string, tag: string): Promise<boolean> {
    return guard.seesAllOf(repository) || this.#hasTag(ask(guard, repository), tag)
  }

  async #hasTag(question: Question, tag: string): Promise<boolean> {
    const { guard, repository } = question
    if (!guard.seesPartOf(repository) || !(await this.#isPublicTag(question, tag))) return false
    const target = await this.#registry.tags.get(repository, tag)
    return target !== undefined && this.#isPublic(question, target.digest, true)
  }

  async hasManifest(guard: ReadGuard, repository: string, digest: string): Promise<boolean> {
    if (guard.seesAllOf(repository)) return true
    return guard.seesPartOf(repository) && this.#isPublic(ask(guard, repository), digest)
  }

  async hasBlob(guard: ReadGuard, repository: string, digest: string): Promise<boolean> {
    if (guard.seesAllOf(repository)) return true
    if (!guard.seesPartOf(repository)) return false
    if (await guard.isPublic(repository, digest)) return true
    const question = ask(guard, repository)
    for (const manifest of await this.#registry.manifests.digests(repository)) {
      if (!(await hasMoreSteps(question))) return false
      const facts = await this.#factsOf(repository, manifest)
      if (facts && !facts.isIndex && facts.needs.has(digest) && (await this.#isPublic(question, manifest)))
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
  async #isPublic(question: Question, digest: string, tagged = false): Promise<boolean> {
    const key = `${tagged ? 'tagged ' : ''}${digest}`
    const known = question.known.get(key)
    if (known !== undefined) return known
    // Until it is known: nothing is public by itself.
    question.known.set(key, false)
    const found = await this.#findOut(question, digest, tagged)
    question.known.set(key, found)
    return found
  }

  async #findOut(question: Question, digest: string, tagged: boolean): Promise<boolean> {
    const { guard, repository } = question
    if (!(await hasMoreSteps(question))) return false
    if (await guard.isPublic(repository, digest)) return true
    const facts = await this.#factsOf(repository, digest)
    if (!facts || guard.hidesType(facts.type)) return false
    if (facts.subject !== undefined) return this.#isPublic(question, facts.subject)
    return tagged || this.#isReached(question, digest)
  }

  /** Whether a public tag leads to a manifest, directly or through indexes. */
  async #isReached(question: Question, digest: string): Promise<boolean> {
    question.tags ??= tagsByTarget(await this.#registry.tags.entries(question.repository))
    for (const tag of question.tags.get(digest) ?? []) if (await this.#isPublicTag(question, tag)) return true
    const seen = new Set<string>()
    for (const [target, tags] of question.tags) {
      if (!(await this.#lists(question, target, digest, seen))) continue
      if (!(await this.#isPublic(question, target, true))) continue
      for (const tag of tags) if (await this.#isPublicTag(question, tag)) return true
    }
    return false
  }

  /** `seen`: the manifests that do not list it. */
  async #lists(question: Question, index: string, digest: string, seen: Set<string>): Promise<boolean> {
    if (seen.has(index) || !(await hasMoreSteps(question))) return false
    const facts = await this.#factsOf(question.repository, index)
    if (facts?.isIndex) {
      if (facts.needs.has(digest)) return true
      for (const child of facts.needs) if (await this.#lists(question, child, digest, seen)) return true
    }
    seen.add(index)
    return false
  }

  async #isPublicTag(question: Question, tag: string): Promise<boolean> {
    if (question.guard.hidesTag(tag) || !(await hasMoreSteps(question))) return false
    const subject = subjectOfTag(tag)
    return subject === undefined || this.#isPublic(question, subject)
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

function ask(guard: ReadGuard, repository: string): Question {
  return { guard, repository, known: new Map(), tags: undefined, steps: 0 }
}

async function hasMoreSteps(question: Question): Promise<boolean> {
  if (++question.steps % STEPS_AT_ONCE === 0) await setImmediate()
  return question.steps < MOST_STEPS
}

function tagsByTarget(entries: readonly [tag: string, target: { digest: string }][]): Map<string, string[]> {
  const byTarget = Map.groupBy(entries, ([, { digest }]) => digest)
  return new Map([...byTarget].map(([digest, found]) => [digest, found.map(([tag]) => tag)]))
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
