/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md */
import { type Content, readAll, type Stream, verified } from '../content.ts'
import type { Descriptor } from '../descriptor.ts'
import { checkDigest } from '../digest.ts'
import { OciError } from '../errors.ts'
import { MAX_MANIFEST_BYTES, parseManifest } from '../manifest.ts'
import { isManifestType } from '../media-types.ts'
import { checkReference, isTag } from '../reference.ts'
import { fetchAll, type Repository } from '../roles.ts'
import { hasBlob, mountBlob, pushBlob } from './blob-push.ts'
import { removeFromFallback } from './fallback-index.ts'
import { deleteBlob, deleteManifest, getManifest, headManifest, putManifest } from './manifests.ts'
import { paginate } from './pagination.ts'
import { hasReferrersApi, listReferrers, recordReferrer } from './referrers.ts'
import type { RepositoryClient } from './repository-client.ts'
import { checkDigestHeader, MAX_METADATA_BYTES, parseObject } from './response.ts'
import { isPlaceholder, removeTag } from './tag-removal.ts'
import { redacted } from './transport.ts'

/** A repository of a `RemoteRegistry`. */
export class RemoteRepository implements Repository {
  readonly #client: RepositoryClient

  constructor(client: RepositoryClient) {
    this.#client = client
  }

  /** Returns the content, verified while it is read. The stream must be read or closed. */
  async fetch(descriptor: Descriptor): Promise<Stream> {
    const { mediaType, digest } = descriptor
    checkDigest(digest)
    const manifest = isManifestType(mediaType)
    const response = await this.#client.send(`${manifest ? 'manifests' : 'blobs'}/${digest}`, [200], {
      headers: manifest ? { Accept: mediaType } : {},
      actions: ['pull'],
      redirects: true,
    })
    checkDigestHeader(response, digest)
    return verified(response.body, descriptor)
  }

  async exists(descriptor: Descriptor): Promise<boolean> {
    const { mediaType, digest } = descriptor
    checkDigest(digest)
    if (!isManifestType(mediaType)) return hasBlob(this.#client, digest, 'pull')
    return (await headManifest(this.#client, digest)) !== undefined
  }

  async push(expected: Descriptor, content: Content): Promise<void> {
    const { mediaType, digest } = expected
    checkDigest(digest)
    if (isManifestType(mediaType)) {
      await this.#pushManifest(expected, await readAll(verified(content, expected), MAX_MANIFEST_BYTES))
    } else if (!(await hasBlob(this.#client, digest, 'pull', 'push'))) {
      await pushBlob(this.#client, expected, content)
    }
  }

  async mount({ mediaType, digest }: Descriptor, from: string): Promise<boolean> {
    return isManifestType(mediaType) ? false : mountBlob(this.#client, digest, from)
  }

  async resolve(reference: string): Promise<Descriptor> {
    checkReference(reference)
    const found = await headManifest(this.#client, reference)
    if (found && !isPlaceholder(this.#client, reference, found.digest)) return found
    throw new OciError('not_found', `${this.#client.address} has no manifest ${reference}`)
  }

  async tag(descriptor: Descriptor, ...tags: string[]): Promise<void> {
    for (const tag of tags) checkReference(tag)
    const bytes = await fetchAll(this, descriptor, MAX_METADATA_BYTES)
    for (const tag of tags) {
      await putManifest(this.#client, tag, { mediaType: descriptor.mediaType, bytes })
    }
  }

  async untag(tag: string): Promise<void> {
    checkReference(tag)
    await removeTag(this.#client, tag)
  }

  /**
   * If the registry cannot delete manifests, removes only the tags: see `RemoteRegistry.capabilities`. If it cannot
   * delete blobs, leaves them, as no manifest refers to them.
   */
  async delete(descriptor: Descriptor): Promise<void> {
    const { mediaType, digest } = descriptor
    checkDigest(digest)
    if (!isManifestType(mediaType)) {
      await deleteBlob(this.#client, digest)
      return
    }
    const subject = await this.#fallbackSubject(digest)
    if ((await deleteManifest(this.#client, digest)) === 'unsupported') await this.#untagAll(digest)
    if (subject !== undefined) await removeFromFallback(this.#client, subject, digest)
  }

  /** If the registry cannot delete tags or manifests, the names of removed tags are still listed. */
  async *tags(): AsyncGenerator<string> {
    const all: string[] = []
    const first = await this.#client.send('tags/list', [200], { actions: ['pull'] })
    for await (const page of paginate(this.#client.http, first, this.#client.scope('pull'))) {
      const { tags } = parseObject(page, page.bytes)
      if (tags !== undefined && tags !== null && !Array.isArray(tags)) {
        throw new OciError('unavailable', `${redacted(page.url)} did not return a list of tags`)
      }
      for (const tag of tags ?? []) if (typeof tag === 'string' && isTag(tag)) all.push(tag)
    }
    // Not every registry sorts its tags.
    yield* all.sort()
  }

  async *referrers(digest: string, artifactType?: string): AsyncGenerator<Descriptor> {
    checkDigest(digest)
    yield* listReferrers(this.#client, digest, artifactType)
  }

  async #pushManifest(expected: Descriptor, bytes: Uint8Array): Promise<void> {
    const { mediaType, digest } = expected
    const manifest = parseManifest(bytes)
    const exists = await headManifest(this.#client, digest, 'push')
    const response = exists ? undefined : await putManifest(this.#client, digest, { mediaType, bytes })
    if (!manifest.subject) return
    // Also for an existing manifest: an earlier push may have failed before it recorded the referrer.
    const acknowledged = response
      ? response.headers.get('OCI-Subject') === manifest.subject.digest
      : await hasReferrersApi(this.#client, manifest.subject.digest)
    await recordReferrer(this.#client, expected, manifest, acknowledged)
  }

  /** Returns the subject of a manifest if clients have to keep the list of its referrers. */
  async #fallbackSubject(digest: string): Promise<string | undefined> {
    const found = await getManifest(this.#client, digest)
    if (!found) return undefined
    const { subject } = parseManifest(found.bytes)
    if (!subject || (await hasReferrersApi(this.#client, subject.digest))) return undefined
    return subject.digest
  }

  async #untagAll(digest: string): Promise<void> {
    for await (const tag of this.tags()) {
      if ((await headManifest(this.#client, tag))?.digest === digest) await removeTag(this.#client, tag)
    }
  }
}
