/**
 * Work on the files of packages. Revisions come as they are stored, and are unpacked where they are needed: a few
 * kilobytes may hold 64 MiB.
 */
import { type ForeignLayer, unpackForeignLayers } from '../../artifact/foreign-artifact.ts'
import { unpackLayer, unpackUpload } from '../../artifact/layer.ts'
import { type DiffInput, diffResources, type ResourcesDiff } from '../../domain/diff/diff-resources.ts'
import { type CloneRequest, changeableFiles, cloneResources } from '../../domain/kpt/clone-resources.ts'
import { type UpstreamNote, withUpstream } from '../../domain/kpt/kptfile.ts'
import type { SetterProblem } from '../../domain/krm/apply-setter-comments.ts'
import type { Conflict } from '../../domain/merge/conflict.ts'
import { type MergeInput, mergePackage } from '../../domain/merge/merge-package.ts'
import type { RevisionConflict } from '../../domain/merge/revision-conflict.ts'
import { type Choice, editedConflicts, settleConflict } from '../../domain/merge/settle-conflicts.ts'
import {
  type FilesPatch,
  type NewFiles,
  type PackageFiles,
  patchFiles,
  patchOf,
  type Upload,
} from '../../domain/package-files.ts'
import { checkResources, type ResourceLimits } from '../../domain/resources.ts'
import { readKnownKrmFile } from './krm-file-cache.ts'
import { inspectResources, type PackedResources, packResources } from './pack-resources.ts'

/** The tar.gz of a revision, or files that are unpacked already. */
export type StoredFiles = { layer: Uint8Array } | PackageFiles
/** The layers of an artifact that another tool pushed. */
type ForeignFiles = { layers: ForeignLayer[] }
type AnyFiles = NewFiles | StoredFiles | ForeignFiles

/** The rules for the files of a package. */
export type FileRules = {
  limits: ResourceLimits
  /** The package whose package.yaml they must have; undefined for a package that need not have one. */
  manifestOf?: string | undefined
}

/** Throws `invalid_archive`, `invalid` and `too_large`, as all that pack files do. */
export async function prepare(input: { files: AnyFiles } & FileRules): Promise<PackedResources> {
  return packed(await unpacked(input.files, input.limits), input)
}

export async function inspect(
  input: { files: StoredFiles } & FileRules,
): Promise<Pick<PackedResources, 'findings' | 'contents'>> {
  return inspectResources((await unpacked(input.files, input.limits)).resources, input.manifestOf)
}

export async function patch(
  input: { before: StoredFiles; patch: FilesPatch | Upload } & FileRules,
): Promise<PackedResources> {
  const { limits } = input
  const changes = 'archive' in input.patch ? patchOf(await unpackUpload(input.patch, limits)) : input.patch
  return packed(patchFiles(await unpacked(input.before, limits), changes), input)
}

/** The files of a clone; `undefined` if it has those of its upstream, and they are right for it as they are for that. */
export async function clone(
  input: { upstream: StoredFiles } & Omit<CloneRequest, 'resources'> & FileRules,
): Promise<{ files: PackedResources | undefined } | SetterProblem> {
  const { limits, manifestOf, upstream, ...request } = input
  const { resources, executables } = await unpacked(upstream, limits)
  const changed = cloneResources({ ...request, resources: changeableFiles({ ...request, resources }) })
  if ('problem' in changed) return changed
  if (changed.size === 0 && manifestOf === undefined) return { files: undefined }
  const files = { resources: new Map([...resources, ...changed]), executables }
  return { files: packed(files, { limits, manifestOf }) }
}

export async function diff(
  input: { before: StoredFiles; after: StoredFiles } & Omit<DiffInput, 'before' | 'after'> & FileRules,
): Promise<ResourcesDiff> {
  const { limits, before, after, ...options } = input
  return diffResources({
    ...options,
    before: await unpacked(before, limits),
    after: await unpacked(after, limits),
  })
}

export type UpgradeInput = Record<'original' | 'local' | 'upstream', StoredFiles> &
  Pick<MergeInput, 'strategy' | 'prefer'> & { note: UpstreamNote } & FileRules

export type Merged = {
  conflicts: Conflict[]
  /** The files with local changes, which `fast-forward` refuses. */
  modified: string[]
}

export async function merge(input: UpgradeInput): Promise<Merged> {
  const { conflicts, modified } = await merged(input)
  return { conflicts, modified }
}

export async function upgrade(input: UpgradeInput): Promise<Merged & { files: PackedResources }> {
  const { files, conflicts, modified } = await merged(input)
  return { files: packed(files, input), conflicts, modified }
}

export async function preview(input: UpgradeInput): Promise<Merged & { diff: ResourcesDiff }> {
  const { local, files, conflicts, modified } = await merged(input)
  return { diff: diffResources({ before: local, after: files }), conflicts, modified }
}

/** Returns the IDs of the conflicts whose values an edit changed. */
export async function edited(
  input: { conflicts: readonly RevisionConflict[]; before: StoredFiles; after: StoredFiles } & FileRules,
): Promise<string[]> {
  const { limits, conflicts } = input
  const before = await unpacked(input.before, limits)
  return editedConflicts({ conflicts, before, after: await unpacked(input.after, limits) })
}

/** The files with the choice for a conflict. Throws `conflict` if its object is gone. */
export async function settle(
  input: {
    conflict: RevisionConflict
    choice: Choice
    files: StoredFiles
    upstream: StoredFiles
  } & FileRules,
): Promise<PackedResources> {
  const { limits, conflict, choice } = input
  const files = await unpacked(input.files, limits)
  const upstream = await unpacked(input.upstream, limits)
  return packed(settleConflict({ conflict, choice, files, upstream }), input)
}

function packed(files: PackageFiles, { limits, manifestOf }: FileRules): PackedResources {
  checkResources(files.resources, limits)
  return packResources(files, manifestOf)
}

export async function unpacked(files: AnyFiles, limits: ResourceLimits): Promise<PackageFiles> {
  if ('archive' in files) return unpackUpload(files, limits)
  if ('layers' in files) return unpackForeignLayers(files.layers, limits)
  return 'layer' in files ? unpackLayer(files.layer, limits) : files
}

async function merged(input: UpgradeInput): Promise<Merged & { local: PackageFiles; files: PackageFiles }> {
  const { limits, strategy, prefer, note } = input
  const [original, local, upstream] = [
    await unpacked(input.original, limits),
    await unpacked(input.local, limits),
    await unpacked(input.upstream, limits),
  ]
  const result = mergePackage({ original, local, upstream, strategy, prefer }, readKnownKrmFile)
  const { conflicts, modified, executables } = result
  const files = { resources: withUpstream(result.resources, note), executables }
  return { local, files, conflicts, modified }
}
