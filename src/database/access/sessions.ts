import type { Selectable } from 'kysely'
import type { Session } from '../../domain/access/session.ts'
import type { Reader, Transaction } from '../connection.ts'
import type { SessionsTable } from './tables.ts'

export async function findSessionByHash(db: Reader, hash: string): Promise<Session | undefined> {
  const row = await db.selectFrom('sessions').selectAll().where('hash', '=', hash).executeTakeFirst()
  return row && toSession(row)
}

export async function findSession(db: Reader, id: string): Promise<Session | undefined> {
  const row = await db.selectFrom('sessions').selectAll().where('id', '=', id).executeTakeFirst()
  return row && toSession(row)
}

/** Resolves to sessions of a principal after an id, oldest first. */
export async function listSessions(
  db: Reader,
  principalId: string,
  page: { after?: string | undefined; limit: number },
): Promise<Session[]> {
  const rows = await db
    .selectFrom('sessions')
    .selectAll()
    .where('principal_id', '=', principalId)
    .$if(page.after !== undefined, (query) => query.where('id', '>', page.after ?? ''))
    .orderBy('id')
    .limit(page.limit)
    .execute()
  return rows.map(toSession)
}

export async function insertSession(
  transaction: Transaction,
  session: Omit<Session, 'lastUsedAt'>,
  hash: string,
): Promise<void> {
  await transaction
    .insertInto('sessions')
    .values({
      id: session.id,
      hash,
      principal_id: session.principalId,
      address: session.address ?? null,
      user_agent: session.userAgent ?? null,
      created_at: session.createdAt,
      last_used_at: session.createdAt,
      expires_at: session.expiresAt,
    })
    .execute()
}

export async function recordSessionUse(transaction: Transaction, id: string, at: string): Promise<void> {
  await transaction.updateTable('sessions').set({ last_used_at: at }).where('id', '=', id).execute()
}

export async function deleteSession(transaction: Transaction, id: string): Promise<void> {
  await transaction.deleteFrom('sessions').where('id', '=', id).execute()
}

/** Deletes the oldest sessions of a principal beyond a number. */
export async function deleteOldestSessions(
  transaction: Transaction,
  principalId: string,
  kept: number,
): Promise<void> {
  const oldest = await transaction
    .selectFrom('sessions')
    .select('id')
    .where('principal_id', '=', principalId)
    .orderBy('id', 'desc')
    .offset(kept)
    .limit(1)
    .executeTakeFirst()
  if (!oldest) return
  await transaction
    .deleteFrom('sessions')
    .where('principal_id', '=', principalId)
    .where('id', '<=', oldest.id)
    .execute()
}

export async function deleteSessionsOf(transaction: Transaction, principalId: string): Promise<void> {
  await transaction.deleteFrom('sessions').where('principal_id', '=', principalId).execute()
}

/** Deletes sessions that expired before a time, or were last used before another. */
export async function deleteEndedSessions(
  transaction: Transaction,
  before: { expired: string; used: string },
): Promise<void> {
  await transaction
    .deleteFrom('sessions')
    .where(({ eb, or }) =>
      or([eb('expires_at', '<=', before.expired), eb('last_used_at', '<=', before.used)]),
    )
    .execute()
}

function toSession(row: Selectable<SessionsTable>): Session {
  return {
    id: row.id,
    principalId: row.principal_id,
    address: row.address ?? undefined,
    userAgent: row.user_agent ?? undefined,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    expiresAt: row.expires_at,
  }
}
