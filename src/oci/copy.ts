import type { Descriptor } from './descriptor.ts'
import { MAX_MANIFEST_BYTES, parseManifest, successors } from './manifest.ts'
import { isManifestType } from './media-types.ts'
import { fetchAll, type Resolver, type Storage, type Target } from './roles.ts'

/**
 * Copies the graph of a reference, children before parents, and tags its root in the destination if `tag` is given.
 * Skips content that the destination already has. Returns the descriptor of the root.
 */
export async function copy(
  source: Storage & Resolver,
  reference: string,
  destination: Target,
  tag?: string,
): Promise<Descriptor> {
  const root = await source.resolve(reference)
  await copyGraph(source, root, destination)
  if (tag !== undefined) await destination.tag(root, tag)
  return root
}

async function copyGraph(source: Storage, node: Descriptor, destination: Storage): Promise<void> {
  if (await destination.exists(node)) return
  if (!isManifestType(node.mediaType)) {
    await destination.push(node, await source.fetch(node))
    return
  }
  const bytes = await fetchAll(source, node, MAX_MANIFEST_BYTES)
  for (const child of successors(parseManifest(bytes))) {
    // Content with urls is distributed elsewhere, so a registry may not have it.
    if (!child.urls?.length) await copyGraph(source, child, destination)
  }
  await destination.push(node, bytes)
}
