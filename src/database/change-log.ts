/** The log of changes: each is written in its own transaction, in the order of resourceVersions. */

import { sql } from 'kysely'
import { difference, type RevisionChange } from '../domain/change.ts'
import type { PackageRevision } from '../domain/package-revision.ts'
import type { Reader, Transaction } from './connection.ts'
import { currentResourceVersion, readPosition, writePosition } from './counters.ts'
import { parseStoredDifference, parseStoredRevision } from './package-revisions/stored-revision.ts'

/** Estimated size of a row without its texts. */
const ROW_BYTES = 100

export async function recordAddition(transaction: Transaction, revision: PackageRevision): Promise<void> {
  await record(transaction, 'added', revision, null)
}

export async function recordModification(
  transaction: Transaction,
  before: PackageRevision,
  after: PackageRevision,
): Promise<void> {
  await record(transaction, 'modified', after, JSON.stringify(difference(before, after)))
}

/** `resourceVersion` is that of the deletion. */
export async function recordDeletion(
  transaction: Transaction,
  revision: PackageRevision,
  resourceVersion: number,
): Promise<void> {
  await record(transaction, 'deleted', { ...revision, resourceVersion: String(resourceVersion) }, null)
}

async function record(
  transaction: Transaction,
  type: RevisionChange['type'],
  revision: PackageRevision,
  was: string | null,
): Promise<void> {
  const text = JSON.stringify(revision)
  const bytes = Buffer.byteLength(text) + (was?.length ?? 0) + ROW_BYTES
  await transaction
    .insertInto('changes')
    .values({
      resource_version: Number(revision.resourceVersion),
      changed_at: new Date().toISOString(),
      bytes_end: sql`${bytes} + coalesce((SELECT bytes_end FROM changes ORDER BY resource_version DESC LIMIT 1), 0)`,
      type,
      was,
      revision: text,
    })
    .execute()
}

/** Resolves to the changes after a position, oldest first. */
export async function changesAfter(db: Reader, position: number, limit: number): Promise<RevisionChange[]> {
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
    revision: parseStoredRevision(revision, 'a revision in the log of changes'),
    was: was === null ? {} : parseStoredDifference(was),
    bytes: revision.length,
  }))
}

/** Resolves to the position of the last change; 0 for an empty log. */
export async function lastChange(db: Reader): Promise<number> {
  const row = await db
    .selectFrom('changes')
    .select('resource_version')
    .orderBy('resource_version', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.resource_version ?? 0
}

/** Resolves to the positions from which the log can be read: from `oldest` up to `newest`. */
export async function logRange(db: Reader): Promise<{ oldest: number; newest: number }> {
  return { oldest: await readPosition(db, 'changes_compacted'), newest: await currentResourceVersion(db) }
}

export type KeptChanges = { since: string; bytes: number }

/**
 * Deletes the oldest changes beyond the age or size to keep: at most `atMost`, and none that is not yet routed to
 * webhooks. Resolves to whether there may be more.
 */
export async function pruneChanges(
  transaction: Transaction,
  kept: KeptChanges,
  atMost: number,
): Promise<boolean> {
  const oldest = await transaction
    .selectFrom('changes')
    .select(['resource_version', 'changed_at', 'bytes_end'])
    .orderBy('resource_version')
    .limit(atMost)
    .execute()
  const { end } = await transaction
    .selectFrom('changes')
    .select(({ fn }) => fn.max('bytes_end').as('end'))
    .where('resource_version', '=', await lastChange(transaction))
    .executeTakeFirstOrThrow()
  const routed = await routedToWebhooks(transaction)
  const gone = oldest.filter(
    ({ resource_version, changed_at, bytes_end }) =>
      resource_version <= routed && (changed_at < kept.since || bytes_end <= (end ?? 0) - kept.bytes),
  )
  const last = gone.at(-1)?.resource_version
  if (last === undefined) return false
  await transaction.deleteFrom('changes').where('resource_version', '<=', last).execute()
  await writePosition(transaction, 'changes_compacted', last)
  return gone.length === atMost
}

async function routedToWebhooks(db: Reader): Promise<number> {
  const enabled = await db.selectFrom('webhooks').select('id').where('enabled', '=', 1).executeTakeFirst()
  return enabled ? readPosition(db, 'webhooks_position') : Number.POSITIVE_INFINITY
}

/** Begins the log of a rebuilt index: watches of the old index must list again, and webhooks get no events of it. */
export async function forgetChanges(transaction: Transaction): Promise<void> {
  const version = await currentResourceVersion(transaction)
  await writePosition(transaction, 'changes_compacted', version)
  await writePosition(transaction, 'webhooks_position', version)
}
