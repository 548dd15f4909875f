/** Removing tags, also where a registry deletes manifests only, or nothing at all. */
import { digestOf } from '../digest.ts'
import { encodeManifest } from '../manifest.ts'
import { MEDIA_TYPE } from '../media-types.ts'
import { deleteManifest, headManifest, putManifest } from './manifests.ts'
import type { RepositoryClient } from './repository-client.ts'

/**
 * Where the registry does not delete tags, the tag is moved to a placeholder that nothing else points to, and that is
 * deleted with it, as regclient does. Where the registry does not delete manifests either, the tag stays on it, and
 * `isPlaceholder` knows it from then on.
 */
export async function removeTag(client: RepositoryClient, tag: string): Promise<void> {
  if (client.known.tagDeletion && (await deleteManifest(client, tag)) === 'done') return
  // Registries that take digests only may say that there is no such manifest.
  const current = await headManifest(client, tag)
  if (current === undefined) return
  const placeholder = placeholderOf(client, tag)
  const digest = digestOf(placeholder)
  if (current.digest !== digest) {
    await putManifest(client, tag, { mediaType: MEDIA_TYPE.index, bytes: placeholder })
  }
  await deleteManifest(client, digest)
}

/** Whether a tag that leads to this digest was removed. */
export function isPlaceholder(client: RepositoryClient, tag: string, digest: string): boolean {
  return digest === digestOf(placeholderOf(client, tag))
}

/**
 * Another one for each tag, always the same: so its deletion takes no other tag, and it is known by its digest. It is an
 * index of nothing, from which no tool takes anything. From an image without files some would deploy just that: nothing
 * in place of everything.
 */
function placeholderOf({ settings }: RepositoryClient, tag: string): Uint8Array {
  return encodeManifest({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.index,
    artifactType: settings.removedType,
    manifests: [],
    annotations: { 'org.opencontainers.image.description': `The tag ${tag} was removed.` },
  })
}
