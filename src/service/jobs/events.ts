/** The events of a job, live or from an earlier event on. */
import { setTimeout } from 'node:timers/promises'
import { endedItems } from '../../database/jobs/job-items.ts'
import type { Job, JobItem } from '../../domain/job.ts'
import type { CallerStream } from '../access/stream-rights.ts'
import type { ServiceContext } from '../context.ts'
import { getJob } from './jobs.ts'
import type { JobRunner } from './runner.ts'

export type JobEvent =
  | { type: 'item'; id: number; item: JobItem }
  /** The last event. */
  | { type: 'finished'; id: number; job: Job }
  /** A heartbeat; not an event. */
  | { type: 'quiet' }

/** Milliseconds between heartbeats; proxies close connections that are idle for longer. */
const QUIET_AFTER = 15_000

/** Events per query. Unread events stay in the database, so slow readers take no memory. */
const BATCH = 100

/**
 * Yields the events of a job after an event id, in order: each item that ends, and then the job. Ids count from 1 without
 * gaps, and are the same for every reader. Ends with the job, when the signal is aborted, or when the caller sees
 * something else than at first.
 */
export async function* jobEvents(
  ctx: ServiceContext,
  runner: JobRunner,
  id: string,
  options: { after: number; stream: CallerStream; signal: AbortSignal; quietAfter?: number },
): AsyncGenerator<JobEvent> {
  const { after, stream, quietAfter = QUIET_AFTER } = options
  const signal = AbortSignal.any([options.signal, stream.signal])
  let last = after
  while (!signal.aborted) {
    // Before reading, so that no change in between is missed.
    const change = runner.notifier.wait(id)
    const job = await getJob(ctx, stream.caller, id)
    const items = await endedItems(ctx.db, id, { after: last, limit: BATCH })
    if (!(await stream.holds())) return
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
