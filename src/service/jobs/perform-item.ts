import { setTimeout } from 'node:timers/promises'
import { AppError, type ErrorCode, isDiskFull, shortened } from '../../core/errors.ts'
import type { Transaction } from '../../database/connection.ts'
import { endItem, isPending } from '../../database/jobs/job-items.ts'
import type { ItemOutcome, ItemState, Job, JobItem, JobKind } from '../../domain/job.ts'
import type { ServiceContext } from '../context.ts'
import type { Task } from './rotation.ts'

/**
 * Says in a transaction what has become of an item. Where that is the transaction that makes the draft, the draft and
 * the end of its item are there both or neither, whenever the process ends. Throws once the job is cancelled, and then
 * nothing is made.
 */
export type RecordOutcome = (transaction: Transaction, outcome: ItemOutcome) => Promise<void>

/** Does an item of a job, and records what has become of it. */
export type ItemWork = (ctx: ServiceContext, job: Job, item: JobItem, record: RecordOutcome) => Promise<void>

export type Performing = {
  work: Record<JobKind, ItemWork>
  /** How long to wait after each failure that may pass, in milliseconds; after the last one the item fails. */
  retryAfter: readonly number[]
  /** Is aborted when the process is about to end. */
  stopped: AbortSignal
  /** Is told of failures that are the server's own. */
  report: (error: unknown) => void
}

/** How long to wait where it cannot even be recorded that an item failed. */
const RECORD_AGAIN_AFTER = 5000

/**
 * Does an item until it has come to an end, which it resolves to. Resolves to undefined where it has not: the job was
 * cancelled, or the process ends, and the next one does it.
 */
export async function performItem(
  ctx: ServiceContext,
  performing: Performing,
  { job, item }: Task,
): Promise<ItemState | undefined> {
  const { work, retryAfter, stopped } = performing
  let recorded: ItemState | undefined
  const record: RecordOutcome = async (transaction, outcome) => {
    const ended = await endItem(transaction, job.id, item.index, outcome, ctx.now().toISOString())
    if (!ended) throw new AppError('conflict', `the job ${job.id} has been cancelled`)
    recorded = outcome.state
  }
  for (let attempt = 0; !stopped.aborted; attempt++) {
    const delay = retryAfter[attempt]
    try {
      await work[job.kind](ctx, job, item, record)
      return recorded
    } catch (error) {
      // It failed after the decision, at the tags: they follow.
      if (!(await isPendingStill(ctx, job, item))) return recorded
      if (delay === undefined || !mayPass(error)) {
        const outcome = failureOf(error, performing)
        if (await recordSurely(ctx, performing, (transaction) => record(transaction, outcome)))
          return 'Failed'
        return undefined
      }
    }
    await pause(delay, stopped)
  }
  return undefined
}

const PASSING: readonly ErrorCode[] = ['unavailable', 'overloaded']

/** Of the registry that is down, or a disk that is full, others hear, too; it will be good again. */
function mayPass(error: unknown): boolean {
  return isDiskFull(error) || (error instanceof AppError && PASSING.includes(error.code))
}

function failureOf(error: unknown, { report }: Performing): ItemOutcome {
  if (isDiskFull(error)) {
    return { state: 'Failed', code: 'insufficient_storage', reason: 'The server has no room to store this.' }
  }
  if (error instanceof AppError && error.code !== 'internal') {
    return { state: 'Failed', code: error.code, reason: shortened(error.message) }
  }
  report(error)
  const reason = 'An unexpected failure; the log of the server has its cause.'
  return { state: 'Failed', code: 'internal', reason }
}

async function isPendingStill(ctx: ServiceContext, job: Job, item: JobItem): Promise<boolean> {
  try {
    return await isPending(ctx.db, job.id, item.index)
  } catch {
    return true
  }
}

/** Until it succeeds, or the process ends, or the job is cancelled; whether it succeeded. */
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

/** Waits, but not beyond the end of the process. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await setTimeout(milliseconds, undefined, { signal }).catch(() => undefined)
}
