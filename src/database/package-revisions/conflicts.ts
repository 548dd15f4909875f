import { sql } from 'kysely'
import { z } from 'zod'
import { stringifyExact } from '../../core/exact-json.ts'
import type { JsonValue } from '../../domain/krm/json-value.ts'
import type { Conflict } from '../../domain/merge/conflict.ts'
import type { Resolution, RevisionConflict } from '../../domain/merge/revision-conflict.ts'
import type { Reader, Transaction } from '../connection.ts'
import type { ConflictsTable } from '../schema.ts'
import { parseStored } from '../stored-json.ts'

/** One statement for each conflict would take several times as long. */
const ROWS_AT_ONCE = 100

/** A value may be any JSON. */
const anyJson = z.custom<JsonValue>()

/** Resolves to the conflicts of a revision, by id. */
export async function listConflicts(db: Reader, revision: string): Promise<RevisionConflict[]> {
  const rows = await db
    .selectFrom('conflicts')
    .innerJoin('package_revisions', 'package_revisions.id', 'conflicts.revision_id')
    .selectAll('conflicts')
    .where('package_revisions.name', '=', revision)
    .orderBy('conflicts.id')
    .execute()
  return rows.map(toConflict)
}

/** Resolves to the size of the values of these conflicts, in bytes. */
export async function conflictBytes(db: Reader, revision: string): Promise<number> {
  const { bytes } = await db
    .selectFrom('conflicts')
    .innerJoin('package_revisions', 'package_revisions.id', 'conflicts.revision_id')
    .select(
      sql<number | null>`sum(octet_length(coalesce(original, '')) + octet_length(coalesce(local, ''))
        + octet_length(coalesce(conflicts.upstream, '')))`.as('bytes'),
    )
    .where('package_revisions.name', '=', revision)
    .executeTakeFirstOrThrow()
  return bytes ?? 0
}

/** Replaces all conflicts of a revision. */
export async function replaceConflicts(
  transaction: Transaction,
  revision: string,
  conflicts: readonly RevisionConflict[],
): Promise<void> {
  const { id } = await transaction
    .selectFrom('package_revisions')
    .select('id')
    .where('name', '=', revision)
    .executeTakeFirstOrThrow()
  await transaction.deleteFrom('conflicts').where('revision_id', '=', id).execute()
  for (let at = 0; at < conflicts.length; at += ROWS_AT_ONCE) {
    const rows = conflicts.slice(at, at + ROWS_AT_ONCE).map((conflict) => conflictRow(id, conflict))
    await transaction.insertInto('conflicts').values(rows).execute()
  }
}

export function conflictRow(revisionId: number, conflict: RevisionConflict): ConflictsTable {
  const { id, path, object, field, original, local, upstream, chosen, resolution } = conflict
  const json = (value: Conflict['local']): string | null =>
    value === undefined ? null : stringifyExact(value)
  return {
    revision_id: revisionId,
    id: Number(id),
    path,
    object,
    field,
    original: json(original),
    local: json(local),
    upstream: json(upstream),
    chosen,
    resolution,
  }
}

export function toConflict(row: ConflictsTable): RevisionConflict {
  const { id, path, object, field, chosen, resolution } = row
  const value = (key: 'original' | 'local' | 'upstream') => {
    const text = row[key]
    return text === null ? {} : { [key]: parseStored(anyJson, text, `conflict ${id} of a revision`) }
  }
  return {
    id: String(id),
    path,
    object,
    field,
    ...value('original'),
    ...value('local'),
    ...value('upstream'),
    chosen,
    resolution: resolution as Resolution | null,
  }
}
