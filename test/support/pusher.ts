/** A client of the registry that knows the protocol, and nothing of ours. Artifacts are small and never the same. */
import { expect } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import { MEDIA_TYPE } from '../../src/oci/media-types.ts'
import type { Client } from './client.ts'

/** How the bytes of a blob get there. */
export const WAYS = ['POST', 'POST, PUT', 'POST, PATCH, PUT'] as const
export type Way = (typeof WAYS)[number]

export type Artifact = { digest: string; bytes: string; blobs: string[] }

const EMPTY = '{}'

/** An artifact with one blob. What it is like is in its annotations. */
export function artifactOf(blob: string, annotations: Record<string, string>): Artifact {
  const layer = descriptorOf(blob)
  const config = { ...descriptorOf(EMPTY), mediaType: MEDIA_TYPE.empty }
  const bytes = JSON.stringify({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    artifactType: 'application/vnd.example.note',
    config,
    layers: [layer],
    annotations,
  })
  return { digest: digestOf(Buffer.from(bytes)), bytes, blobs: [config.digest, layer.digest] }
}

function descriptorOf(content: string) {
  const bytes = Buffer.from(content)
  return { mediaType: 'text/plain', digest: digestOf(bytes), size: bytes.length }
}

export class Pusher {
  readonly #client: Pick<Client, 'send'>
  readonly #repository: string

  constructor(client: Pick<Client, 'send'>, repository: string) {
    this.#client = client
    this.#repository = repository
  }

  async pushBlob(content: string, way: Way = 'POST'): Promise<string> {
    const digest = digestOf(Buffer.from(content))
    if (way === 'POST') {
      expect(await this.#status('POST', `blobs/uploads/?digest=${digest}`, content)).toBe(201)
      return digest
    }
    const started = await this.#send('POST', 'blobs/uploads/')
    expect(started.status).toBe(202)
    const location = started.headers.get('Location') ?? ''
    const upload = location.slice(location.indexOf('blobs/uploads/'))
    if (way === 'POST, PATCH, PUT') expect(await this.#status('PATCH', upload, content)).toBe(202)
    const rest = way === 'POST, PUT' ? content : undefined
    expect(await this.#status('PUT', `${upload}?digest=${digest}`, rest)).toBe(201)
    return digest
  }

  /** Pushes the blob of an artifact, and the config that all have. */
  async pushBlobs(blob: string, way: Way = 'POST'): Promise<void> {
    await this.pushBlob(EMPTY, 'POST')
    await this.pushBlob(blob, way)
  }

  /** `from`: the tag is to be moved from there; null, it is to be made. Resolves to the status. */
  async putManifest(reference: string, { bytes }: Artifact, from?: string | null): Promise<number> {
    return this.#status('PUT', `manifests/${reference}`, bytes, {
      'Content-Type': MEDIA_TYPE.manifest,
      ...(from === null ? { 'If-None-Match': '*' } : from && { 'If-Match': `"${from}"` }),
    })
  }

  async delete(path: string, from?: string): Promise<number> {
    return this.#status('DELETE', path, undefined, from ? { 'If-Match': `"${from}"` } : {})
  }

  /** The digest that a tag points to, as its ETag says. */
  async resolve(tag: string): Promise<string | undefined> {
    const { status, headers } = await this.#send('HEAD', `manifests/${tag}`)
    if (status === 404) return undefined
    expect(status).toBe(200)
    return headers.get('ETag')?.slice(1, -1)
  }

  /** What a tag or digest leads to, with its annotations; undefined where there is none. Checks its digest. */
  async read(
    reference: string,
  ): Promise<{ digest: string; annotations: Record<string, string> } | undefined> {
    const { status, headers, bytes } = await this.#send('GET', `manifests/${reference}`)
    if (status === 404) return undefined
    expect(status).toBe(200)
    const digest = digestOf(bytes)
    expect(headers.get('ETag')).toBe(`"${digest}"`)
    if (reference.includes(':')) expect(digest).toBe(reference)
    return { digest, annotations: JSON.parse(bytes.toString()).annotations }
  }

  async hasBlob(digest: string): Promise<boolean> {
    return (await this.#status('HEAD', `blobs/${digest}`)) === 200
  }

  /** What of an artifact is not there, or is not what its digest says. */
  async missingOf({ digest, blobs }: Omit<Artifact, 'bytes'>): Promise<string[]> {
    const paths = new Map([[digest, 'manifests'], ...blobs.map((blob): [string, string] => [blob, 'blobs'])])
    const missing: string[] = []
    for (const [expected, kind] of paths) {
      const { status, bytes } = await this.#send('GET', `${kind}/${expected}`)
      if (status !== 200) missing.push(`${kind}/${expected}: ${status}`)
      else if (digestOf(bytes) !== expected) missing.push(`${kind}/${expected}: other bytes`)
    }
    return missing
  }

  async #status(method: string, path: string, body?: string, headers?: Record<string, string>) {
    return (await this.#send(method, path, body, headers)).status
  }

  /** The answer, all of it. No request of these may end in an error of the server. */
  async #send(method: string, path: string, body?: string, headers: Record<string, string> = {}) {
    const init = { method, headers, ...(body !== undefined && { body }) }
    const response = await this.#client.send(`/v2/${this.#repository}/${path}`, init)
    const bytes = Buffer.from(await response.arrayBuffer())
    expect(response.status, `${method} ${path}: ${bytes}`).toBeLessThan(500)
    return { status: response.status, headers: response.headers, bytes }
  }
}
