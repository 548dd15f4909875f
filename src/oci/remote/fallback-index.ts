/**
 * Keeps the list of referrers for registries without the referrers API: an index, tagged with the subject's digest.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema
 */
import type { Descriptor } from '../descriptor.ts'
import { digestOf } from '../digest.ts'
import { OciError } from '../errors.ts'
import { encodeManifest, type Index, isIndex, MAX_MANIFEST_BYTES, parseManifest } from '../manifest.ts'
import { MEDIA_TYPE } from '../media-types.ts'
import { deleteManifest, getManifest, putManifest } from './manifests.ts'
import type { RepositoryClient } from './repository-client.ts'
import { delayBefore } from './retry.ts'

function fallbackTag(digest: string): string {
  const [algorithm = '', hex = ''] = digest.split(':')
  // Truncated as the specification says, to fit into a tag.
  return `${algorithm.slice(0, 32)}-${hex.slice(0, 64)}`
}

export async function listFallback(
  client: RepositoryClient,
  subject: string,
): Promise<readonly Descriptor[]> {
  return (await read(client, subject))?.index.manifests ?? []
}

export async function addToFallback(
  client: RepositoryClient,
  subject: string,
  referrer: Descriptor,
): Promise<void> {
  await change(client, subject, (entries) =>
    entries.some(({ digest }) => digest === referrer.digest) ? entries : [...entries, referrer],
  )
}

export async function removeFromFallback(
  client: RepositoryClient,
  subject: string,
  digest: string,
): Promise<void> {
  await change(client, subject, (entries) =>
    entries.some((entry) => entry.digest === digest)
      ? entries.filter((entry) => entry.digest !== digest)
      : entries,
  )
}

type Update = (entries: readonly Descriptor[]) => readonly Descriptor[]

/**
 * Applies `update` until reading the index back shows that it has nothing left to change and returns its argument. A
 * lock serializes the writers of this client; the ETag, or else the read back, detects those of others.
 */
async function change(client: RepositoryClient, subject: string, update: Update): Promise<void> {
  const { retry, clock } = client.settings
  await client.locks.run(`${client.name}@${subject}`, async () => {
    for (let attempt = 1; attempt <= retry.attempts + 1; attempt++) {
      const found = await read(client, subject)
      const before = found?.index.manifests ?? []
      const after = update(before)
      if (after === before) return
      const written = await write(
        client,
        subject,
        { ...EMPTY, ...found?.index, manifests: after },
        found?.etag,
      )
      if (!written) await clock.sleep(delayBefore(attempt, undefined, retry))
    }
    throw new OciError(
      'unavailable',
      `${client.address}:${fallbackTag(subject)}: other clients keep changing this list of referrers`,
    )
  })
}

const EMPTY: Index = { schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests: [] }

async function read(
  client: RepositoryClient,
  subject: string,
): Promise<{ index: Index; etag: string | undefined } | undefined> {
  const found = await getManifest(client, fallbackTag(subject))
  if (!found) return undefined
  const index = parseManifest(found.bytes)
  if (isIndex(index)) return { index, etag: found.etag }
  throw new OciError(
    'invalid_manifest',
    `${client.address}:${fallbackTag(subject)} is not a list of referrers`,
  )
}

/** Returns false if another client changed the index first. */
async function write(
  client: RepositoryClient,
  subject: string,
  index: Index,
  etag: string | undefined,
): Promise<boolean> {
  const tag = fallbackTag(subject)
  // If the registry cannot delete tags, an empty list has to do.
  if (index.manifests.length === 0 && client.features.tagDeletion) {
    const deletion = await deleteManifest(client, tag, etag)
    if (deletion !== 'unsupported') return deletion !== 'conflict'
  }
  const bytes = encodeManifest(index)
  if (bytes.byteLength > MAX_MANIFEST_BYTES) {
    throw new OciError('size_exceeded', `${subject} has too many referrers for one list`)
  }
  const { status } = await putManifest(client, tag, { mediaType: MEDIA_TYPE.index, bytes, ifMatch: etag })
  // All empty lists are the same manifest; deleting it removes the tags that point at it.
  if (status !== 412 && index.manifests.length === 0) await deleteManifest(client, digestOf(bytes))
  return status !== 412
}
