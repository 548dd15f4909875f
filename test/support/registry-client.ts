/** A minimal client of the registry that uses none of our client code. Its artifacts are small and unique. */
import { expect } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import { MEDIA_TYPE } from '../../src/oci/media-types.ts'
import type { Client } from './client.ts'

/** The ways to upload a blob, as the methods of their requests. */
export const UPLOAD_FLOWS = ['POST', 'POST, PUT', 'POST, PATCH, PUT'] as const
export type UploadFlow = (typeof UPLOAD_FLOWS)[number]

export type Artifact = { digest: string; bytes: string; blobs: string[] }

const EMPTY = '{}'

/** Returns an artifact with one blob and annotations. */
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

export class RegistryClient {
  readonly #client: Pick<Client, 'send'>
  readonly #repository: string

  constructor(client: Pick<Client, 'send'>, repository: string) {
    this.#client = client
    this.#repository = repository
  }

  async pushBlob(content: string, flow: UploadFlow = 'POST'): Promise<string> {
    const digest = digestOf(Buffer.from(content))
    if (flow === 'POST') {
      expect(await this.#status('POST', `blobs/uploads/?digest=${digest}`, content)).toBe(201)
      return digest
    }
    const started = await this.#send('POST', 'blobs/uploads/')
    expect(started.status).toBe(202)
    const location = started.headers.get('Location') ?? ''
    const upload = location.slice(location.indexOf('blobs/uploads/'))
    if (flow === 'POST, PATCH, PUT') expect(await this.#status('PATCH', upload, content)).toBe(202)
    const rest = flow === 'POST, PUT' ? content : undefined
    expect(await this.#status('PUT', `${upload}?digest=${digest}`, rest)).toBe(201)
    return digest
  }

  /** Pushes the blob of an artifact, and the config that all artifacts share. */
  async pushBlobs(blob: string, flow: UploadFlow = 'POST'): Promise<void> {
    await this.pushBlob(EMPTY, 'POST')
    await this.pushBlob(blob, flow)
  }

  /** Puts a manifest and returns the status. `from` is the digest the tag must move from; null if it must be new. */
  async putManifest(reference: string, { bytes }: Artifact, from?: string | null): Promise<number> {
    return this.#status('PUT', `manifests/${reference}`, bytes, {
      'Content-Type': MEDIA_TYPE.manifest,
      ...(from === null ? { 'If-None-Match': '*' } : from && { 'If-Match': `"${from}"` }),
    })
  }

  async delete(path: string, from?: string): Promise<number> {
    return this.#status('DELETE', path, undefined, from ? { 'If-Match': `"${from}"` } : {})
  }

  /** Returns the digest that a tag points to, from its ETag. */
  async resolve(tag: string): Promise<string | undefined> {
    const { status, headers } = await this.#send('HEAD', `manifests/${tag}`)
    if (status === 404) return undefined
    expect(status).toBe(200)
    return headers.get('ETag')?.slice(1, -1)
  }

  /** Reads a manifest and checks its digest. Returns undefined if it does not exist. */
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

  /** Returns the parts of an artifact that are missing or do not match their digests. */
  async missingContent({ digest, blobs }: Omit<Artifact, 'bytes'>): Promise<string[]> {
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

  /** Sends a request and reads the whole response. Fails the test on a server error. */
  async #send(method: string, path: string, body?: string, headers: Record<string, string> = {}) {
    const init = { method, headers, ...(body !== undefined && { body }) }
    const response = await this.#client.send(`/v2/${this.#repository}/${path}`, init)
    const bytes = Buffer.from(await response.arrayBuffer())
    expect(response.status, `${method} ${path}: ${bytes}`).toBeLessThan(500)
    return { status: response.status, headers: response.headers, bytes }
  }
}
