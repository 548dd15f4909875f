/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md */
import { type Content, readAll, type Stream, verified } from '../content.ts'
import type { Descriptor } from '../descriptor.ts'
import { isDigest } from '../digest.ts'
import { OciError } from '../errors.ts'
import { MAX_MANIFEST_BYTES, parseManifest } from '../manifest.ts'
import { isManifestType } from '../media-types.ts'
import { checkReference, isTag } from '../reference.ts'
import { fetchAll, type Repository } from '../roles.ts'
import { checkStated, MAX_METADATA_BYTES, readJson } from './answer.ts'
import { hasBlob, mountBlob, pushBlob } from './blob-push.ts'
import { removeFromFallback } from './fallback-index.ts'
import { deleteBlob, deleteManifest, getManifest, headManifest, putManifest } from './manifests.ts'
import { pages } from './pages.ts'
import { hasReferrersApi, listReferrers, recordReferrer } from './referrers.ts'
import type { RepositoryClient } from './repository-client.ts'
import { isPlaceholder, removeTag } from './tag-removal.ts'
import { shown } from './transport.ts'

/** They are sorted, and so held together. */
const MAX_TAGS = 1_000_000

/** A repository of a registry at the other end of an HTTP connection. */
export class RemoteRepository implements Repository {
  readonly #client: RepositoryClient

  constructor(client: RepositoryClient) {
    this.#client = client
  }

  /** The content, checked while it comes in. Has to be read, or returned. */
  async fetch(descriptor: Descriptor): Promise<Stream> {
    const { mediaType, digest } = checked(descriptor)
    const manifest = isManifestType(mediaType)
    const answer = await this.#client.send(`${manifest ? 'manifests' : 'blobs'}/${digest}`, [200], {
      headers: manifest ? { Accept: mediaType } : {},
      actions: ['pull'],
      redirects: true,
    })
    checkStated(answer, digest)
    return verified(answer.body, descriptor)
  }

  async exists(descriptor: Descriptor): Promise<boolean> {
    const { mediaType, digest } = checked(descriptor)
    if (!isManifestType(mediaType)) return hasBlob(this.#client, digest, 'pull')
    return (await headManifest(this.#client, digest)) !== undefined
  }

  async push(expected: Descriptor, content: Content): Promise<void> {
    const { mediaType, digest } = checked(expected)
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
    const { name, http } = this.#client
    throw new OciError('not_found', `${http.registry.host}/${name} has no manifest ${reference}`)
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
   * Where a registry deletes no manifests, this one's tags are removed and the content stays: see
   * `RemoteRegistry.capabilities`. Where it deletes no blobs, they stay: nothing leads to them.
   */
  async delete(descriptor: Descriptor): Promise<void> {
    const { mediaType, digest } = checked(descriptor)
    if (!isManifestType(mediaType)) {
      await deleteBlob(this.#client, digest)
      return
    }
    const subject = await this.#keptSubject(digest)
    if ((await deleteManifest(this.#client, digest)) === 'unsupported') await this.#untagAll(digest)
    if (subject !== undefined) await removeFromFallback(this.#client, subject, digest)
  }

  /** Of tags that were removed where the registry deletes nothing, the names are listed all the same. */
  async *tags(): AsyncGenerator<string> {
    const all: string[] = []
    const first = await this.#client.send('tags/list', [200], { actions: ['pull'] })
    for await (const answer of pages(this.#client.http, first, this.#client.scope('pull'))) {
      const { tags } = ((await readJson(answer)) ?? {}) as { tags?: unknown }
      if (tags !== undefined && tags !== null && !Array.isArray(tags)) {
        throw new OciError('unavailable', `${shown(answer.url)} is no list of tags`)
      }
      for (const tag of tags ?? []) if (typeof tag === 'string' && isTag(tag)) all.push(tag)
      if (all.length > MAX_TAGS) throw new OciError('size_exceeded', `${shown(answer.url)}: too many tags`)
    }
    // Not every registry sorts.
    yield* all.sort()
  }

  async *referrers(digest: string, artifactType?: string): AsyncGenerator<Descriptor> {
    checked({ digest })
    yield* listReferrers(this.#client, digest, artifactType)
  }

  async #pushManifest(expected: Descriptor, bytes: Uint8Array): Promise<void> {
    const { mediaType, digest } = expected
    const manifest = parseManifest(bytes)
    const known = await headManifest(this.#client, digest, 'push')
    const answer = known ? undefined : await putManifest(this.#client, digest, { mediaType, bytes })
    if (!manifest.subject) return
    // What was pushed before may have been cut off before it was recorded.
    const acknowledged = answer
      ? answer.headers.get('OCI-Subject') === manifest.subject.digest
      : await hasReferrersApi(this.#client, manifest.subject.digest)
    await recordReferrer(this.#client, expected, manifest, acknowledged)
  }

  /** The subject of a manifest that stands in a list of referrers kept by clients. */
  async #keptSubject(digest: string): Promise<string | undefined> {
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

function checked<T extends Pick<Descriptor, 'digest'>>(descriptor: T): T {
  if (isDigest(descriptor.digest)) return descriptor
  checkReference(descriptor.digest)
  throw new OciError('invalid_digest', `"${descriptor.digest}" is not a digest`)
}
