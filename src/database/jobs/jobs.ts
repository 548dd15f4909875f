import { type Selectable, sql } from 'kysely'
import { z } from 'zod'
import { sees, type Visibility } from '../../domain/access/visible-set.ts'
import type {
  Job,
  JobCredentials,
  JobKind,
  JobRequest,
  JobState,
  JobUpstream,
  NewJob,
} from '../../domain/job.ts'
import type { Reader, Transaction } from '../connection.ts'
import { nextResourceVersion } from '../counters.ts'
import type { PartialPage } from '../partial-page.ts'
import type { JobsTable } from '../schema.ts'
import { allOf } from '../sql.ts'
import { parseStored } from '../stored-json.ts'
import { visiblePackages } from '../visible.ts'
import { insertItems, skipPending } from './job-items.ts'

const upstreamSchema: z.ZodType<JobUpstream> = z.looseObject({
  name: z.string(),
  repository: z.string(),
  package: z.string(),
  revision: z.int(),
})
const credentialsSchema: z.ZodType<JobCredentials> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('account'), principalId: z.string(), tokenId: z.string().nullable() }),
  z.object({ kind: z.literal('root'), name: z.string(), tokenId: z.string() }),
  z.object({ kind: z.literal('anonymous') }),
])
/** The schema of the API, which checked it, is the only one that knows more. */
const requestSchema: z.ZodType<JobRequest> = z.record(z.string(), z.unknown())

/** Inserts a job with all its items. A job without items is completed at once. */
export async function insertJob(
  transaction: Transaction,
  job: NewJob,
  creator: Pick<Job, 'createdBy' | 'credentials'>,
  now: string,
): Promise<Job> {
  const empty = job.items.length === 0
  const row = await transaction
    .insertInto('jobs')
    .values({
      kind: job.kind,
      state: empty ? 'Completed' : 'Running',
      dry_run: job.dryRun ? 1 : 0,
      upstream: JSON.stringify(job.upstream),
      request: JSON.stringify(job.request),
      total: job.items.length,
      events: empty ? 1 : 0,
      created_by: creator.createdBy,
      credentials: creator.credentials && JSON.stringify(creator.credentials),
      created_at: now,
      finished_at: empty ? now : null,
      resource_version: await nextResourceVersion(transaction),
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  await insertItems(transaction, row.id, job.items)
  return toJob(row)
}

export async function findJob(db: Reader, id: string): Promise<Job | undefined> {
  const row = await db.selectFrom('jobs').selectAll().where('id', '=', Number(id)).executeTakeFirst()
  return row && toJob(row)
}

/** Resolves to a job if all that it is about is visible: what it clones or upgrades to, and the drafts of all items. */
export async function findVisibleJob(
  db: Reader,
  visibility: Visibility,
  id: string,
): Promise<Job | undefined> {
  const row = await jobRows(db, visibility).where('id', '=', Number(id)).executeTakeFirst()
  return row && visibleJobs(visibility, [row])[0]
}

function jobRows(db: Reader, { drafts }: Visibility) {
  const visible = visiblePackages(drafts, sql`job_items.repository`, sql`job_items.package`)
  const hidden = visible.length === 0 ? sql`FALSE` : sql`NOT (${allOf(visible)})`
  return db
    .selectFrom('jobs')
    .selectAll()
    .select(
      sql<number | boolean>`EXISTS (SELECT 1 FROM job_items WHERE job_id = jobs.id AND ${hidden})`.as(
        'hidden',
      ),
    )
}

function visibleJobs(
  { published }: Visibility,
  rows: readonly (Selectable<JobsTable> & { hidden: number | boolean })[],
): Job[] {
  return rows
    .filter(({ hidden }) => !hidden)
    .map(toJob)
    .filter(({ upstream }) => sees(published, upstream))
}

export type JobFilter = { kind?: JobKind | undefined; state?: JobState | undefined }

/** Resolves to visible jobs, newest first. */
export async function listJobs(
  db: Reader,
  visibility: Visibility,
  filter: JobFilter,
  page: { after?: string | undefined; limit: number },
): Promise<PartialPage<Job, string>> {
  let query = jobRows(db, visibility).orderBy('id', 'desc').limit(page.limit)
  if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind)
  if (filter.state !== undefined) query = query.where('state', '=', filter.state)
  if (page.after !== undefined) query = query.where('id', '<', Number(page.after))
  const rows = await query.execute()
  const last = rows.at(-1)
  const items = visibleJobs(visibility, rows)
  return items.length < rows.length && rows.length === page.limit && last
    ? { items, lookedTo: String(last.id) }
    : { items }
}

/** Resolves to the running jobs, oldest first. */
export async function runningJobs(db: Reader): Promise<Job[]> {
  const rows = await db.selectFrom('jobs').selectAll().where('state', '=', 'Running').orderBy('id').execute()
  return rows.map(toJob)
}

/** Cancels a job and skips its pending items. Resolves to whether it was running. */
export async function cancelJob(
  transaction: Transaction,
  job: Job,
  reason: string,
  now: string,
): Promise<boolean> {
  const id = Number(job.id)
  const skipped = await skipPending(transaction, id, reason)
  const ended = await transaction
    .updateTable('jobs')
    .set(({ eb }) => ({
      state: 'Cancelled',
      finished_at: now,
      skipped: eb('skipped', '+', skipped),
      events: eb('events', '+', skipped + 1),
    }))
    .set({ resource_version: await nextResourceVersion(transaction) })
    .where('id', '=', id)
    .where('state', '=', 'Running')
    .returning('id')
    .executeTakeFirst()
  return ended !== undefined
}

/** Deletes the oldest of the jobs that ended before a time, or are beyond the number to keep. */
export async function pruneJobs(
  transaction: Transaction,
  { endedBefore, keep, atMost }: { endedBefore: string; keep: number; atMost: number },
): Promise<void> {
  const beyond = transaction
    .selectFrom('jobs')
    .select('id')
    .where('state', '!=', 'Running')
    .orderBy('id', 'desc')
    .limit(1)
    .offset(keep)
  const old = transaction
    .selectFrom('jobs')
    .select('id')
    .where('state', '!=', 'Running')
    .where(({ eb, or }) => or([eb('finished_at', '<', endedBefore), eb('id', '<=', beyond)]))
    .orderBy('id')
    .limit(atMost)
  await transaction.deleteFrom('jobs').where('id', 'in', old).execute()
}

function toJob(row: Selectable<JobsTable>): Job {
  const { total, succeeded, failed, skipped, conflicted } = row
  return {
    id: String(row.id),
    kind: row.kind,
    state: row.state,
    dryRun: row.dry_run === 1,
    upstream: parseStored(upstreamSchema, row.upstream, `job ${row.id}`),
    request: parseStored(requestSchema, row.request, `job ${row.id}`),
    counts: {
      total,
      pending: total - succeeded - failed - skipped,
      succeeded,
      failed,
      skipped,
      conflicts: conflicted,
    },
    events: row.events,
    createdBy: row.created_by,
    credentials:
      row.credentials === null
        ? null
        : parseStored(credentialsSchema, row.credentials, `the credentials of job ${row.id}`),
    createdAt: row.created_at,
    finishedAt: row.finished_at,
    resourceVersion: String(row.resource_version),
  }
}
