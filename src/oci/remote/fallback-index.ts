/**
 * Where a registry has no referrers API, the clients keep the list: an index under a tag that is made of the digest.
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
  // Cut off as the specification says: a tag has no room for more.
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
 * Reads, writes and reads again until the index is as `update` wants it: it then returns what it is given. The clients
 * of one process take turns; those of others are noticed by the ETag, or else by what is missing afterwards.
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
      `${client.name}:${fallbackTag(subject)}: other clients change the list of referrers all the time`,
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
  throw new OciError('invalid_manifest', `${client.name}:${fallbackTag(subject)} is no list of referrers`)
}

/** False where somebody else was faster. */
async function write(
  client: RepositoryClient,
  subject: string,
  index: Index,
  etag: string | undefined,
): Promise<boolean> {
  const tag = fallbackTag(subject)
  // A list of nothing is as good as none, where the registry deletes no tags.
  if (index.manifests.length === 0 && client.known.tagDeletion) {
    const deletion = await deleteManifest(client, tag, etag)
    if (deletion !== 'unsupported') return deletion !== 'conflict'
  }
  const bytes = encodeManifest(index)
  if (bytes.byteLength > MAX_MANIFEST_BYTES) {
    throw new OciError('size_exceeded', `${subject} has more referrers than a list can hold`)
  }
  const { status } = await putManifest(client, tag, { mediaType: MEDIA_TYPE.index, bytes, ifMatch: etag })
  // All lists of nothing are the same manifest: with it go the tags that lead there.
  if (status !== 412 && index.manifests.length === 0) await deleteManifest(client, digestOf(bytes))
  return status !== 412
}
