/**
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/image-index.md
 */
import type { Annotations, Descriptor } from './descriptor.ts'
import { isDigest } from './digest.ts'
import { OciError } from './errors.ts'
import { isRecord } from './json.ts'
import { ambiguityIn } from './json-text.ts'
import { MEDIA_TYPE } from './media-types.ts'

export type Manifest = {
  schemaVersion: 2
  mediaType?: string
  artifactType?: string
  config: Descriptor
  layers: readonly Descriptor[]
  subject?: Descriptor
  annotations?: Annotations
}

export type Index = {
  schemaVersion: 2
  mediaType?: string
  artifactType?: string
  manifests: readonly Descriptor[]
  subject?: Descriptor
  annotations?: Annotations
}

/** The largest manifest that common registries and clients accept. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024

const FIELDS = [
  'schemaVersion',
  'mediaType',
  'artifactType',
  'config',
  'layers',
  'manifests',
  'subject',
  'annotations',
]
const DESCRIPTOR_FIELDS = [
  'mediaType',
  'artifactType',
  'digest',
  'size',
  'urls',
  'annotations',
  'data',
  'platform',
]
const PLATFORM_FIELDS = ['architecture', 'os', 'os.version', 'os.features', 'variant', 'features']

export const EMPTY_CONFIG_BYTES: Uint8Array = new TextEncoder().encode('{}')

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidance-for-an-empty-descriptor */
export const EMPTY_DESCRIPTOR: Descriptor = {
  mediaType: MEDIA_TYPE.empty,
  digest: 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
  size: 2,
}

export function encodeManifest(manifest: Manifest | Index): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(manifest))
}

/**
 * Parses a manifest, checks the fields that readers rely on, and refuses what readers take differently, such as Go's
 * encoding/json. Keeps unknown fields. Throws `invalid_manifest`.
 */
export function parseManifest(bytes: Uint8Array): Manifest | Index {
  const text = decoded(bytes)
  const ambiguity = ambiguityIn(text)
  if (ambiguity !== undefined) throw invalid(ambiguity)
  const manifest = manifestIn(text)
  checkForOtherReaders(manifest)
  return manifest
}

/** Parses a manifest that has been accepted, perhaps by an earlier release. Throws `invalid_manifest`. */
export function parseStoredManifest(bytes: Uint8Array): Manifest | Index {
  return manifestIn(decoded(bytes))
}

function manifestIn(text: string): Manifest | Index {
  const value = parseJson(text)
  if (!isRecord(value) || value.schemaVersion !== 2) {
    throw invalid('it is not a JSON object with schemaVersion 2')
  }
  for (const field of ['mediaType', 'artifactType']) {
    if (value[field] !== undefined && typeof value[field] !== 'string')
      throw invalid(`${field} is not a string`)
  }
  if (!areAnnotations(value.annotations)) throw invalid('annotations do not map strings to strings')
  if (value.subject !== undefined) checkDescriptor(value.subject, 'subject')
  // Readers disagree on the kind of a manifest that has both.
  const index = value.manifests !== undefined
  if (index === (value.config !== undefined || value.layers !== undefined)) {
    throw invalid('it needs either config and layers, or manifests')
  }
  if (index) {
    checkDescriptors(value.manifests, 'manifests')
    return value as unknown as Index
  }
  checkDescriptor(value.config, 'config')
  checkDescriptors(value.layers, 'layers')
  return value as unknown as Manifest
}

export function isIndex(manifest: Manifest | Index): manifest is Index {
  return 'manifests' in manifest
}

/** Returns the content that a manifest refers to and a copy of it needs, which does not include its subject. */
export function successors(manifest: Manifest | Index): readonly Descriptor[] {
  return isIndex(manifest) ? manifest.manifests : [manifest.config, ...manifest.layers]
}

/**
 * Returns the artifact type under which a manifest is listed as a referrer.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers
 */
export function referrerType(manifest: Manifest | Index): string | undefined {
  if (manifest.artifactType) return manifest.artifactType
  return isIndex(manifest) ? undefined : manifest.config.mediaType
}

function decoded(bytes: Uint8Array): string {
  try {
    // Keeps a byte order mark, which JSON.parse rejects: not every reader skips one.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    throw new OciError('invalid_manifest', 'the manifest is not JSON', error)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new OciError('invalid_manifest', 'the manifest is not JSON', error)
  }
}

function checkDescriptors(values: unknown, where: string): void {
  if (!Array.isArray(values)) throw invalid(`${where} is not an array`)
  values.forEach((value, at) => {
    checkDescriptor(value, `${where}[${at}]`)
  })
}

/** Checks names and types that do not matter here, but to Go's encoding/json. */
function checkForOtherReaders(manifest: Manifest | Index): void {
  checkCase(manifest, FIELDS, 'the manifest')
  const { subject } = manifest
  for (const descriptor of [...successors(manifest), ...(subject ? [subject] : [])]) {
    checkCase(descriptor, DESCRIPTOR_FIELDS, 'a descriptor')
    const { artifactType, data, platform } = descriptor as Record<string, unknown> & Descriptor
    // To Go, null is no value.
    const fields = platform ?? {}
    if (typeof (artifactType ?? '') !== 'string' || typeof (data ?? '') !== 'string' || !isRecord(fields)) {
      throw invalid('artifactType, data or platform of a descriptor has the wrong type')
    }
    checkCase(fields, PLATFORM_FIELDS, 'a platform')
  }
}

/** Rejects fields that case-insensitive readers would take for a known field. */
function checkCase(value: object, known: readonly string[], where: string): void {
  for (const name of Object.keys(value)) {
    if (known.includes(name)) continue
    const lower = folded(name)
    const field = known.find((exact) => exact.toLowerCase() === lower)
    if (field) throw invalid(`${where} has a field "${name}", which some readers read as "${field}"`)
  }
}

/** Go takes "\u017f" for "s" and the sign for Kelvin for "k". */
function folded(name: string): string {
  return name.toUpperCase().toLowerCase()
}

function checkDescriptor(value: unknown, where: string): void {
  const valid =
    isRecord(value) &&
    typeof value.mediaType === 'string' &&
    typeof value.digest === 'string' &&
    isDigest(value.digest) &&
    Number.isSafeInteger(value.size) &&
    Number(value.size) >= 0 &&
    (value.urls === undefined || isArrayOfStrings(value.urls)) &&
    areAnnotations(value.annotations)
  if (!valid) throw invalid(`${where} is not a valid descriptor with mediaType, digest and size`)
}

function isArrayOfStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function areAnnotations(value: unknown): boolean {
  return value === undefined || (isRecord(value) && isArrayOfStrings(Object.values(value)))
}

function invalid(reason: string): OciError {
  return new OciError('invalid_manifest', `the manifest is invalid: ${reason}`)
}
