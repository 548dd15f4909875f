import { type Content, readAll, type Stream, streamOf, verified } from '../oci/content.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { looksLikeDigest } from '../oci/digest.ts'
import { isNotFound, OciError } from '../oci/errors.ts'
import { MAX_MANIFEST_BYTES } from '../oci/manifest.ts'
import { isManifestType } from '../oci/media-types.ts'
import { checkReference } from '../oci/reference.ts'
import type { Repository } from '../oci/roles.ts'
import type { Blobs } from './blobs.ts'
import { REGISTRY_ERRORS, RegistryError } from './errors.ts'
import type { Manifests } from './manifests.ts'
import type { Referrers } from './referrers.ts'
import type { Tags } from './tags.ts'

/** Blobs up to this size are buffered and stored with one write. */
const SMALL = 1024 * 1024

type Parts = { blobs: Blobs; manifests: Manifests; referrers: Referrers; tags: Tags }

/** A repository of the embedded registry as an OCI target, used within the process without HTTP. */
export class EmbeddedRepository implements Repository {
  readonly #registry: Parts
  readonly #name: string

  constructor(registry: Parts, name: string) {
    this.#registry = registry
    this.#name = name
  }

  async fetch({ mediaType, digest }: Descriptor): Promise<Stream> {
    return translated(async () => {
      if (!isManifestType(mediaType)) return this.#registry.blobs.read(this.#name, digest)
      return streamOf((await this.#registry.manifests.get(this.#name, digest)).bytes)
    })
  }

  async exists({ mediaType, digest }: Descriptor): Promise<boolean> {
    if (isManifestType(mediaType)) return this.#registry.manifests.has(this.#name, digest)
    return this.#registry.blobs.has(this.#name, digest)
  }

  async push(expected: Descriptor, content: Content): Promise<void> {
    const { mediaType, digest, size } = expected
    await translated(async () => {
      if (isManifestType(mediaType)) {
        const bytes = await readAll(verified(content, expected), MAX_MANIFEST_BYTES)
        await this.#registry.manifests.put(this.#name, bytes, { contentType: mediaType, digest })
      } else if (size <= SMALL) {
        const bytes = await readAll(verified(content, expected), SMALL)
        await this.#registry.blobs.put(this.#name, digest, bytes)
      } else {
        await this.#registry.blobs.putStream(this.#name, expected, content)
      }
    })
  }

  async mount({ mediaType, digest }: Descriptor, from: string): Promise<boolean> {
    if (isManifestType(mediaType)) return false
    return translated(() => this.#registry.blobs.mount(this.#name, digest, from))
  }

  async resolve(reference: string): Promise<Descriptor> {
    checkReference(reference)
    return translated(async () => {
      const { manifests } = this.#registry
      const found = looksLikeDigest(reference)
        ? await manifests.get(this.#name, reference)
        : await manifests.getTagged(this.#name, reference)
      return found.descriptor
    })
  }

  async tag(descriptor: Descriptor, ...tags: string[]): Promise<void> {
    for (const tag of tags) checkReference(tag)
    await translated(() => this.#registry.manifests.tag(this.#name, descriptor.digest, tags))
  }

  async untag(tag: string): Promise<void> {
    await ignoringNotFound(translated(() => this.#registry.manifests.untag(this.#name, tag)))
  }

  async delete({ mediaType, digest }: Descriptor): Promise<void> {
    if (isManifestType(mediaType)) {
      await ignoringNotFound(translated(() => this.#registry.manifests.delete(this.#name, digest)))
    } else {
      await this.#registry.blobs.delete(this.#name, digest)
    }
  }

  async *tags(): AsyncGenerator<string> {
    if (!(await this.#registry.manifests.any(this.#name))) {
      throw new OciError('not_found', `there is no repository ${this.#name}`)
    }
    yield* await this.#registry.tags.list(this.#name)
  }

  referrers(digest: string, artifactType?: string): AsyncGenerator<Descriptor> {
    return this.#registry.referrers.list(this.#name, digest, { artifactType })
  }
}

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    throw new OciError(REGISTRY_ERRORS[error.code].oci, error.message, error)
  }
}

async function ignoringNotFound(work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}
