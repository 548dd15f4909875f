/** Checks that index and registry agree and that everything can be read back; repairs what can be repaired. */

import { readPackageManifest, type StoredRevision } from '../../../artifact/read-package-manifest.ts'
import { mapConcurrently } from '../../../core/concurrency.ts'
import { AppError } from '../../../core/errors.ts'
import { withoutContents } from '../../../database/contents/contents.ts'
import {
  type IndexedPackage,
  type IndexedRevision,
  indexedPackage,
  indexedRepositories,
} from '../../../database/maintenance/indexed-package.ts'
import { joinFirst } from '../../../domain/conditions.ts'
import { isLabel, ociRepository, parseOciRepository } from '../../../domain/names.ts'
import type { Descriptor } from '../../../oci/descriptor.ts'
import { MAX_MANIFEST_BYTES } from '../../../oci/manifest.ts'
import { isManifestType } from '../../../oci/media-types.ts'
import { fetchAll } from '../../../oci/roles.ts'
import type { Acting } from '../../audit/record.ts'
import { manifestDescriptor } from '../../change-revision.ts'
import type { ServiceContext } from '../../context.ts'
import { decide, finishEarlier } from '../../intents.ts'
import { inRegistry, listRepositories, REQUESTS_AT_ONCE } from '../../registry-content.ts'
import { fillContents } from '../fill-contents.ts'
import { readStoredPackage, reasonOf } from '../reindex/stored-package.ts'
import { auditDifferences } from './audit-heads.ts'
import { contentFindings } from './check-content.ts'
import { comparePackage } from './compare-package.ts'
import { compareRepository } from './compare-repository.ts'
import type { Difference, Finding } from './finding.ts'

export type VerificationReport = {
  fix: boolean
  packages: number
  revisions: number
  /** Layers and configs that were read back. */
  blobs: number
  differences: Difference[]
  milliseconds: number
}

/** Revisions that a query returns, and that a difference names. */
const BATCH = 100
const NAMED = 10

type Progress = VerificationReport & { ctx: ServiceContext; actor: Acting }

/** Checks everything, while others read and write. */
export async function verify(
  ctx: ServiceContext,
  actor: Acting,
  { fix }: { fix: boolean },
): Promise<VerificationReport> {
  const began = performance.now()
  const report = { fix, packages: 0, revisions: 0, blobs: 0, differences: [], milliseconds: 0 }
  const progress: Progress = { ...report, ctx, actor }
  // Where the registry does not list its repositories, those of the index have to do.
  const listed = await listRepositories(ctx.registry, () => [])
  const names = new Set([...(await indexedRepositories(ctx.db)), ...listed])
  // Repositories first: the rows of packages refer to them.
  const repositories = [...names].filter(isLabel).sort()
  const existing = new Set<string>()
  const verifyRepository = async (name: string): Promise<void> => {
    if (await checkLocked(progress, name, compareRepository)) existing.add(name)
  }
  await mapConcurrently(repositories, verifyRepository, REQUESTS_AT_ONCE)
  const packages = [...names].filter((name) => parseOciRepository(name) !== undefined).sort()
  await mapConcurrently(packages, (name) => verifyPackage(progress, name, existing), REQUESTS_AT_ONCE)
  await checkSearchable(progress)
  progress.differences.push(...(await auditDifferences(ctx)))
  const { ctx: _, actor: __, ...result } = progress
  result.differences.sort((a, b) => (a.repository < b.repository ? -1 : 1))
  return { ...result, milliseconds: Math.round(performance.now() - began) }
}

/** Finds revisions whose files search does not know, as after an upgrade from a version without search. */
async function checkSearchable({ ctx, fix, differences }: Progress): Promise<void> {
  const missing = new Map<string, string[]>()
  for (let after = ''; ; ) {
    const revisions = await withoutContents(ctx.db, after, BATCH)
    if (revisions.length === 0) break
    after = revisions.at(-1)?.name ?? ''
    for (const revision of revisions) {
      const repository = ociRepository(revision)
      missing.set(repository, [...(missing.get(repository) ?? []), revision.name])
    }
  }
  if (missing.size === 0) return
  const failures = new Map<string, string>()
  if (fix) {
    await fillContents(ctx, {
      inspect: ctx.inspect,
      write: (work) => ctx.commits.run(work),
      failed: ({ name }, error) => failures.set(name, (error as Error).message),
    })
  }
  for (const [repository, names] of missing) {
    const failure = names.map((name) => failures.get(name)).find((reason) => reason !== undefined)
    const problem = `search does not find the objects, images and words of ${joinFirst(names, NAMED, ', ')}${failure ? `: ${failure}` : ''}`
    differences.push({
      repository,
      problem,
      remedy: failure ? null : 'index their files',
      fixed: fix && !failure,
    })
  }
}

