/** Merges a newer upstream into a package, with one of the strategies. */
import { withField } from '../krm/edit-object.ts'
import type { FieldPath } from '../krm/field-path.ts'
import { type JsonValue, sameJson } from '../krm/json-value.ts'
import { type ReadKrmFile, readKrmFile } from '../krm/krm-file.ts'
import { type Resources, sameBytes } from '../resources.ts'
import type { Conflict, Side } from './conflict.ts'
import { OWN_FIELDS } from './merge-krm.ts'
import { mergeResources, type PackageVersions } from './merge-resources.ts'
import type { MergeStrategy } from './strategy.ts'

export type MergeInput = PackageVersions & { strategy: MergeStrategy; prefer: Side }

export type MergedPackage = {
  resources: Resources
  conflicts: Conflict[]
  /** The files with local changes, which `fast-forward` refuses. */
  modified: string[]
}

/** The fields that a clone sets by itself, which are not edits. */
const CLONE_FIELDS: Readonly<Record<string, readonly FieldPath[]>> = {
  Kptfile: OWN_FIELDS,
  'package-context.yaml': [
    ['data', 'name'],
    ['data', 'package-path'],
  ],
}

/** `read` may be a cache in front of `readKrmFile`, whose result depends on the content alone. */
export function mergePackage(
  { strategy, prefer, ...versions }: MergeInput,
  read: ReadKrmFile = readKrmFile,
): MergedPackage {
  const { original, local, upstream } = versions
  switch (strategy) {
    case 'resource-merge':
      return { ...mergeResources(versions, prefer, read), modified: [] }
    case 'fast-forward': {
      const modified = modifiedFiles(original, local)
      return { ...withOwnFiles(upstream, versions, prefer), modified }
    }
    case 'force-delete-replace':
      return { ...withOwnFiles(upstream, versions, prefer), modified: [] }
    case 'copy-merge': {
      const onlyLocal = [...local].filter(([path]) => !original.has(path))
      return { ...withOwnFiles(new Map([...onlyLocal, ...upstream]), versions, prefer), modified: [] }
    }
  }
}

/** Adds the merged Kptfile and package-context.yaml to the files. */
function withOwnFiles(
  resources: Resources,
  versions: PackageVersions,
  prefer: Side,
): { resources: Resources; conflicts: Conflict[] } {
  const own = (files: Resources): Resources =>
    new Map([...files].filter(([path]) => Object.hasOwn(CLONE_FIELDS, path)))
  const { original, local, upstream } = versions
  const merged = mergeResources(
    { original: own(original), local: own(local), upstream: own(upstream) },
    prefer,
  )
  return { resources: new Map([...resources, ...merged.resources]), conflicts: merged.conflicts }
}

/** Returns the paths of files that differ in more than the fields that a clone sets by itself. */
function modifiedFiles(original: Resources, local: Resources): string[] {
  return [...new Set([...original.keys(), ...local.keys()])].filter((path) => {
    const [before, now] = [original.get(path), local.get(path)]
    if (sameBytes(before, now)) return false
    const fields = CLONE_FIELDS[path]
    return !fields || !before || !now || !sameJson(withoutFields(before, fields), withoutFields(now, fields))
  })
}

function withoutFields(content: Uint8Array, fields: readonly FieldPath[]): JsonValue | undefined {
  const value: JsonValue | undefined = readKrmFile(content)?.documents.map((document) => document.value)[0]
  // Content that is not KRM equals only the same bytes.
  if (value === undefined) return Buffer.from(content).toString('base64')
  return fields.reduce<JsonValue | undefined>((now, field) => withField(now, field, undefined), value)
}
