/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md */
import { type Content, type Stream, verified } from '../content.ts'
import type { Descriptor } from '../descriptor.ts'
import { digestOf, isDigest, looksLikeDigest } from '../digest.ts'
import { isNotFound, OciError } from '../errors.ts'
import { isIndex, parseManifest } from '../manifest.ts'
import { isManifestType, MANIFEST_ACCEPT, MEDIA_TYPE } from '../media-types.ts'
import { checkReference } from '../reference.ts'
import { fetchAll, type Repository } from '../roles.ts'
import { bodyOf, type HttpClient, MAX_METADATA_BYTES, readJson, readMetadata } from './http.ts'

/** A repository of a registry at the other end of an HTTP connection. */
export class RemoteRepository implements Repository {
  readonly #http: HttpClient
  readonly #base: string

  constructor(http: HttpClient, name: string) {
    this.#http = http
    this.#base = `/v2/${name}`
  }

  /** The content, checked while it comes in. */
  async fetch(descriptor: Descriptor): Promise<Stream> {
    const headers = acceptOf(descriptor.mediaType)
    return verified(bodyOf(await this.#http.send(this.#urlOf(descriptor), [200], { headers })), descriptor)
  }

  async exists({ mediaType, digest }: Descriptor): Promise<boolean> {
    const headers = acceptOf(mediaType)
    const url = this.#urlOf({ mediaType, digest })
    return (await this.#http.send(url, [200, 404], { method: 'HEAD', headers })).status === 200
  }

  async push(expected: Descriptor, content: Content): Promise<void> {
    if (await this.exists(expected)) return
    const body = { content: verified(content, expected), size: expected.size }
    if (isManifestType(expected.mediaType)) {
      const headers = { 'Content-Type': expected.mediaType }
      await this.#finish(this.#http.send(this.#urlOf(expected), [201], { method: 'PUT', headers, body }))
      return
    }
    const started = await this.#http.send(`${this.#base}/blobs/uploads/`, [202], { method: 'POST' })
    const url = this.#http.follow(started, started.headers.get('Location'))
    url.searchParams.set('digest', expected.digest)
    const headers = { 'Content-Type': 'application/octet-stream' }
    await this.#finish(this.#http.send(url, [201], { method: 'PUT', headers, body }))
  }

  async mount({ mediaType, digest }: Descriptor, from: string): Promise<boolean> {
    if (isManifestType(mediaType)) return false
    const query = new URLSearchParams({ mount: digest, from })
    const url = `${this.#base}/blobs/uploads/?${query}`
    const answer = await this.#http.send(url, [201, 202], { method: 'POST' })
    await readMetadata(answer)
    return answer.status === 201
  }

  async resolve(reference: string): Promise<Descriptor> {
    checkReference(reference)
    const url = `${this.#base}/manifests/${reference}`
    const headers = { Accept: MANIFEST_ACCEPT }
    const head = await this.#http.send(url, [200], { method: 'HEAD', headers })
    const mediaType = head.headers.get('Content-Type')?.split(';')[0]?.trim()
    const stated = head.headers.get('Docker-Content-Digest')
    const digest = looksLikeDigest(reference) ? reference : stated && isDigest(stated) ? stated : undefined
    const size = head.headers.get('Content-Length')
    if (mediaType && digest && size) return { mediaType, digest, size: Number(size) }
    // Headers may be missing; the manifest itself says the same.
    const response = await this.#http.send(url, [200], { headers })
    const bytes = await readMetadata(response)
    const type = response.headers.get('Content-Type')?.split(';')[0]?.trim() ?? MEDIA_TYPE.manifest
    return { mediaType: type, digest: digest ?? digestOf(bytes), size: bytes.byteLength }
  }

  async tag(descriptor: Descriptor, ...tags: string[]): Promise<void> {
    for (const tag of tags) checkReference(tag)
    const content = await fetchAll(this, descriptor, MAX_METADATA_BYTES)
    for (const tag of tags) {
      await this.#finish(
        this.#http.send(`${this.#base}/manifests/${tag}`, [201], {
          method: 'PUT',
          headers: { 'Content-Type': descriptor.mediaType },
          body: { content, size: content.byteLength },
        }),
      )
    }
  }

  async untag(tag: string): Promise<void> {
    await this.#delete(`${this.#base}/manifests/${tag}`)
  }

  async delete(descriptor: Descriptor): Promise<void> {
    await this.#delete(this.#urlOf(descriptor))
  }

  async *tags(): AsyncGenerator<string> {
    for await (const response of this.#pages(`${this.#base}/tags/list`)) {
      yield* (await readJson<{ tags?: string[] | null }>(response)).tags ?? []
    }
  }

  async *referrers(digest: string, artifactType?: string): AsyncGenerator<Descriptor> {
    const query = artifactType === undefined ? '' : `?artifactType=${encodeURIComponent(artifactType)}`
    for await (const response of this.#pages(`${this.#base}/referrers/${digest}${query}`)) {
      const page = parseManifest(await readMetadata(response))
      if (!isIndex(page)) throw new OciError('invalid_manifest', `${response.url} is no list of referrers`)
      // A registry may ignore the filter, so what it sends is filtered again.
      for (const referrer of page.manifests) {
        if (artifactType === undefined || referrer.artifactType === artifactType) yield referrer
      }
    }
  }

  /** A list, and what its Link headers lead to. Throws where they lead in a circle. */
  async *#pages(first: string): AsyncGenerator<Response> {
    const seen = new Set<string>()
    let url: string | URL | undefined = first
    while (url) {
      const response: Response = await this.#http.send(url, [200])
      if (seen.has(response.url)) throw new OciError('unavailable', `${response.url} leads to itself`)
      seen.add(response.url)
      const next = /<([^>]+)>\s*;\s*rel="?next"?/.exec(response.headers.get('Link') ?? '')?.[1]
      url = next === undefined ? undefined : this.#http.follow(response, next)
      yield response
    }
  }

  async #delete(url: string): Promise<void> {
    try {
      await this.#finish(this.#http.send(url, [202, 200, 204], { method: 'DELETE' }))
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }

  /** Reads an answer to its end, so that its connection can be used again. */
  async #finish(sent: Promise<Response>): Promise<void> {
    await readMetadata(await sent)
  }

  #urlOf({ mediaType, digest }: Pick<Descriptor, 'mediaType' | 'digest'>): string {
    checkReference(digest)
    if (!looksLikeDigest(digest)) throw new OciError('invalid_digest', `"${digest}" is not a digest`)
    return `${this.#base}/${isManifestType(mediaType) ? 'manifests' : 'blobs'}/${digest}`
  }
}

function acceptOf(mediaType: string): Record<string, string> {
  return isManifestType(mediaType) ? { Accept: mediaType } : {}
}
