import { AppError } from '../../core/errors.ts'
import { listItems, packagesOfJob } from '../../database/jobs/job-items.ts'
import {
  findVisibleJob,
  insertJob,
  type JobFilter,
  listJobs as listRows,
  cancelJob as markCancelled,
  pruneJobs,
} from '../../database/jobs/jobs.ts'
import type { ItemState, Job, JobItem, NewJob } from '../../domain/job.ts'
import type { Actor } from '../access/actor.ts'
import { type Caller, can } from '../access/policy.ts'
import { viewKey, visibleTo } from '../access/visible.ts'
import { audit } from '../audit/record.ts'
import type { ServiceContext } from '../context.ts'
import { type Page, type PageRequest, page } from '../queries/page.ts'
import { credentialsOf } from './job-rights.ts'
import type { JobRunner } from './runner.ts'

/** The maximum number of items of a job, which is checked and inserted in one go. */
export const MAX_ITEMS = 10_000

/** Finished jobs are kept up to this number and age. */
const KEPT_JOBS = 1000
const KEPT_DAYS = 30
/** Each new job deletes up to this many old ones. */
const PRUNED_AT_ONCE = 10

/** Stores a job with all its items, and starts it. */
export async function startJob(
  ctx: ServiceContext,
  runner: JobRunner,
  actor: Actor,
  job: NewJob,
): Promise<Job> {
  const now = ctx.now()
  const endedBefore = new Date(now.getTime() - KEPT_DAYS * 24 * 60 * 60 * 1000).toISOString()
  const creator = { createdBy: actor.name, credentials: credentialsOf(actor) }
  const started = await ctx.commits.run(async (transaction) => {
    await pruneJobs(transaction, { endedBefore, keep: KEPT_JOBS, atMost: PRUNED_AT_ONCE })
    const inserted = await insertJob(transaction, job, creator, now.toISOString())
    const details = {
      kind: job.kind,
      dryRun: job.dryRun,
      upstream: job.upstream.name,
      items: job.items.length,
    }
    await audit(ctx, transaction, actor, { type: 'job.started', target: { name: inserted.id }, details })
    return inserted
  })
  runner.add(started)
  return started
}

/** Throws `not_found`, also for a job with anything that the caller may not see. */
export async function getJob(ctx: ServiceContext, caller: Caller, id: string): Promise<Job> {
  const job = /^[1-9][0-9]{0,14}$/.test(id) ? await findVisibleJob(ctx.db, visibleTo(caller), id) : undefined
  if (job) return job
  throw noJob(id)
}

function noJob(id: string): AppError {
  return new AppError(
    'not_found',
    `there is no job ${id.slice(0, 100)}: finished jobs are kept for ${KEPT_DAYS} days, and at most ${KEPT_JOBS} of them`,
  )
}

/**
 * Cancels a running job: pending items are skipped, and no draft is created after this returns. Earlier drafts stay.
 * Throws `not_found`, also for a job with a package of which the caller may not create drafts, and `conflict` for a job
 * that has ended.
 */
export async function cancelJob(
  ctx: ServiceContext,
  runner: JobRunner,
  caller: Caller,
  id: string,
): Promise<Job> {
  const { policy, actor } = caller
  const job = await getJob(ctx, caller, id)
  const packages = await packagesOfJob(ctx.db, id)
  if (!packages.every((target) => can(policy, actor, 'draft', target).allowed)) throw noJob(id)
  await ctx.commits.run(async (transaction) => {
    const reason = `cancelled by ${actor.name}`
    if (!(await markCancelled(transaction, job, reason, ctx.now().toISOString())))
      throw new AppError('conflict', `the job ${id} has ended already, so it cannot be cancelled`)
    const details = { kind: job.kind }
    await audit(ctx, transaction, actor, { type: 'job.cancelled', target: { name: id }, details })
  })
  runner.drop(id)
  return getJob(ctx, caller, id)
}

/** Lists the jobs of which the caller may see everything, the newest first. */
export async function listJobs(
  ctx: ServiceContext,
  caller: Caller,
  filter: JobFilter,
  request: PageRequest,
): Promise<Page<Job>> {
  return page(ctx, { list: 'jobs', filter, for: viewKey(caller) }, request, {
    fetch: (after: string | undefined, limit) =>
      listRows(ctx.db, visibleTo(caller), filter, { after, limit }),
    cursorAt: ({ id }) => id,
  })
}

/** Lists the items of a job in the order of the request. Throws `not_found`. */
export async function listJobItems(
  ctx: ServiceContext,
  caller: Caller,
  id: string,
  filter: { state?: ItemState | undefined },
  request: PageRequest,
): Promise<Page<JobItem>> {
  await getJob(ctx, caller, id)
  return page(ctx, { list: 'items', id, filter, for: viewKey(caller) }, request, {
    fetch: (after: number | undefined, limit) => listItems(ctx.db, id, filter, { after, limit }),
    cursorAt: ({ index }) => index,
  })
}
