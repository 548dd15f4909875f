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
  /** Otherwise the client keeps lists of referrers, under tags like `sha256-…`. */
  referrersApi: boolean
  /** Whether a tag is deleted without its manifest. Otherwise the client moves it to a placeholder and deletes that. */
  tagDeletion: boolean
  /** Whether a manifest is deleted by its digest. Without either, tags that are removed stay, on a placeholder. */
  manifestDeletion: boolean
}

/** See `RemoteRegistry.capabilities`. */
export async function probe(client: RepositoryClient): Promise<Capabilities> {
  // Of its own, so that others who probe at the same time are not in the way.
  const id = randomUUID()
  const manifest = encodeManifest({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    artifactType: client.settings.removedType,
    config: EMPTY_DESCRIPTOR,
    layers: [EMPTY_DESCRIPTOR],
    annotations: { 'org.opencontainers.image.description': `A probe of what this registry can do: ${id}` },
  })
  const { digest } = describe(MEDIA_TYPE.manifest, manifest)
  const [kept, removed] = [`kept-${id}`, `removed-${id}`]
  await explained(client, 'pushed to', async () => {
    await pushEmptyBlob(client)
    for (const tag of [kept, removed]) {
      await putManifest(client, tag, { mediaType: MEDIA_TYPE.manifest, bytes: manifest })
    }
  })
  await explained(client, 'pulled from', async () => {
    if ((await getManifest(client, kept))?.descriptor.digest === digest) return
    throw new OciError('unavailable', `${client.name}: what was pushed cannot be pulled`)
  })
  const referrersApi = await hasReferrersApi(client, digest, { again: true })
  const tagDeletion =
    (await attempted(deleteManifest(client, removed))) === 'done' &&
    (await headManifest(client, removed)) === undefined &&
    (await headManifest(client, kept)) !== undefined
  client.known.tagDeletion = tagDeletion
  const manifestDeletion =
    (await attempted(deleteManifest(client, digest))) === 'done' &&
    (await headManifest(client, kept)) === undefined
  if (!manifestDeletion) {
    for (const tag of [kept, removed]) await attempted(removeTag(client, tag))
  }
  return { referrersApi, tagDeletion, manifestDeletion }
}

/** Credentials that may not delete are the same as a registry that does not: neither is a reason to fail. */
async function attempted<T>(work: Promise<T>): Promise<T | 'unsupported'> {
  try {
    return await work
  } catch (error) {
    if (error instanceof OciError && (error.code === 'denied' || error.code === 'unsupported'))
      return 'unsupported'
    throw error
  }
}

async function explained(client: RepositoryClient, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof OciError)) throw error
    const where = `${client.http.registry.host}/${client.name}`
    throw new OciError(error.code, `nothing can be ${what} ${where}: ${error.message}`, error)
  }
}
