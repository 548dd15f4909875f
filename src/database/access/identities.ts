/** The identities of users at identity providers, and their groups there. */
import { chunks } from '../chunks.ts'
import type { Reader, Transaction } from '../connection.ts'

/** An account at an identity provider. Both texts stay the same when the person's name or address changes. */
export type Identity = { issuer: string; subject: string }

export async function principalOfIdentity(db: Reader, identity: Identity): Promise<string | undefined> {
  const row = await db
    .selectFrom('identities')
    .select('principal_id')
    .where('issuer', '=', identity.issuer)
    .where('subject', '=', identity.subject)
    .executeTakeFirst()
  return row?.principal_id
}

/** Records a login with an identity, which belongs to its first principal from then on. */
export async function saveIdentity(
  transaction: Transaction,
  { issuer, subject }: Identity,
  principalId: string,
  now: string,
): Promise<void> {
  await transaction
    .insertInto('identities')
    .values({ issuer, subject, principal_id: principalId, created_at: now, last_login_at: now })
    .onConflict((conflict) => conflict.columns(['issuer', 'subject']).doUpdateSet({ last_login_at: now }))
    .execute()
}

/** Replaces all groups of a principal: those that are not given any more are gone. */
export async function replaceGroups(
  transaction: Transaction,
  principalId: string,
  groups: readonly string[],
  now: string,
): Promise<void> {
  await transaction.deleteFrom('principal_groups').where('principal_id', '=', principalId).execute()
  const rows = [...new Set(groups)].map((name) => ({ principal_id: principalId, name }))
  for (const each of chunks(rows)) await transaction.insertInto('principal_groups').values(each).execute()
  await transaction.updateTable('principals').set({ groups_at: now }).where('id', '=', principalId).execute()
}
