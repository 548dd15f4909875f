import { AppError } from '../../core/errors.ts'
import { outdatedPackages } from '../../database/package-revisions/downstreams.ts'
import type { NewJob } from '../../domain/job.ts'
import { parseLabelSelector } from '../../domain/label-selector.ts'
import { ociRepository, type PackageId, parseRevisionName } from '../../domain/names.ts'
import { type Caller, can } from '../access/policy.ts'
import { visibleTo } from '../access/visible.ts'
import type { ServiceContext } from '../context.ts'
import type { UpgradeRequest } from '../drafts/upgrade.ts'
import { resolveUpstream, type UpstreamReference } from '../drafts/upstream-reference.ts'
import { jobUpstream } from './job-upstream.ts'
import { MAX_ITEMS } from './jobs.ts'

export type UpgradesRequest = Pick<UpgradeRequest, 'strategy' | 'conflicts'> & {
  /** The package whose downstreams are upgraded, or the name of one of its revisions. */
  upstream: string | PackageId
  /** The revision to upgrade to; default: the latest. */
  to?: UpstreamReference | undefined
  selector?: string | undefined
  /** Upgrades only downstreams in this repository. */
  repository?: string | undefined
  workspace?: string | undefined
  dryRun?: boolean | undefined
}

/**
 * Plans a job that upgrades every package whose latest revision is based on a lower revision of the upstream, and which the
 * caller may create drafts of. Throws
 * `invalid`, `too_large`, and `not_found` and `wrong_lifecycle` for the revision to upgrade to.
 */
export async function planUpgrades(
  ctx: ServiceContext,
  { policy, actor }: Caller,
  request: UpgradesRequest,
): Promise<NewJob> {
  const { upstream, repository, selector = '', workspace, dryRun = false } = request
  const id = typeof upstream === 'string' ? parseRevisionName(upstream) : upstream
  const labels = parseLabelSelector(selector)
  const latest = { repository: id.repository, package: id.package, revision: 'latest' as const }
  const to = jobUpstream(await resolveUpstream(ctx.db, visibleTo({ policy, actor }), request.to ?? latest))
  if (ociRepository(to) !== ociRepository(id)) {
    throw new AppError(
      'invalid',
      `${to.name} is not a revision of ${ociRepository(id)}, whose downstreams should be upgraded`,
    )
  }
  const packages = await outdatedPackages(
    ctx.db,
    visibleTo({ policy, actor }),
    to,
    { repository, labels },
    MAX_ITEMS + 1,
  )
  if (packages.length > MAX_ITEMS) {
    throw new AppError(
      'too_large',
      `more than ${MAX_ITEMS} packages are outdated: choose some of them by repository or labels`,
    )
  }
  const allowed = packages.filter((target) => can(policy, actor, 'draft', target).allowed)
  const items = allowed.map((target) => ({
    ...target,
    workspace: workspace ?? `upgrade-v${to.revision}`,
    input: {},
  }))
  // Not by the name of a revision, which may be a draft's: others see the job.
  const named = { repository: id.repository, package: id.package }
  return { kind: 'upgrade', dryRun, upstream: to, request: { ...request, upstream: named }, items }
}
