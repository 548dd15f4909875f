/** Pushes artifacts as common clients do, which first check whether a blob exists. */
import { createHash, randomFillSync } from 'node:crypto'
import type { BenchClient } from '../client.ts'

export type Blob = { bytes: Buffer; digest: string }

export const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json'

export const CONFIG = blobOf(Buffer.from('{}'))

export function blobOf(bytes: Buffer): Blob {
  return { bytes, digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}` }
}

export function randomBlob(size: number): Blob {
  return blobOf(randomFillSync(Buffer.allocUnsafe(size)))
}

export async function pushBlob(client: BenchClient, repository: string, blob: Blob): Promise<void> {
  const path = `/v2/${repository}/blobs`
  const { status } = await client.send('HEAD', `${path}/${blob.digest}`)
  if (status !== 200) await uploadBlob(client, repository, blob)
}

/** Uploads a blob with one POST for the session and one PUT with all bytes. */
export async function uploadBlob(client: BenchClient, repository: string, blob: Blob): Promise<void> {
  const { location = '' } = await client.expect([202], 'POST', `/v2/${repository}/blobs/uploads/`)
  const url = new URL(location, 'http://127.0.0.1')
  url.searchParams.set('digest', blob.digest)
  const headers = { 'Content-Type': 'application/octet-stream' }
  await client.expect([201], 'PUT', url.pathname + url.search, { headers, body: blob.bytes })
}

export async function pushManifest(
  client: BenchClient,
  repository: string,
  tag: string,
  layer: Blob,
): Promise<void> {
  const descriptor = (mediaType: string, { digest, bytes }: Blob) => ({
    mediaType,
    digest,
    size: bytes.byteLength,
  })
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: descriptor('application/vnd.oci.image.config.v1+json', CONFIG),
    layers: [descriptor('application/vnd.oci.image.layer.v1.tar', layer)],
  }
  const headers = { 'Content-Type': MANIFEST_TYPE }
  const body = Buffer.from(JSON.stringify(manifest))
  await client.expect([201], 'PUT', `/v2/${repository}/manifests/${tag}`, { headers, body })
}

export async function pushArtifact(
  client: BenchClient,
  repository: string,
  tag: string,
  layer: Blob,
): Promise<void> {
  await pushBlob(client, repository, layer)
  await pushBlob(client, repository, CONFIG)
  await pushManifest(client, repository, tag, layer)
}
