import { LRUCache } from 'lru-cache'
import { type PackedLayer, packLayer } from '../../artifact/layer.ts'
import { type Contents, contentsOf } from '../../domain/contents.ts'
import type { Resources } from '../../domain/resources.ts'
import { type Findings, validateResources } from '../../domain/validation/validate.ts'
import { readYamlFile, type YamlFile } from '../../domain/validation/yaml-file.ts'
import { digestOf } from '../../oci/digest.ts'

/** Files on their way into an artifact: packed, and looked through. */
export type Prepared = { packed: PackedLayer; findings: Findings; contents: Contents }

/** Revisions of a package, and clones of it, are alike: most of their files were read before. */
const knownFiles = new LRUCache<string, YamlFile>({
  maxSize: 16 * 1024 * 1024,
  // Characters, near enough to bytes.
  sizeCalculation: (file) => JSON.stringify(file).length,
})

/** Packs and validates files, and finds what is in them. */
export function prepareResources(resources: Resources): Prepared {
  return { packed: packLayer(resources), ...inspectResources(resources) }
}

/** Validates files that are packed already, and finds what is in them. */
export function inspectResources(resources: Resources): Omit<Prepared, 'packed'> {
  const files: [string, YamlFile][] = []
  const findings = validateResources(resources, readKnownFile, (path, file) => files.push([path, file]))
  return { findings, contents: contentsOf(files) }
}

function readKnownFile(content: Uint8Array): YamlFile {
  const digest = digestOf(content)
  const known = knownFiles.get(digest)
  if (known) return known
  const file = readYamlFile(content)
  knownFiles.set(digest, file)
  return file
}
