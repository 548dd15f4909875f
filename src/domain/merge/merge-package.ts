/** Merges a newer upstream into a package, with one of the strategies. */
import { withField } from '../krm/edit-object.ts'
import type { FieldPath } from '../krm/field-path.ts'
import { type JsonValue, sameJson } from '../krm/json-value.ts'
import { type ReadKrmFile, readKrmFile } from '../krm/krm-file.ts'
import { filesWhere, overlaid, type PackageFiles } from '../package-files.ts'
import { sameBytes } from '../resources.ts'
import { type Conflict, checkSize, type Side } from './conflict.ts'
import { type FileSides, mergeExecutables } from './merge-executables.ts'
import { OWN_FIELDS } from './merge-krm.ts'
import { mergeResources } from './merge-resources.ts'
import type { MergeStrategy } from './strategy.ts'

export type MergeInput = FileSides & { strategy: MergeStrategy; prefer: Side }

type MergedFiles = PackageFiles & { conflicts: Conflict[] }

export type MergedPackage = MergedFiles & {
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

/** Throws `too_large`. `read` may be a cache in front of `readKrmFile`, whose result depends on the content alone. */
export function mergePackage(input: MergeInput, read: ReadKrmFile = readKrmFile): MergedPackage {
  const merged = merge(input, read)
  checkSize(merged.conflicts)
  return merged
}

function merge({ strategy, prefer, ...versions }: MergeInput, read: ReadKrmFile): MergedPackage {
  const { original, local, upstream } = versions
  switch (strategy) {
    case 'resource-merge':
      return { ...mergeFiles(versions, prefer, read), modified: [] }
    case 'fast-forward': {
      const modified = modifiedFiles(original, local)
      return { ...withOwnFiles(upstream, versions, prefer), modified }
    }
    case 'force-delete-replace':
      return { ...withOwnFiles(upstream, versions, prefer), modified: [] }
    case 'copy-merge': {
      const onlyLocal = filesWhere(local, (path) => !original.resources.has(path))
      return { ...withOwnFiles(overlaid(onlyLocal, upstream), versions, prefer), modified: [] }
    }
  }
}

function mergeFiles(versions: FileSides, prefer: Side, read: ReadKrmFile): MergedFiles {
  const { original, local, upstream } = versions
  const contents = {
    original: original.resources,
    local: local.resources,
    upstream: upstream.resources,
  }
  return mergeExecutables(versions, mergeResources(contents, prefer, read), prefer)
}

/** Adds the merged Kptfile and package-context.yaml to the files. */
function withOwnFiles(files: PackageFiles, versions: FileSides, prefer: Side): MergedFiles {
  const own = (version: PackageFiles): PackageFiles =>
    filesWhere(version, (path) => Object.hasOwn(CLONE_FIELDS, path))
  const { original, local, upstream } = versions
  const merged = mergeFiles(
    { original: own(original), local: own(local), upstream: own(upstream) },
    prefer,
    readKrmFile,
  )
  return { ...overlaid(files, merged), conflicts: merged.conflicts }
}

/** Returns the paths of files that differ in more than the fields that a clone sets by itself. */
function modifiedFiles(original: PackageFiles, local: PackageFiles): string[] {
  return [...new Set([...original.resources.keys(), ...local.resources.keys()])].filter((path) => {
    if (original.executables.has(path) !== local.executables.has(path)) return true
    const [before, now] = [original.resources.get(path), local.resources.get(path)]
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
