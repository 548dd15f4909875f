/** What happens in a job, as it happens, or as it has happened from some event on. */
import { setTimeout } from 'node:timers/promises'
import { endedItems } from '../../database/jobs/job-items.ts'
import type { Job, JobItem } from '../../domain/job.ts'
import type { ServiceContext } from '../context.ts'
import { getJob } from './jobs.ts'
import type { JobRunner } from './runner.ts'

export type JobEvent =
  | { type: 'item'; id: number; item: JobItem }
  /** The last one. */
  | { type: 'finished'; id: number; job: Job }
  /** Nothing, for a while. */
  | { type: 'quiet' }

/** More often than proxies cut off a connection on which nothing comes. */
const QUIET_AFTER = 15_000

/** So many are read at once. What is not read yet waits in the database: a slow reader takes no memory. */
const BATCH = 100

/**
 * All events of a job behind one, in their order: each item as it comes to its end, and then the job. They are numbered
 * from 1 without gaps, the same for every reader. Ends with the job, or when the signal is aborted.
 */
export async function* jobEvents(
  ctx: ServiceContext,
  runner: JobRunner,
  id: string,
  { after, signal, quietAfter = QUIET_AFTER }: { after: number; signal: AbortSignal; quietAfter?: number },
): AsyncGenerator<JobEvent> {
  let last = after
  while (!signal.aborted) {
    // Asked for before reading, so that what comes in between is not missed.
    const change = runner.changes.next(id)
    const job = await getJob(ctx, id)
    const items = await endedItems(ctx.db, id, { after: last, limit: BATCH })
    for (const item of items) {
      last = item.event ?? last
      yield { type: 'item', id: last, item }
    }
    if (items.length > 0) continue
    if (job.state !== 'Running') {
      if (last < job.events) yield { type: 'finished', id: job.events, job }
      return
    }
    if (!(await happensWithin(change, quietAfter, signal)) && !signal.aborted) yield { type: 'quiet' }
  }
}

async function happensWithin(
  change: Promise<void>,
  milliseconds: number,
  signal: AbortSignal,
): Promise<boolean> {
  const over = new AbortController()
  const time = setTimeout(milliseconds, false, { signal: AbortSignal.any([signal, over.signal]) })
  try {
    return await Promise.race([change.then(() => true), time.catch(() => false)])
  } finally {
    over.abort()
  }
}
