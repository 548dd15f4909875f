import { listConflicts } from '../../database/package-revisions/conflicts.ts'
import { openUpgrade, usedWorkspaces } from '../../database/package-revisions/downstreams.ts'
import { findLatest } from '../../database/package-revisions/of-package.ts'
import { SEES_ALL } from '../../domain/access/visible-set.ts'
import type { ItemOutcome, Job, JobItem } from '../../domain/job.ts'
import { ociRepository } from '../../domain/names.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { ServiceContext } from '../context.ts'
import { createPackageRevision } from '../drafts/create-package-revision.ts'
import { mergeUpgrade, type UpgradeRequest } from '../drafts/upgrade.ts'
import type { ItemWork } from './perform-item.ts'

/** Creates a draft that upgrades a package, unless the package or one of its drafts is upgraded already. */
export const upgradeItem: ItemWork = async (ctx, job, item, record) => {
  const state = await stateOf(ctx, job, item)
  if ('outcome' in state) {
    return ctx.commits.run((transaction) => record(transaction, state.outcome))
  }
  if (job.dryRun) {
    const outcome = await preview(ctx, job, state.latest)
    return ctx.commits.run((transaction) => record(transaction, outcome))
  }
  const { repository, package: path } = item
  const workspace = freeWorkspace(item.workspace, await usedWorkspaces(ctx.db, item))
  const source = { task: 'upgrade' as const, ...upgradeOf(job, state.latest) }
  await createPackageRevision(
    ctx,
    job.actor,
    { repository, package: path, workspace, version: null, source },
    async (transaction, draft) => {
      const conflicts = (await listConflicts(transaction, draft.name)).length
      await record(transaction, { state: 'Succeeded', revision: draft.name, conflicts })
    },
  )
}

/** Checks the package again, because it may have been upgraded since the job was created. */
async function stateOf(
  ctx: ServiceContext,
  { upstream }: Job,
  item: JobItem,
): Promise<{ latest: PackageRevision } | { outcome: ItemOutcome }> {
  const latest = await findLatest(ctx.db, item)
  const from = latest?.upstream
  if (!latest || !from || ociRepository(from) !== ociRepository(upstream)) {
    const reason = `${ociRepository(item)} no longer has a published revision that is based on ${ociRepository(upstream)}`
    return { outcome: { state: 'Skipped', reason } }
  }
  if (from.revision >= upstream.revision) {
    const reason = `${latest.name} is already based on revision ${from.revision} of the upstream`
    return { outcome: { state: 'Skipped', reason, revision: latest.name } }
  }
  const open = await openUpgrade(ctx.db, item, upstream)
  if (open === undefined) return { latest }
  return { outcome: { state: 'Skipped', reason: `${open} already upgrades the package`, revision: open } }
}

/** Merges without saving. */
async function preview(ctx: ServiceContext, job: Job, latest: PackageRevision): Promise<ItemOutcome> {
  const { conflicts } = await mergeUpgrade(ctx, 'merge', SEES_ALL, latest, upgradeOf(job, latest))
  const reason = `${latest.name} would be upgraded to ${job.upstream.name}`
  return { state: 'Succeeded', revision: null, conflicts: conflicts.length, reason }
}

function upgradeOf({ upstream, request }: Job, latest: PackageRevision): UpgradeRequest {
  const { strategy, conflicts } = request as Pick<UpgradeRequest, 'strategy' | 'conflicts'>
  return { from: latest.name, to: upstream.name, strategy, conflicts }
}

/** Returns the wanted workspace, or with the lowest numeric suffix that no revision has used. */
function freeWorkspace(wanted: string, used: ReadonlySet<string>): string {
  let workspace = wanted
  for (let number = 2; used.has(workspace); number++) {
    const suffix = `-${number}`
    // A workspace is a label of at most 63 characters without a trailing hyphen.
    workspace = wanted.slice(0, 63 - suffix.length).replace(/-+$/, '') + suffix
  }
  return workspace
}
