/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests, pushing and deleting */
import type { Descriptor } from '../descriptor.ts'
import { algorithmOf, digestOf, looksLikeDigest } from '../digest.ts'
import { OciError } from '../errors.ts'
import { MANIFEST_ACCEPT, MEDIA_TYPE } from '../media-types.ts'
import { checkStated, discard, mediaTypeOf, readMetadata, statedDigest } from './answer.ts'
import type { Action } from './auth/scopes.ts'
import type { RepositoryClient } from './repository-client.ts'
import { type Answer, shown } from './transport.ts'

type FoundManifest = { descriptor: Descriptor; bytes: Uint8Array; etag: string | undefined }

/** What came of a deletion. A registry may have it switched off, or take digests only. */
type Deletion = 'done' | 'absent' | 'unsupported' | 'conflict'

/** The descriptor of a manifest; undefined where there is none. */
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
  const size = head.headers.get('Content-Length')
  if (head.status === 200 && mediaType && digest && size) return { mediaType, digest, size: Number(size) }
  // Headers may be missing; the manifest itself says the same.
  return (await getManifest(client, reference, ...actions))?.descriptor
}

/** A manifest, checked where its digest is known; undefined where there is none. */
export async function getManifest(
  client: RepositoryClient,
  reference: string,
  ...actions: Action[]
): Promise<FoundManifest | undefined> {
  const answer = await client.send(`manifests/${reference}`, [200, 404], {
    headers: { Accept: MANIFEST_ACCEPT },
    actions: ['pull', ...actions],
    redirects: true,
  })
  const bytes = await readMetadata(answer)
  if (answer.status === 404) return undefined
  const stated = digestIn(answer, reference)
  const digest = digestOf(bytes, stated === undefined ? 'sha256' : algorithmOf(stated))
  if (stated !== undefined && stated !== digest) {
    throw new OciError('digest_mismatch', `${shown(answer.url)} has the digest ${digest}, not ${stated}`)
  }
  const mediaType = mediaTypeOf(answer) ?? MEDIA_TYPE.manifest
  const etag = answer.headers.get('ETag') ?? undefined
  return { descriptor: { mediaType, digest, size: bytes.byteLength }, bytes, etag }
}

/** Stores a manifest under a tag or its digest. The answer is read. */
export async function putManifest(
  client: RepositoryClient,
  reference: string,
  { mediaType, bytes, ifMatch }: { mediaType: string; bytes: Uint8Array; ifMatch?: string | undefined },
): Promise<Answer> {
  const condition: Record<string, string> = ifMatch === undefined ? {} : { 'If-Match': ifMatch }
  const answer = await client.send(
    `manifests/${reference}`,
    ifMatch === undefined ? [201, 200, 202] : [201, 200, 202, 412],
    {
      method: 'PUT',
      headers: { 'Content-Type': mediaType, ...condition },
      body: { content: bytes, size: bytes.byteLength },
      actions: ['pull', 'push'],
    },
  )
  await discard(answer)
  if (answer.status === 412) return answer
  checkStated(answer, looksLikeDigest(reference) ? reference : digestOf(bytes))
  return answer
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
  const answer = await client.send(path, [202, 200, 204, 404, 400, 405, 412, 501], {
    method: 'DELETE',
    actions: ['pull', 'delete'],
    ...(ifMatch === undefined ? {} : { headers: { 'If-Match': ifMatch } }),
  })
  await discard(answer)
  if (answer.status === 404) return 'absent'
  if (answer.status === 412) return 'conflict'
  return answer.status < 300 ? 'done' : 'unsupported'
}

function digestIn(answer: Answer, reference: string): string | undefined {
  if (!looksLikeDigest(reference)) return statedDigest(answer)
  checkStated(answer, reference)
  return reference
}
