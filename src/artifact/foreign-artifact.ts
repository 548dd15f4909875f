/** Packages in artifacts that other tools pushed. */

import type { PackageFiles } from '../domain/package-files.ts'
import { checkResources, type ResourceLimits, tooManyBytes, tooManyFiles } from '../domain/resources.ts'
import { inTime } from '../oci/content.ts'
import type { Annotations, Descriptor } from '../oci/descriptor.ts'
import { OciError } from '../oci/errors.ts'
import { type Index, isIndex, MAX_MANIFEST_BYTES, type Manifest, parseManifest } from '../oci/manifest.ts'
import { type Fetcher, fetchAll } from '../oci/roles.ts'
import { hasContent, readForeignLayer } from './foreign-layer.ts'
import { invalidArchive } from './invalid-archive.ts'
import { maxTarBytes } from './layer.ts'

export type ForeignLayer = { descriptor: Descriptor; bytes: Uint8Array }
export type ForeignArtifact = { layers: ForeignLayer[]; annotations: Annotations }

export type ForeignOptions = {
  limits: ResourceLimits
  /** The longest time that fetching all of the artifact may take, in milliseconds. */
  timeout: number
  signal?: AbortSignal
}

/** Image builders mark manifests that accompany an image with this annotation. */
const ATTESTATION = 'vnd.docker.reference.type'

/**
 * Returns the layers that may have files, as they are packed. Throws `invalid_archive` or `too_large` for an artifact that
 * cannot be a package, and an OciError if the registry does not deliver the content.
 */
export async function fetchForeignArtifact(
  source: Fetcher,
  root: Descriptor,
  options: ForeignOptions,
): Promise<ForeignArtifact> {
  const deadline = Date.now() + options.timeout
  const timed: Fetcher = {
    fetch: async (descriptor) => {
      options.signal?.throwIfAborted()
      if (Date.now() > deadline) throw new OciError('unavailable', 'the artifact takes too long to arrive')
      return inTime(await source.fetch(descriptor), deadline)
    },
  }
  const manifest = await readManifest(timed, root)
  const descriptors = manifest.layers.filter(hasContent)
  if (descriptors.length === 0) throw invalidArchive('the artifact has no layers with files')
  const { limits } = options
  if (descriptors.length > limits.maxFiles) throw tooManyFiles(limits)
  const total = descriptors.reduce((sum, { size }) => sum + size, 0)
  if (total > maxTarBytes(limits)) throw tooManyBytes(limits)
  const layers: ForeignLayer[] = []
  for (const descriptor of descriptors) {
    layers.push({ descriptor, bytes: await fetchAll(timed, descriptor, descriptor.size) })
  }
  return { layers, annotations: manifest.annotations ?? {} }
}

/** Collects the files of all layers. Throws `invalid_archive`, `invalid` or `too_large` if they are not a package. */
export async function unpackForeignLayers(
  layers: readonly ForeignLayer[],
  limits: ResourceLimits,
): Promise<PackageFiles> {
  const files: Collected = { resources: new Map(), executables: new Set(), leftOut: [] }
  // Files keep the archive that they are in from being freed.
  const room = { bytes: maxTarBytes(limits) }
  let unpacked = 0
  for (const { descriptor, bytes } of layers) {
    unpacked += addAll(files, await readForeignLayer(descriptor, bytes, limits, room))
    if (unpacked > limits.maxBytes) throw tooManyBytes(limits)
    if (files.resources.size > limits.maxFiles) throw tooManyFiles(limits)
  }
  if (files.resources.size === 0) throw invalidArchive('the artifact has no files')
  checkResources(files.resources, limits)
  return files
}

async function readManifest(source: Fetcher, root: Descriptor): Promise<Manifest> {
  const manifest = await read(source, root)
  if (!isIndex(manifest)) return manifest
  const only = await read(source, onlyManifest(manifest))
  if (isIndex(only)) throw invalidArchive('the artifact is an index of indexes')
  // Annotations of the index hold for its only manifest.
  return { ...only, annotations: { ...manifest.annotations, ...only.annotations } }
}

async function read(source: Fetcher, descriptor: Descriptor): Promise<Manifest | Index> {
  return parseManifest(await fetchAll(source, descriptor, MAX_MANIFEST_BYTES))
}

function onlyManifest({ manifests }: Index): Descriptor {
  const [only, ...others] = manifests.filter(({ annotations }) => annotations?.[ATTESTATION] === undefined)
  if (only !== undefined && others.length === 0) return only
  throw invalidArchive(
    `the artifact is an index of ${manifests.length} manifests, and a package must be exactly one`,
  )
}

type Collected = { resources: Map<string, Uint8Array>; executables: Set<string>; leftOut: string[] }

/**
 * Returns the bytes added. Refuses two different files of one name: tools differ on which layer wins. The mode is that of
 * the last.
 */
function addAll({ resources, executables, leftOut }: Collected, more: PackageFiles): number {
  let added = 0
  for (const [path, content] of more.resources) {
    const before = resources.get(path)
    if (before && Buffer.compare(before, content) !== 0) {
      throw invalidArchive(`two layers have different files "${path}"`, path)
    }
    if (!before) added += content.byteLength
    resources.set(path, content)
    if (more.executables.has(path)) executables.add(path)
    else executables.delete(path)
  }
  for (const path of more.leftOut ?? []) leftOut.push(path)
  return added
}