async function verifyPackage(
  progress: Progress,
  name: string,
  repositories: ReadonlySet<string>,
): Promise<void> {
  const indexed = await checkLocked(progress, name, async (ctx) => {
    const id = parseOciRepository(name)
    const found = id && (await indexedPackage(ctx.db, id))
    const stored = await inRegistry(() => readStoredPackage(name, ctx.registry.repository(name)))
    const manifests = await readManifests(ctx, name, found, stored.revisions)
    const ours = id !== undefined && repositories.has(id.repository)
    return { findings: comparePackage({ stored, indexed: found, manifests, ours }), result: found }
  })
  if (!indexed) return
  progress.packages++
  progress.revisions += indexed.revisions.length
  // Without the lock: reading everything may take long.
  const { findings, count } = await contentFindings(progress.ctx, indexed)
  progress.blobs += count
  if (findings.length > 0) await checkLocked(progress, name, async () => ({ findings, result: undefined }))
}

/** Finds the differences in an OCI repository while holding its lock, and repairs them. */
async function checkLocked<T>(
  progress: Progress,
  name: string,
  find: (ctx: ServiceContext, name: string) => Promise<{ findings: Finding[]; result: T }>,
): Promise<T | undefined> {
  const { ctx, actor, fix, differences } = progress
  const note = (problem: string, remedy: string | null, fixed: boolean) =>
    differences.push({ repository: name, problem, remedy, fixed })
  return ctx.locks.run(name, async () => {
    try {
      await finishEarlier(ctx, name)
      const { findings, result } = await find(ctx, name)
      const repairable = findings.filter(({ remedy }) => remedy !== null)
      const failure = fix && repairable.length > 0 ? await repair(ctx, actor, name, repairable) : undefined
      for (const { problem, remedy } of findings) {
        note(problem, failure && remedy ? null : remedy, fix && remedy !== null && !failure)
      }
      if (failure) note(`the repair failed: ${failure}`, null, false)
      return result
    } catch (error) {
      note(`it could not be verified: ${(error as Error).message}`, null, false)
      if (!(error instanceof AppError)) ctx.report(error)
      return undefined
    }
  })
}

/** Resolves to the reason of a failure. */
async function repair(
  ctx: ServiceContext,
  actor: Acting,
  name: string,
  findings: readonly Finding[],
): Promise<string | undefined> {
  const target = ctx.registry.repository(name)
  const [repository, ...path] = name.split('/')
  try {
    await inRegistry(async () => {
      for (const item of findings.flatMap(({ push = [] }) => push)) {
        const blobs = 'manifest' in item ? [...item.blobs, item.manifest] : [item]
        // A damaged manifest would keep the right one from being stored.
        for (const { descriptor, bytes } of blobs) {
          if (!('manifest' in item) && isManifestType(descriptor.mediaType)) await target.delete(descriptor)
          await target.push(descriptor, bytes)
        }
      }
    })
    await decide(ctx, actor, name, async (transaction) => {
      for (const { change } of findings) await change?.(transaction)
      return {
        result: undefined,
        operations: findings.flatMap(({ operations = [] }) => operations),
        event: {
          type: 'index.repaired',
          target: { repository, package: path.length > 0 ? path.join('/') : undefined },
          details: { findings: findings.length },
        },
      }
    })
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

/** The manifests that the rows name, tagged or not. */
async function readManifests(
  ctx: ServiceContext,
  name: string,
  indexed: IndexedPackage | undefined,
  known: ReadonlyMap<string, StoredRevision>,
): Promise<Map<string, StoredRevision | { problem: string }>> {
  const read = async (descriptor: Descriptor): Promise<StoredRevision | { problem: string }> => {
    const found = known.get(descriptor.digest)
    if (found) return found
    try {
      const bytes = await fetchAll(ctx.registry.repository(name), descriptor, MAX_MANIFEST_BYTES)
      return readPackageManifest(name, descriptor, bytes) ?? { problem: 'it is not a package revision' }
    } catch (error) {
      return { problem: reasonOf(error) }
    }
  }
  const readOf = async ({ revision }: IndexedRevision) =>
    [revision.artifact.digest, await read(manifestDescriptor(revision))] as const
  const entries = await mapConcurrently(indexed?.revisions ?? [], readOf, REQUESTS_AT_ONCE)
  return new Map(entries)
}
