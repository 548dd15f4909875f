import { randomUUID } from 'node:crypto'
import { describe } from '../descriptor.ts'
import { digestOf } from '../digest.ts'
import { OciError } from '../errors.ts'
import { EMPTY_DESCRIPTOR, encodeManifest } from '../manifest.ts'
import { MEDIA_TYPE } from '../media-types.ts'
import { pushEmptyBlob } from './blob-push.ts'
import { deleteManifest, getManifest, headManifest, putManifest } from './manifests.ts'
import { hasReferrersApi } from './referrers.ts'
import type { RepositoryClient } from './repository-client.ts'
import { removeTag } from './tag-removal.ts'

export type Capabilities = {
  /** The registry lists referrers. If not, the client keeps the lists, under tags like `sha256-…`. */
  referrersApi: boolean
  /** Tags can be deleted without their manifests. If not, the client moves a tag to a placeholder and deletes that. */
  tagDeletion: boolean
  /** Manifests can be deleted by digest. Without either deletion, a removed tag stays, on a placeholder. */
  manifestDeletion: boolean
  /** The tags, of those that the probe has tried, which cannot be moved, and what the registry says. */
  fixedTags: { tag: string; reason: string }[]
}

/** See `RemoteRegistry.capabilities`. */
export async function probe(client: RepositoryClient, movingTags: readonly string[]): Promise<Capabilities> {
  // A unique manifest and tags keep concurrent probes apart.
  const id = randomUUID()
  const manifest = probeManifest(client, id)
  const { digest } = describe(MEDIA_TYPE.manifest, manifest)
  const [kept, removed] = [`kept-${id}`, `removed-${id}`]
  await withContext(`cannot push to ${client.address}`, async () => {
    await pushEmptyBlob(client)
    for (const tag of [kept, removed]) {
      await putManifest(client, tag, { mediaType: MEDIA_TYPE.manifest, bytes: manifest })
    }
  })
  await withContext(`cannot pull from ${client.address}`, async () => {
    if ((await getManifest(client, kept))?.descriptor.digest === digest) return
    throw new OciError('unavailable', 'the registry does not return the manifest that was pushed')
  })
  const fixedTags = await tryMoves(client, movingTags, manifest, probeManifest(client, `${id}, moved`))
  const referrersApi = await hasReferrersApi(client, digest, { recheck: true })
  const tagDeletion =
    (await attempt(deleteManifest(client, removed))) === 'done' &&
    (await headManifest(client, removed)) === undefined &&
    (await headManifest(client, kept)) !== undefined
  client.features.tagDeletion = tagDeletion
  const manifestDeletion =
    (await attempt(deleteManifest(client, digest))) === 'done' &&
    (await headManifest(client, kept)) === undefined
  if (!manifestDeletion) {
    for (const tag of [kept, removed]) await attempt(removeTag(client, tag))
  }
  return { referrersApi, tagDeletion, manifestDeletion, fixedTags }
}

function probeManifest({ settings }: RepositoryClient, id: string): Uint8Array {
  return encodeManifest({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    artifactType: settings.placeholderType,
    config: EMPTY_DESCRIPTOR,
    layers: [EMPTY_DESCRIPTOR],
    annotations: { 'org.opencontainers.image.description': `A probe of this registry's capabilities: ${id}` },
  })
}

/** Moves each tag from one manifest to another. Concurrent probes use the same tags, so where they end does not matter. */
async function tryMoves(
  client: RepositoryClient,
  tags: readonly string[],
  from: Uint8Array,
  to: Uint8Array,
): Promise<Capabilities['fixedTags']> {
  const fixed: Capabilities['fixedTags'] = []
  for (const tag of tags) {
    try {
      for (const bytes of [from, to])
        await putManifest(client, tag, { mediaType: MEDIA_TYPE.manifest, bytes })
      if ((await headManifest(client, tag))?.digest === digestOf(from)) {
        fixed.push({ tag, reason: 'the registry takes the push and leaves the tag where it is' })
      }
    } catch (error) {
      if (!(error instanceof OciError) || error.code === 'unavailable') throw error
      fixed.push({ tag, reason: error.message })
    }
    await attempt(removeTag(client, tag))
  }
  await attempt(deleteManifest(client, digestOf(to)))
  return fixed
}

/** Treats credentials that may not delete like a registry that cannot: neither makes the probe fail. */
async function attempt<T>(work: Promise<T>): Promise<T | 'unsupported'> {
  try {
    return await work
  } catch (error) {
    if (error instanceof OciError && (error.code === 'denied' || error.code === 'unsupported')) {
      return 'unsupported'
    }
    throw error
  }
}

async function withContext(context: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof OciError)) throw error
    throw new OciError(error.code, `${context}: ${error.message}`, error)
  }
}
