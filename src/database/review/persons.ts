import type { Reader, Transaction } from '../connection.ts'

/** What its makers can act with: a service account, a token of one, or a trust. */
export type Made = { account_id: string } | { token_id: string } | { trust_id: string }

/** Records all who can act with something, as they stood behind it when it was made. */
export async function saveMakers(
  transaction: Transaction,
  made: Made,
  makers: readonly string[],
): Promise<void> {
  const rows = makers.map((maker_id) => ({ ...made, maker_id }))
  if (rows.length > 0) await transaction.insertInto('makers').values(rows).execute()
}

/**
 * Resolves to the ids that stand for the same person as a service account: its own, and those of who made it, and the
 * token or the trust with which it acts, as they can act as the account.
 */
export async function personsOf(db: Reader, principalId: string, tokenId: string | null): Promise<string[]> {
  const rows = await db
    .selectFrom('makers')
    .select('maker_id')
    .where(({ eb, or, selectFrom }) =>
      or([
        eb('account_id', '=', principalId),
        eb('token_id', '=', tokenId ?? ''),
        eb(
          'trust_id',
          '=',
          selectFrom('tokens')
            .select('tokens.trust_id')
            .where('tokens.id', '=', tokenId ?? ''),
        ),
      ]),
    )
    .execute()
  return [...new Set([principalId, ...rows.map(({ maker_id }) => maker_id)])]
}
