/** Removes tags, even from registries that can delete only manifests, or nothing at all. */
import { digestOf } from '../digest.ts'
import { encodeManifest } from '../manifest.ts'
import { MEDIA_TYPE } from '../media-types.ts'
import { deleteManifest, headManifest, putManifest } from './manifests.ts'
import type { RepositoryClient } from './repository-client.ts'

/**
 * If the registry cannot delete tags, moves the tag to a placeholder of its own and deletes that, as regclient does. If
 * it cannot delete manifests either, the tag stays on the placeholder, which `isPlaceholder` recognizes.
 */
export async function removeTag(client: RepositoryClient, tag: string): Promise<void> {
  if (client.features.tagDeletion && (await deleteManifest(client, tag)) === 'done') return
  // A registry that deletes only digests may answer 404 for a tag that exists.
  const current = await headManifest(client, tag)
  if (current === undefined) return
  const placeholder = placeholderOf(client, tag)
  const digest = digestOf(placeholder)
  if (current.digest !== digest) {
    await putManifest(client, tag, { mediaType: MEDIA_TYPE.index, bytes: placeholder })
  }
  await deleteManifest(client, digest)
}

/** Reports whether a tag that points at this digest has been removed. */
export function isPlaceholder(client: RepositoryClient, tag: string, digest: string): boolean {
  return digest === digestOf(placeholderOf(client, tag))
}

/**
 * Returns the same bytes for the same tag, so that the placeholder is recognized by its digest, and different ones for
 * each tag, so that deleting it affects no other. An empty index cannot be deployed, while some tools would deploy an
 * image without files and so replace everything with nothing.
 */
function placeholderOf({ settings }: RepositoryClient, tag: string): Uint8Array {
  return encodeManifest({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.index,
    artifactType: settings.placeholderType,
    manifests: [],
    // Part of the digest: with another text, tags removed before would resolve again.
    annotations: { 'org.opencontainers.image.description': `The tag ${tag} was removed.` },
  })
}
