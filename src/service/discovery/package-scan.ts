/** The scan of one repository of a source, and what is known of its tags. */

import { shortened } from '../../core/errors.ts'
import { declaredVersions } from '../../database/package-revisions/of-package.ts'
import {
  type DiscoveredTag,
  discoveredTags,
  saveDiscoveredTag,
} from '../../database/repositories/discovered-tags.ts'
import { findPackage } from '../../database/repositories/packages.ts'
import type { PackageId } from '../../domain/names.ts'
import type { Repository } from '../../domain/repository.ts'
import { parseVersion, type Version } from '../../domain/version.ts'
import type { ServiceContext } from '../context.ts'
import type { PackageSource } from './package-source.ts'

/** One sync of a repository with its source. */
export type Sync = {
  ctx: ServiceContext
  repository: Repository
  source: PackageSource
  /** Checks every tag, and not only new ones. */
  thorough: boolean
  /** Aborts when the server stops or the sync has taken too long. */
  signal: AbortSignal
  /** Runs work that takes much memory, a few at a time over all syncs, and fewer for one host. */
  limited: <T>(work: () => Promise<T>) => Promise<T>
}

export type PackageScan = {
  sync: Sync
  id: PackageId
  known: Map<string, DiscoveredTag>
  /** The versions that are taken, those of deleted revisions too, by the version without its build. */
  declared: Map<string, { version: Version; workspace: string }[]>
}

type TagState = Pick<DiscoveredTag, 'digest' | 'revision' | 'problem'>

/** Stands for a tag where a problem concerns the whole repository of the source. */
export const WHOLE_PACKAGE = ''

export async function startScan(sync: Sync, name: string): Promise<PackageScan> {
  const id = { repository: sync.repository.name, package: name }
  return {
    sync,
    id,
    known: await discoveredTags(sync.ctx.db, id),
    declared: await declaredIn(sync, id),
  }
}

async function declaredIn({ ctx }: Sync, id: PackageId): Promise<PackageScan['declared']> {
  const declared: PackageScan['declared'] = new Map()
  const state = await findPackage(ctx.db, id)
  for (const { version: text, workspace } of state ? await declaredVersions(ctx.db, state.id) : []) {
    const version = parseVersion(text)
    if (version) addDeclared(declared, version, workspace)
  }
  return declared
}

export function addDeclared(declared: PackageScan['declared'], version: Version, workspace: string): void {
  declared.set(version.base, [...(declared.get(version.base) ?? []), { version, workspace }])
}

/** The state of a tag that becomes no revision. */
export function unusable(problem: string): TagState {
  return { digest: null, revision: null, problem }
}

/** Records the state of a tag where it has changed; with `checked`, also that it has not. */
export async function recordTag(
  { sync, id, known }: PackageScan,
  tag: string,
  state: TagState,
  { checked = false } = {},
): Promise<void> {
  const { ctx } = sync
  const before = known.get(tag)
  const problem = state.problem === null ? null : shortened(state.problem)
  const same =
    before?.digest === state.digest && before.revision === state.revision && before.problem === problem
  if (same && !checked) return
  const row = { ...id, tag, ...state, problem, checkedAt: ctx.now().toISOString() }
  known.set(tag, row)
  await ctx.commits.run((transaction) => saveDiscoveredTag(transaction, row))
}
