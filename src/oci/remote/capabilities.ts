import { randomUUID } from 'node:crypto'
import { describe } from '../descriptor.ts'
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
}

/** See `RemoteRegistry.capabilities`. */
export async function probe(client: RepositoryClient): Promise<Capabilities> {
  // A unique manifest and tags keep concurrent probes apart.
  const id = randomUUID()
  const manifest = encodeManifest({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    artifactType: client.settings.placeholderType,
    config: EMPTY_DESCRIPTOR,
    layers: [EMPTY_DESCRIPTOR],
    annotations: { 'org.opencontainers.image.description': `A probe of this registry's capabilities: ${id}` },
  })
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
  return { referrersApi, tagDeletion, manifestDeletion }
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
