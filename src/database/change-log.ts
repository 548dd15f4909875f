/** The log of changes: written in the transaction of each change, in the order of resourceVersions. */
import { sql } from 'kysely'
import { difference, type RevisionChange } from '../domain/change.ts'
import type { PackageRevision } from '../domain/package-revision.ts'
import { currentResourceVersion } from './counters.ts'
import { parseStoredDifference, parseStoredRevision } from './package-revisions/stored-revision.ts'
import type { Db } from './schema.ts'

/** What a row takes beside its texts, about. */
const ROW_BYTES = 100

export async function recordAddition(db: Db, revision: PackageRevision): Promise<void> {
  await record(db, 'added', revision, null)
}

export async function recordModification(
  db: Db,
  before: PackageRevision,
  after: PackageRevision,
): Promise<void> {
  await record(db, 'modified', after, JSON.stringify(difference(before, after)))
}

/** `resourceVersion`: a new one, of the deletion. */
export async function recordDeletion(
  db: Db,
  revision: PackageRevision,
  resourceVersion: number,
): Promise<void> {
  await record(db, 'deleted', { ...revision, resourceVersion: String(resourceVersion) }, null)
}

async function record(
  db: Db,
  type: RevisionChange['type'],
  revision: PackageRevision,
  was: string | null,
): Promise<void> {
  const text = JSON.stringify(revision)
  const bytes = Buffer.byteLength(text) + (was?.length ?? 0) + ROW_BYTES
  await db
    .insertInto('changes')
    .values({
      resource_version: Number(revision.resourceVersion),
      changed_at: sql`strftime('%Y-%m-%dT%H:%M:%fZ', 'now')`,
      bytes_end: sql`${bytes} + coalesce((SELECT bytes_end FROM changes ORDER BY resource_version DESC LIMIT 1), 0)`,
      type,
      was,
      revision: text,
    })
    .execute()
}

/** The changes behind a position, the oldest first. */
export async function changesAfter(db: Db, position: number, limit: number): Promise<RevisionChange[]> {
  const rows = await db
    .selectFrom('changes')
    .select(['resource_version', 'type', 'was', 'revision'])
    .where('resource_version', '>', position)
    .orderBy('resource_version')
    .limit(limit)
    .execute()
  return rows.map(({ resource_version: resourceVersion, type, was, revision }) => ({
    resourceVersion,
    type,
    revision: parseStoredRevision(revision),
    was: was === null ? {} : parseStoredDifference(was),
    bytes: revision.length,
  }))
}

/** The position of the last change; 0 where the log is empty. */
export async function lastChange(db: Db): Promise<number> {
  const row = await db
    .selectFrom('changes')
    .select('resource_version')
    .orderBy('resource_version', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.resource_version ?? 0
}

/** Which positions the log can be read from: `oldest`, and what comes behind, up to `newest`. */
export async function logRange(db: Db): Promise<{ oldest: number; newest: number }> {
  return { oldest: await readPosition(db, 'changes_compacted'), newest: await currentResourceVersion(db) }
}

export type KeptChanges = { since: string; bytes: number }

/**
 * Deletes the oldest changes that are older than what is kept, or more; at most `atMost` of them, and none that
 * webhooks have not been told. Resolves to whether there may be more.
 */
export async function pruneChanges(db: Db, kept: KeptChanges, atMost: number): Promise<boolean> {
  const oldest = await db
    .selectFrom('changes')
    .select(['resource_version', 'changed_at', 'bytes_end'])
    .orderBy('resource_version')
    .limit(atMost)
    .execute()
  const { end } = await db
    .selectFrom('changes')
    .select(({ fn }) => fn.max('bytes_end').as('end'))
    .where('resource_version', '=', await lastChange(db))
    .executeTakeFirstOrThrow()
  const told = await toldWebhooks(db)
  const gone = oldest.filter(
    ({ resource_version, changed_at, bytes_end }) =>
      resource_version <= told && (changed_at < kept.since || bytes_end <= (end ?? 0) - kept.bytes),
  )
  const last = gone.at(-1)?.resource_version
  if (last === undefined) return false
  await db.deleteFrom('changes').where('resource_version', '<=', last).execute()
  await writePosition(db, 'changes_compacted', last)
  return gone.length === atMost
}

async function toldWebhooks(db: Db): Promise<number> {
  const waiting = await db.selectFrom('webhooks').select('id').where('enabled', '=', 1).executeTakeFirst()
  return waiting ? readPosition(db, 'webhooks_position') : Number.POSITIVE_INFINITY
}

/** For an index that is made anew: whoever followed the one before has to list again, and webhooks are told of nothing. */
export async function forgetChanges(db: Db): Promise<void> {
  const version = await currentResourceVersion(db)
  await writePosition(db, 'changes_compacted', version)
  await writePosition(db, 'webhooks_position', version)
}

type Position = 'changes_compacted' | 'webhooks_position'

export async function readPosition(db: Db, name: Position): Promise<number> {
  const { value } = await db
    .selectFrom('counters')
    .select('value')
    .where('name', '=', name)
    .executeTakeFirstOrThrow()
  return value
}

export async function writePosition(db: Db, name: Position, value: number): Promise<void> {
  await db.updateTable('counters').set({ value }).where('name', '=', name).execute()
}
