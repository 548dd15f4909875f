/** A look at one repository of a source, and what is known of it. */

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
import type { Descriptor } from '../../oci/descriptor.ts'
import { isNotFound } from '../../oci/errors.ts'
import type { ServiceContext } from '../context.ts'
import type { SourceRegistry } from './source-registry.ts'

/** One pass through a source. */
export type Pass = {
  ctx: ServiceContext
  repository: Repository
  registry: SourceRegistry
  /** How references there begin: host and prefix. */
  address: string
  /** Whether every tag is looked at, and not only what is new. */
  thorough: boolean
  /** Is aborted when the process is about to end, or when the pass has taken too long. */
  stopped: AbortSignal
  /** Runs what takes memory, a few at a time. */
  sparingly: <T>(work: () => Promise<T>) => Promise<T>
}

export type Look = {
  pass: Pass
  id: PackageId
  known: Map<string, DiscoveredTag>
  /** The versions that are taken, deleted ones too, by what they are without their builds. */
  declared: Map<string, { version: Version; workspace: string }[]>
}

type Known = Pick<DiscoveredTag, 'digest' | 'revision' | 'problem'>

/** The tag under which it is recorded what is wrong with all of a repository. */
export const WHOLE = ''

export async function lookAt(pass: Pass, name: string): Promise<Look> {
  const id = { repository: pass.repository.name, package: name }
  return {
    pass,
    id,
    known: await discoveredTags(pass.ctx.db, id),
    declared: await declaredBy(pass, id),
  }
}

async function declaredBy({ ctx }: Pass, id: PackageId): Promise<Look['declared']> {
  const declared: Look['declared'] = new Map()
  const state = await findPackage(ctx.db, id)
  for (const { version: text, workspace } of state ? await declaredVersions(ctx.db, state.id) : []) {
    const version = parseVersion(text)
    if (version) declare(declared, version, workspace)
  }
  return declared
}

/** Remembers that a version is taken. */
export function declare(declared: Look['declared'], version: Version, workspace: string): void {
  declared.set(version.base, [...(declared.get(version.base) ?? []), { version, workspace }])
}

/** What a tag points to now; undefined where it is gone. */
export async function resolve({ pass, id }: Look, tag: string): Promise<Descriptor | undefined> {
  try {
    return await pass.registry.repository(id.package).resolve(tag)
  } catch (error) {
    // It went since the tags were listed.
    if (isNotFound(error)) return undefined
    throw error
  }
}

/** What is known of a tag that becomes no revision. */
export function nothing(problem: string): Known {
  return { digest: null, revision: null, problem }
}

/** Records what is known of a tag, where that is new; `again`, also where it is not. */
export async function note(
  { pass, id, known }: Look,
  tag: string,
  next: Known,
  { again = false } = {},
): Promise<void> {
  const { ctx } = pass
  const before = known.get(tag)
  const problem = next.problem === null ? null : shortened(next.problem)
  const same = before?.digest === next.digest && before.revision === next.revision
  if (same && before.problem === problem && !again) return
  const row = { ...id, tag, ...next, problem, checkedAt: ctx.now().toISOString() }
  known.set(tag, row)
  await ctx.commits.run((transaction) => saveDiscoveredTag(transaction, row))
}
