/** Reads a package from an artifact that somebody else has pushed, in whatever way their tool packs files. */

import { checkResources, type ResourceLimits, type Resources, tooManyBytes } from '../domain/resources.ts'
import { type Content, streamOf } from '../oci/content.ts'
import type { Annotations, Descriptor } from '../oci/descriptor.ts'
import { OciError } from '../oci/errors.ts'
import { type Index, isIndex, MAX_MANIFEST_BYTES, type Manifest, parseManifest } from '../oci/manifest.ts'
import { type Fetcher, fetchAll } from '../oci/roles.ts'
import { hasContent, readForeignLayer } from './foreign-layer.ts'
import { invalidArchive } from './invalid-archive.ts'
import { maxTarBytes } from './layer.ts'

export type ForeignPackage = { resources: Resources; annotations: Annotations }

export type ForeignOptions = {
  limits: ResourceLimits
  /** The longest that a layer may take to come in, in milliseconds. */
  timeout: number
}

/** What image builders put beside an image. */
const ATTESTATION = 'vnd.docker.reference.type'

/**
 * The files of a manifest's layers, together. Throws `invalid_archive`, `invalid` or `too_large` where they are no
 * package, and an OciError where the registry does not have what the manifest says.
 */
export async function readForeignArtifact(
  source: Fetcher,
  root: Descriptor,
  options: ForeignOptions,
): Promise<ForeignPackage> {
  const manifest = await readManifest(source, root)
  const layers = manifest.layers.filter(hasContent)
  if (layers.length === 0) throw invalidArchive('the artifact has no layers with files')
  const total = layers.reduce((sum, { size }) => sum + size, 0)
  if (total > maxTarBytes(options.limits)) throw tooManyBytes(options.limits)
  const resources = new Map<string, Uint8Array>()
  for (const layer of layers) {
    const bytes = await fetchAll(inTime(source, options.timeout), layer, layer.size)
    addAll(resources, await readForeignLayer(layer, bytes, options.limits))
  }
  if (resources.size === 0) throw invalidArchive('the artifact has no files')
  checkResources(resources, options.limits)
  return { resources, annotations: manifest.annotations ?? {} }
}

async function readManifest(source: Fetcher, root: Descriptor): Promise<Manifest> {
  const manifest = await read(source, root)
  if (!isIndex(manifest)) return manifest
  const only = await read(source, onlyManifest(manifest))
  if (isIndex(only)) throw invalidArchive('the artifact is an index of indexes')
  // What is said of the whole is said of its only part.
  return { ...only, annotations: { ...manifest.annotations, ...only.annotations } }
}

async function read(source: Fetcher, descriptor: Descriptor): Promise<Manifest | Index> {
  return parseManifest(await fetchAll(source, descriptor, MAX_MANIFEST_BYTES))
}

function onlyManifest({ manifests }: Index): Descriptor {
  const [only, ...others] = manifests.filter(({ annotations }) => annotations?.[ATTESTATION] === undefined)
  if (only !== undefined && others.length === 0) return only
  throw invalidArchive(
    `the artifact is an index of ${manifests.length} manifests: which of them is the package cannot be told`,
  )
}

/** Two layers may have the same file, but not two files of one name: tools differ on which of them counts. */
function addAll(resources: Map<string, Uint8Array>, more: Resources): void {
  for (const [path, content] of more) {
    const before = resources.get(path)
    if (before && Buffer.compare(before, content) !== 0) {
      throw invalidArchive(`two layers have a file "${path}", and not the same`, path)
    }
    resources.set(path, content)
  }
}

/** Content that is cut off where it takes too long: who sends a byte now and then shall not keep the reader for ever. */
function inTime(source: Fetcher, timeout: number): Fetcher {
  return { fetch: async (descriptor) => until(await source.fetch(descriptor), Date.now() + timeout) }
}

async function* until(content: Content, deadline: number): AsyncGenerator<Uint8Array> {
  for await (const chunk of streamOf(content)) {
    if (Date.now() > deadline) throw new OciError('unavailable', 'a layer takes too long to come in')
    yield chunk
  }
}
