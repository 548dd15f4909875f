/** Tokens of issuers outside that were presented, so that none is good for more than one token of ours. */
import type { Reader, Transaction } from '../connection.ts'

export type PresentedToken = {
  issuerId: string
  /** Equal for tokens of an issuer that are the same to it. */
  key: string
  /** Of what it says. */
  digest: string
  /** Our token for it, if it may be presented again. */
  tokenId: string | undefined
}

export async function findPresented(
  db: Reader,
  { issuerId, key }: Pick<PresentedToken, 'issuerId' | 'key'>,
): Promise<PresentedToken | undefined> {
  const row = await db
    .selectFrom('presented_tokens')
    .selectAll()
    .where('issuer_id', '=', issuerId)
    .where('key', '=', key)
    .executeTakeFirst()
  return row && { issuerId, key, digest: row.digest, tokenId: row.token_id ?? undefined }
}

/** Notes a token, and forgets those that have expired. Resolves to false if it was presented before. */
export async function notePresented(
  transaction: Transaction,
  { issuerId, key, digest, tokenId }: PresentedToken,
  { now, expiresAt }: { now: string; expiresAt: string },
): Promise<boolean> {
  await transaction.deleteFrom('presented_tokens').where('expires_at', '<', now).execute()
  const row = await transaction
    .insertInto('presented_tokens')
    .values({ issuer_id: issuerId, key, digest, token_id: tokenId ?? null, expires_at: expiresAt })
    .onConflict((conflict) => conflict.columns(['issuer_id', 'key']).doNothing())
    .returning('key')
    .executeTakeFirst()
  return row !== undefined
}
