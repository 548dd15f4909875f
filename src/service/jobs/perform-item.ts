import { setTimeout } from 'node:timers/promises'
import { AppError, type ErrorCode, isDiskFull, shortened } from '../../core/errors.ts'
import type { Transaction } from '../../database/connection.ts'
import { beginItem, endItem, isPending, putBackItem } from '../../database/jobs/job-items.ts'
import type { ItemOutcome, ItemState, Job, JobItem, JobKind } from '../../domain/job.ts'
import type { AccessControl } from '../access/access-control.ts'
import type { Actor } from '../access/actor.ts'
import type { ServiceContext } from '../context.ts'
import { authorizeItem } from './job-rights.ts'
import type { Task } from './rotation.ts'

/**
 * Records the outcome of an item, in the transaction that creates its draft, if any: after a crash both exist or neither.
 * Throws if the job was cancelled, which rolls back the draft.
 */
export type RecordOutcome = (transaction: Transaction, outcome: ItemOutcome) => Promise<void>

/** A job with the caller whose rights the item has. */
export type JobRun = Job & { actor: Actor }

/** Performs an item of a job, and records its outcome. */
export type ItemWork = (
  ctx: ServiceContext,
  job: JobRun,
  item: JobItem,
  record: RecordOutcome,
) => Promise<void>

export type Performing = {
  access: AccessControl
  work: Record<JobKind, ItemWork>
  /** Milliseconds before each retry of a temporary failure; the item fails after the last one. */
  retryAfter: readonly number[]
  /** Aborted when the process is about to end. */
  stopped: AbortSignal
  /** Called with the server's own errors. */
  report: (error: unknown) => void
}

/** Milliseconds until a failed write of an outcome is repeated. */
const RECORD_AGAIN_AFTER = 5000

/**
 * Performs an item, with retries, and returns the state that it ended in. Returns undefined if it did not end because the
 * job was cancelled or the process stops; the next process performs it again.
 */
export async function performItem(
  ctx: ServiceContext,
  performing: Performing,
  { job, item }: Task,
): Promise<ItemState | undefined> {
  const { access, work, retryAfter, stopped, report } = performing
  let recorded: ItemState | undefined
  const record: RecordOutcome = async (transaction, outcome) => {
    const ended = await endItem(transaction, job.id, item.index, outcome, ctx.now().toISOString())
    if (!ended) throw new AppError('conflict', `the job ${job.id} has been cancelled`)
    recorded = outcome.state
  }
  for (let attempt = 0; !stopped.aborted; attempt++) {
    const delay = retryAfter[attempt]
    try {
      await begin(ctx, job, item)
      const actor = await authorizeItem(ctx, access, job, item)
      await work[job.kind](ctx, { ...job, actor }, item, record)
      return recorded
    } catch (error) {
      // The draft is committed and only its tags failed; the server sets them later.
      if (!(await isPendingStill(ctx, job, item))) return recorded
      if (delay === undefined || !isTemporary(error)) {
        const outcome = failureOf(error, performing)
        if (await recordSurely(ctx, performing, (transaction) => record(transaction, outcome)))
          return 'Failed'
        return undefined
      }
    }
    await ctx.commits.run((transaction) => putBackItem(transaction, job.id, item.index)).catch(report)
    await pause(delay, stopped)
  }
  return undefined
}

/** An item that was running when so many processes ended, without stopping, may be what ended them. */
const MAX_BEGUN = 2

/** Throws for an item that is given up. */
async function begin(ctx: ServiceContext, job: Job, item: JobItem): Promise<void> {
  const begun = await ctx.commits.run((transaction) => beginItem(transaction, job.id, item.index))
  if (begun === undefined || begun <= MAX_BEGUN) return
  throw new GivenUpError()
}

class GivenUpError extends Error {
  constructor() {
    super(
      'The server ended twice while it processed this item, so the item is given up: its packages may need more memory than the server has.',
    )
    this.name = 'GivenUpError'
  }
}

const TEMPORARY: readonly ErrorCode[] = ['unavailable', 'overloaded']

/** A registry that is down and a disk that is full fail other requests, too, so they will be repaired. */
function isTemporary(error: unknown): boolean {
  return isDiskFull(error) || (error instanceof AppError && TEMPORARY.includes(error.code))
}

function failureOf(error: unknown, { report }: Performing): ItemOutcome {
  if (isDiskFull(error)) {
    return {
      state: 'Failed',
      code: 'insufficient_storage',
      reason: 'The server has no space left to store this.',
    }
  }
  if (error instanceof AppError && error.code !== 'internal') {
    return { state: 'Failed', code: error.code, reason: shortened(error.message) }
  }
  report(error)
  if (error instanceof GivenUpError) return { state: 'Failed', code: 'internal', reason: error.message }
  const reason = "An unexpected failure: the server's log has the cause."
  return { state: 'Failed', code: 'internal', reason }
}

async function isPendingStill(ctx: ServiceContext, job: Job, item: JobItem): Promise<boolean> {
  try {
    return await isPending(ctx.db, job.id, item.index)
  } catch {
    return true
  }
}

/** Retries until it succeeds, the job is cancelled or the process stops. Returns whether it succeeded. */
async function recordSurely(
  ctx: ServiceContext,
  { stopped, report }: Performing,
  work: (transaction: Transaction) => Promise<void>,
): Promise<boolean> {
  while (!stopped.aborted) {
    try {
      await ctx.commits.run(work)
      return true
    } catch (error) {
      if (error instanceof AppError) return false
      report(error)
      await pause(RECORD_AGAIN_AFTER, stopped)
    }
  }
  return false
}

/** Waits, or returns early when the signal is aborted. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await setTimeout(milliseconds, undefined, { signal }).catch(() => undefined)
}
