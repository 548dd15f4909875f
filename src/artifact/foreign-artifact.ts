/** Reads a package from an artifact that another tool pushed. */

import type { PackageFiles } from '../domain/package-files.ts'
import { checkResources, type ResourceLimits, tooManyBytes } from '../domain/resources.ts'
import { type Content, streamOf } from '../oci/content.ts'
import type { Annotations, Descriptor } from '../oci/descriptor.ts'
import { OciError } from '../oci/errors.ts'
import { type Index, isIndex, MAX_MANIFEST_BYTES, type Manifest, parseManifest } from '../oci/manifest.ts'
import { type Fetcher, fetchAll } from '../oci/roles.ts'
import { hasContent, readForeignLayer } from './foreign-layer.ts'
import { invalidArchive } from './invalid-archive.ts'
import { maxTarBytes } from './layer.ts'

export type ForeignPackage = { files: PackageFiles; annotations: Annotations }

export type ForeignOptions = {
  limits: ResourceLimits
  /** The longest time that fetching a layer may take, in milliseconds. */
  timeout: number
}

/** Image builders mark manifests that accompany an image with this annotation. */
const ATTESTATION = 'vnd.docker.reference.type'

/**
 * Collects the files of all layers. Throws `invalid_archive`, `invalid` or `too_large` if they are not a package, and
 * an OciError if the registry does not deliver the content.
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
  const files: Collected = { resources: new Map(), executables: new Set(), leftOut: [] }
  for (const layer of layers) {
    const bytes = await fetchAll(inTime(source, options.timeout), layer, layer.size)
    addAll(files, await readForeignLayer(layer, bytes, options.limits))
  }
  if (files.resources.size === 0) throw invalidArchive('the artifact has no files')
  checkResources(files.resources, options.limits)
  return { files, annotations: manifest.annotations ?? {} }
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

/** Refuses two different files of one name: tools differ on which layer wins. The mode is that of the last. */
function addAll({ resources, executables, leftOut }: Collected, more: PackageFiles): void {
  for (const [path, content] of more.resources) {
    const before = resources.get(path)
    if (before && Buffer.compare(before, content) !== 0) {
      throw invalidArchive(`two layers have different files "${path}"`, path)
    }
    resources.set(path, content)
    if (more.executables.has(path)) executables.add(path)
    else executables.delete(path)
  }
  for (const path of more.leftOut ?? []) leftOut.push(path)
}

/** Bounds the time of each fetch, so that a server that sends a byte now and then cannot hold the reader for ever. */
function inTime(source: Fetcher, timeout: number): Fetcher {
  return { fetch: async (descriptor) => until(await source.fetch(descriptor), Date.now() + timeout) }
}

async function* until(content: Content, deadline: number): AsyncGenerator<Uint8Array> {
  for await (const chunk of streamOf(content)) {
    if (Date.now() > deadline) throw new OciError('unavailable', 'a layer takes too long to download')
    yield chunk
  }
}
