import { type Content, readAll, type Stream, streamOf, verified } from './content.ts'
import type { Descriptor } from './descriptor.ts'
import { looksLikeDigest } from './digest.ts'
import { OciError } from './errors.ts'
import { parseManifest, referrerType } from './manifest.ts'
import { isManifestType } from './media-types.ts'
import { checkReference } from './reference.ts'
import type { Registry, Repository } from './roles.ts'

type Entry = { descriptor: Descriptor; bytes: Uint8Array }

/** Keeps content in memory, for tests and as an intermediate store between copies. */
export class MemoryRepository implements Repository {
  readonly #content = new Map<string, Entry>()
  readonly #tags = new Map<string, string>()
  readonly #sibling: (name: string) => MemoryRepository | undefined

  /** `sibling` looks up another repository of the same registry. */
  constructor(sibling: (name: string) => MemoryRepository | undefined = () => undefined) {
    this.#sibling = sibling
  }

  get isEmpty(): boolean {
    return this.#content.size === 0
  }

  async fetch(descriptor: Descriptor): Promise<Stream> {
    return streamOf(this.#entry(descriptor.digest).bytes)
  }

  async exists(descriptor: Descriptor): Promise<boolean> {
    return this.#content.has(descriptor.digest)
  }

  async push(expected: Descriptor, content: Content): Promise<void> {
    const bytes = await readAll(verified(content, expected), expected.size)
    const { mediaType, digest, size } = expected
    this.#content.set(digest, { descriptor: { mediaType, digest, size }, bytes })
  }

  async mount({ mediaType, digest }: Descriptor, from: string): Promise<boolean> {
    const sibling = this.#sibling(from)
    if (isManifestType(mediaType) || !sibling || !sibling.#content.has(digest)) return false
    this.#content.set(digest, sibling.#entry(digest))
    return true
  }

  async resolve(reference: string): Promise<Descriptor> {
    checkReference(reference)
    const digest = looksLikeDigest(reference) ? reference : this.#tags.get(reference)
    return this.#entry(digest ?? reference).descriptor
  }

  async tag(descriptor: Descriptor, ...tags: string[]): Promise<void> {
    const { mediaType } = this.#entry(descriptor.digest).descriptor
    if (!isManifestType(mediaType)) throw new OciError('not_found', `${descriptor.digest} is not a manifest`)
    for (const tag of tags) {
      checkReference(tag)
      this.#tags.set(tag, descriptor.digest)
    }
  }

  async untag(tag: string): Promise<void> {
    this.#tags.delete(tag)
  }

  async delete(descriptor: Descriptor): Promise<void> {
    this.#content.delete(descriptor.digest)
    for (const [tag, digest] of this.#tags) if (digest === descriptor.digest) this.#tags.delete(tag)
  }

  async *tags(): AsyncGenerator<string> {
    if (this.#content.size === 0) throw new OciError('not_found', 'the repository does not exist')
    yield* [...this.#tags.keys()].sort()
  }

  async *referrers(digest: string, artifactType?: string): AsyncGenerator<Descriptor> {
    for (const { descriptor, bytes } of this.#content.values()) {
      if (!isManifestType(descriptor.mediaType)) continue
      const manifest = parseManifest(bytes)
      const type = referrerType(manifest)
      if (manifest.subject?.digest !== digest || (artifactType !== undefined && type !== artifactType))
        continue
      yield {
        ...descriptor,
        ...(type === undefined ? {} : { artifactType: type }),
        ...(manifest.annotations === undefined ? {} : { annotations: manifest.annotations }),
      }
    }
  }

  #entry(digest: string): Entry {
    const entry = this.#content.get(digest)
    if (!entry) throw new OciError('not_found', `${digest}: not found`)
    return entry
  }
}

export class MemoryRegistry implements Registry {
  readonly #repositories = new Map<string, MemoryRepository>()

  repository(name: string): MemoryRepository {
    const known = this.#repositories.get(name)
    if (known) return known
    const repository = new MemoryRepository((sibling) => this.#repositories.get(sibling))
    this.#repositories.set(name, repository)
    return repository
  }

  async repositories(): Promise<string[]> {
    return [...this.#repositories].flatMap(([name, repository]) => (repository.isEmpty ? [] : [name])).sort()
  }

  async ping(): Promise<void> {}
}
