import { type Selectable, sql } from 'kysely'
import { z } from 'zod'
import type { ItemInput, ItemOutcome, ItemState, JobItem, NewJobItem } from '../../domain/job.ts'
import type { PackageId } from '../../domain/names.ts'
import { labelsSchema } from '../../domain/schemas.ts'
import { chunks } from '../chunks.ts'
import type { Reader, Transaction } from '../connection.ts'
import { nextResourceVersion } from '../counters.ts'
import type { JobItemsTable } from '../schema.ts'
import { parseStored } from '../stored-json.ts'

const inputSchema: z.ZodType<ItemInput> = z.looseObject({
  version: z.string().optional(),
  labels: labelsSchema.optional(),
  annotations: labelsSchema.optional(),
  setters: labelsSchema.optional(),
})

export async function insertItems(
  transaction: Transaction,
  jobId: number,
  items: readonly NewJobItem[],
): Promise<void> {
  const rows = items.map(({ repository, package: path, workspace, input }, position) => ({
    job_id: jobId,
    position,
    repository,
    package: path,
    workspace,
    input: JSON.stringify(input),
    state: 'Pending' as const,
  }))
  for (const each of chunks(rows)) await transaction.insertInto('job_items').values(each).execute()
}

/** Resolves to the items of a job after a position, in the order of the request. */
export async function listItems(
  db: Reader,
  jobId: string,
  filter: { state?: ItemState | undefined },
  page: { after?: number | undefined; limit: number },
): Promise<JobItem[]> {
  let query = db
    .selectFrom('job_items')
    .selectAll()
    .where('job_id', '=', Number(jobId))
    .orderBy('position')
    .limit(page.limit)
  if (filter.state !== undefined) query = query.where('state', '=', filter.state)
  if (page.after !== undefined) query = query.where('position', '>', page.after)
  return (await query.execute()).map(toItem)
}

/** Resolves to the packages that a job is about. */
export async function packagesOfJob(db: Reader, jobId: string): Promise<PackageId[]> {
  return db
    .selectFrom('job_items')
    .select(['repository', 'package'])
    .distinct()
    .where('job_id', '=', Number(jobId))
    .execute()
}

/** Resolves to the items of a job that ended after an event, in the order of their ends. */
export async function endedItems(
  db: Reader,
  jobId: string,
  page: { after: number; limit: number },
): Promise<JobItem[]> {
  const rows = await db
    .selectFrom('job_items')
    .selectAll()
    .where('job_id', '=', Number(jobId))
    .where('event', '>', page.after)
    .orderBy('event')
    .limit(page.limit)
    .execute()
  return rows.map(toItem)
}

export async function isPending(db: Reader, jobId: string, index: number): Promise<boolean> {
  const row = await db
    .selectFrom('job_items')
    .select('state')
    .where('job_id', '=', Number(jobId))
    .where('position', '=', index)
    .executeTakeFirst()
  return row?.state === 'Pending'
}

/**
 * Notes that a pending item is begun. Resolves to how often it has been, without those times that it was put back;
 * undefined where it is not pending.
 */
export async function beginItem(
  transaction: Transaction,
  jobId: string,
  index: number,
): Promise<number | undefined> {
  const row = await transaction
    .updateTable('job_items')
    .set((eb) => ({ begun: eb('begun', '+', 1) }))
    .where('job_id', '=', Number(jobId))
    .where('position', '=', index)
    .where('state', '=', 'Pending')
    .returning('begun')
    .executeTakeFirst()
  return row?.begun
}

/** Notes that an item was returned from, and will be begun another time. */
export async function putBackItem(transaction: Transaction, jobId: string, index: number): Promise<void> {
  await transaction
    .updateTable('job_items')
    .set({ begun: 0 })
    .where('job_id', '=', Number(jobId))
    .where('position', '=', index)
    .execute()
}

/**
 * Records the outcome of a pending item, and completes the job with its last one. Resolves to the state of the job, or
 * to undefined where the item is not pending, as in a cancelled job.
 */
export async function endItem(
  transaction: Transaction,
  jobId: string,
  index: number,
  outcome: ItemOutcome,
  now: string,
): Promise<'Running' | 'Completed' | undefined> {
  const id = Number(jobId)
  const conflicts = outcome.state === 'Succeeded' ? outcome.conflicts : 0
  const ended = await transaction
    .updateTable('job_items')
    .set(({ selectFrom }) => ({
      state: outcome.state,
      revision: outcome.state === 'Failed' ? null : (outcome.revision ?? null),
      conflicts,
      reason: outcome.reason ?? null,
      error_code: outcome.state === 'Failed' ? outcome.code : null,
      event: selectFrom('jobs').select(sql<number>`events + 1`.as('event')).where('id', '=', id),
    }))
    .where('job_id', '=', id)
    .where('position', '=', index)
    .where('state', '=', 'Pending')
    .returning('position')
    .executeTakeFirst()
  if (!ended) return undefined
  const of = (state: ItemState): number => (outcome.state === state ? 1 : 0)
  const isLast = sql<boolean>`succeeded + failed + skipped + 1 = total`
  const job = await transaction
    .updateTable('jobs')
    .set(({ eb }) => ({
      succeeded: eb('succeeded', '+', of('Succeeded')),
      failed: eb('failed', '+', of('Failed')),
      skipped: eb('skipped', '+', of('Skipped')),
      conflicted: eb('conflicted', '+', conflicts > 0 ? 1 : 0),
      // The end of the job is an event of its own.
      events: sql<number>`events + CASE WHEN ${isLast} THEN 2 ELSE 1 END`,
      state: sql<'Running' | 'Completed'>`CASE WHEN ${isLast} THEN 'Completed' ELSE 'Running' END`,
      finished_at: sql<string | null>`CASE WHEN ${isLast} THEN ${now} END`,
    }))
    .set({ resource_version: await nextResourceVersion(transaction) })
    .where('id', '=', id)
    .returning('state')
    .executeTakeFirstOrThrow()
  return job.state === 'Completed' ? 'Completed' : 'Running'
}

/** Skips all pending items, each with an event. Resolves to their number. */
export async function skipPending(transaction: Transaction, jobId: number, reason: string): Promise<number> {
  const { numUpdatedRows } = await transaction
    .updateTable('job_items')
    .from(({ selectFrom }) =>
      selectFrom('job_items')
        .select(['position', sql<number>`row_number() OVER (ORDER BY position)`.as('number')])
        .where('job_id', '=', jobId)
        .where('state', '=', 'Pending')
        .as('pending'),
    )
    .set(({ selectFrom }) => ({
      state: 'Skipped',
      reason,
      event: selectFrom('jobs')
        .select(sql<number>`events + pending.number`.as('event'))
        .where('id', '=', jobId),
    }))
    .where('job_items.job_id', '=', jobId)
    .whereRef('job_items.position', '=', 'pending.position')
    .executeTakeFirst()
  return Number(numUpdatedRows)
}

function toItem(row: Selectable<JobItemsTable>): JobItem {
  return {
    index: row.position,
    repository: row.repository,
    package: row.package,
    workspace: row.workspace,
    input: parseStored(inputSchema, row.input, `item ${row.position} of job ${row.job_id}`),
    state: row.state,
    revision: row.revision,
    conflicts: row.conflicts,
    reason: row.reason,
    errorCode: row.error_code,
    event: row.event,
  }
}
