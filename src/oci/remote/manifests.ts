/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md: pulling, pushing and deleting manifests */
import type { Descriptor } from '../descriptor.ts'
import { algorithmOf, digestOf, looksLikeDigest } from '../digest.ts'
import { OciError } from '../errors.ts'
import { MANIFEST_ACCEPT, MEDIA_TYPE } from '../media-types.ts'
import type { Action } from './auth/scopes.ts'
import type { RepositoryClient } from './repository-client.ts'
import { checkDigestHeader, digestHeader, discard, mediaTypeOf, readMetadata } from './response.ts'
import { type HttpResponse, redacted } from './transport.ts'

type FoundManifest = { descriptor: Descriptor; bytes: Uint8Array; etag: string | undefined }

/** The outcome of a deletion. A registry may have deletion disabled, or accept only digests. */
type Deletion = 'done' | 'absent' | 'unsupported' | 'conflict'

/** Returns the descriptor of a manifest, or undefined if it does not exist. */
export async function headManifest(
  client: RepositoryClient,
  reference: string,
  ...actions: Action[]
): Promise<Descriptor | undefined> {
  const head = await client.send(`manifests/${reference}`, [200, 404, 405], {
    method: 'HEAD',
    headers: { Accept: MANIFEST_ACCEPT },
    actions: ['pull', ...actions],
    redirects: true,
  })
  await discard(head)
  if (head.status === 404) return undefined
  const mediaType = mediaTypeOf(head)
  const digest = digestIn(head, reference)
  const size = Number(head.headers.get('Content-Length') ?? Number.NaN)
  if (head.status === 200 && mediaType && digest && Number.isSafeInteger(size))
    return { mediaType, digest, size }
  // Some registries omit headers or refuse HEAD; the manifest itself has the same facts.
  return (await getManifest(client, reference, ...actions))?.descriptor
}

/** Returns a manifest, verified if its digest is known, or undefined if it does not exist. */
export async function getManifest(
  client: RepositoryClient,
  reference: string,
  ...actions: Action[]
): Promise<FoundManifest | undefined> {
  const response = await client.send(`manifests/${reference}`, [200, 404], {
    headers: { Accept: MANIFEST_ACCEPT },
    actions: ['pull', ...actions],
    redirects: true,
  })
  const bytes = await readMetadata(response)
  if (response.status === 404) return undefined
  const stated = digestIn(response, reference)
  const digest = digestOf(bytes, stated === undefined ? 'sha256' : algorithmOf(stated))
  if (stated !== undefined && stated !== digest) {
    throw new OciError('digest_mismatch', `${redacted(response.url)} has the digest ${digest}, not ${stated}`)
  }
  const mediaType = mediaTypeOf(response) ?? MEDIA_TYPE.manifest
  const etag = response.headers.get('ETag') ?? undefined
  return { descriptor: { mediaType, digest, size: bytes.byteLength }, bytes, etag }
}

/** Pushes a manifest by tag or digest. The body of the returned response is already read. */
export async function putManifest(
  client: RepositoryClient,
  reference: string,
  { mediaType, bytes, ifMatch }: { mediaType: string; bytes: Uint8Array; ifMatch?: string | undefined },
): Promise<HttpResponse> {
  const condition: Record<string, string> = ifMatch === undefined ? {} : { 'If-Match': ifMatch }
  const response = await client.send(
    `manifests/${reference}`,
    ifMatch === undefined ? [201, 200, 202] : [201, 200, 202, 412],
    {
      method: 'PUT',
      headers: { 'Content-Type': mediaType, ...condition },
      body: { content: bytes, size: bytes.byteLength },
      actions: ['pull', 'push'],
    },
  )
  await discard(response)
  if (response.status === 412) return response
  checkDigestHeader(response, looksLikeDigest(reference) ? reference : digestOf(bytes))
  return response
}

export async function deleteManifest(
  client: RepositoryClient,
  reference: string,
  ifMatch?: string,
): Promise<Deletion> {
  return deletion(client, `manifests/${reference}`, ifMatch)
}

export async function deleteBlob(client: RepositoryClient, digest: string): Promise<Deletion> {
  return deletion(client, `blobs/${digest}`)
}

async function deletion(client: RepositoryClient, path: string, ifMatch?: string): Promise<Deletion> {
  const response = await client.send(path, [202, 200, 204, 404, 400, 405, 412, 501], {
    method: 'DELETE',
    actions: ['pull', 'delete'],
    ...(ifMatch === undefined ? {} : { headers: { 'If-Match': ifMatch } }),
  })
  await discard(response)
  if (response.status === 404) return 'absent'
  if (response.status === 412) return 'conflict'
  return response.status < 300 ? 'done' : 'unsupported'
}

function digestIn(response: HttpResponse, reference: string): string | undefined {
  if (!looksLikeDigest(reference)) return digestHeader(response)
  checkDigestHeader(response, reference)
  return reference
}
