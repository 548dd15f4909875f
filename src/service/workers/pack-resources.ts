import { LRUCache } from 'lru-cache'
import { type PackedLayer, packLayer } from '../../artifact/layer.ts'
import { type Contents, contentsOf } from '../../domain/contents.ts'
import { inspectManifest, withoutManifest } from '../../domain/glasskube/inspect-manifest.ts'
import type { PackageFiles } from '../../domain/package-files.ts'
import type { Resources } from '../../domain/resources.ts'
import { type Findings, leftOutWarnings, validateResources } from '../../domain/validation/validate.ts'
import { readYamlFile, type YamlFile } from '../../domain/validation/yaml-file.ts'
import { digestOf } from '../../oci/digest.ts'

/** The files of a package as a layer, with the findings of validation and the objects and images for the index. */
export type PackedResources = {
  packed: PackedLayer
  fileCount: number
  findings: Findings
  contents: Contents
}

/** Most files of a revision are the same as in the last one, or in the upstream: their results are cached by digest. */
const knownFiles = new LRUCache<string, YamlFile>({
  maxSize: 16 * 1024 * 1024,
  // Characters approximate bytes well enough.
  sizeCalculation: (file) => JSON.stringify(file).length,
})

/** Packs, validates and inspects files. `manifestOf`: the package whose package.yaml they must have. */
export function packResources(files: PackageFiles, manifestOf?: string): PackedResources {
  const { findings, contents } = inspectResources(files.resources, manifestOf)
  const warnings = [...leftOutWarnings(files), ...findings.warnings]
  const fileCount = files.resources.size
  return { packed: packLayer(files), fileCount, findings: { ...findings, warnings }, contents }
}

/** Validates and inspects files that are packed already. */
export function inspectResources(
  resources: Resources,
  manifestOf?: string,
): Pick<PackedResources, 'findings' | 'contents'> {
  const files: [string, YamlFile][] = []
  const { links, errors, warnings } = inspectManifest(resources, manifestOf)
  const others = manifestOf === undefined ? resources : withoutManifest(resources)
  const findings = validateResources(others, readKnownFile, (path, file) => files.push([path, file]))
  return {
    findings: { errors: [...errors, ...findings.errors], warnings: [...warnings, ...findings.warnings] },
    contents: contentsOf(files, links),
  }
}

function readKnownFile(content: Uint8Array): YamlFile {
  const digest = digestOf(content)
  const known = knownFiles.get(digest)
  if (known) return known
  const file = readYamlFile(content)
  knownFiles.set(digest, file)
  return file
}
