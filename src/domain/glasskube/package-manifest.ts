/** Reads package.yaml, the manifest of a package of Glasskube, as its clients do, and finds what is wrong with it. */
import { shortened } from '../../core/errors.ts'
import { fieldOffset } from '../krm/field-offset.ts'
import { formatFieldPath } from '../krm/field-path.ts'
import { isJsonObject, isTooDeep, type JsonObject } from '../krm/json-value.ts'
import { type Finding, MAX_FINDINGS, type YamlDocument, yamlDocuments } from '../validation/yaml-documents.ts'
import type { Fault } from './manifest-fault.ts'
import { manifestFaults } from './manifest-rules.ts'
import type { PackageManifest } from './manifest-schema.ts'
import { schemaFaults, unknownFields } from './schema-faults.ts'

/** A problem with a field; line and column count from 1. */
export type Problem = {
  /** `dependencies[0].version`; empty for the whole file. */
  path: string
  /** Follows the path; a sentence of its own for the whole file. */
  message: string
  line: number
  column: number
}

/** At most 20 errors and 20 warnings. The manifest, with all of its fields, is there if there are no errors. */
export type ReadManifest = { manifest?: PackageManifest; errors: Problem[]; warnings: Problem[] }

/** The largest that Glasskube has published has 12 KiB. */
export const MAX_MANIFEST_BYTES = 1024 * 1024

/** Returns a problem with its path, for those who show no path beside it. */
export function problemText({ path, message }: Problem): string {
  return path === '' ? message : `${path} ${message}`
}

/** Without the name of a package, any name is right. */
export function readPackageManifest(content: string | Uint8Array, packageName?: string): ReadManifest {
  const file = readDocument(typeof content === 'string' ? Buffer.from(content) : content)
  if ('errors' in file) return { ...file, warnings: [] }
  const errors: Fault[] = []
  const warnings: Fault[] = []
  const add = (faults: Iterable<Fault>) => {
    for (const fault of faults) {
      const list = fault.severity === 'error' ? errors : warnings
      if (list.length < MAX_FINDINGS) list.push(fault)
    }
  }
  add(unknownFields(file.value))
  add(schemaFaults(file.value))
  // Zod's own result lacks unknown fields.
  const manifest = file.value as unknown as PackageManifest
  if (errors.length === 0) add(manifestFaults(manifest, packageName))
  const found = { errors: located(errors, file), warnings: located(warnings, file) }
  return errors.length === 0 ? { manifest, ...found } : found
}

type ManifestFile = Omit<YamlDocument, 'value'> & { value: JsonObject }

/** Returns the only document of a file, or why it is no manifest. */
function readDocument(content: Uint8Array): ManifestFile | { errors: Problem[] } {
  if (content.byteLength > MAX_MANIFEST_BYTES) {
    return refused(
      `the file has more than ${MAX_MANIFEST_BYTES} bytes, the most that a manifest may have: shorten it`,
    )
  }
  const errors: Finding[] = []
  let first: YamlDocument | undefined
  for (const each of yamlDocuments(content, errors)) {
    const at = each.positionOf(fieldOffset(each.document, []))
    if (first) return refused('clients ignore all but the first document: remove this one', at)
    if (each.index > 0) return refused('clients read the first document, which is empty: remove it', at)
    first = each
  }
  if (errors.length > 0) return { errors: errors.map((found) => ({ path: '', column: 1, ...found })) }
  if (!first) return refused('the file is empty: write at least name and defaultNamespace')
  const { value } = first
  if (!isJsonObject(value)) return refused('the file must be a map with the fields of a manifest')
  if (isTooDeep(value)) return refused('the file is nested too deeply')
  return { ...first, value }
}

function refused(message: string, at = { line: 1, column: 1 }): { errors: Problem[] } {
  return { errors: [{ path: '', message, ...at }] }
}

function located(faults: readonly Fault[], { document, positionOf }: ManifestFile): Problem[] {
  return faults
    .map(({ path, message, part }) => {
      const position = positionOf(fieldOffset(document, path, part))
      return { path: shortened(formatFieldPath(path)), message: shortened(message), ...position }
    })
    .sort((a, b) => a.line - b.line || a.column - b.column)
}
