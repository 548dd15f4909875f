import type { Reader } from '../connection.ts'

/**
 * Resolves to the ids that stand for the same person as an account: of a service account also those of who created it,
 * and of who made the token with which it acts, as both can act as the account.
 */
export async function personsOf(db: Reader, principalId: string, tokenId: string | null): Promise<string[]> {
  const row = await db
    .selectFrom('principals as account')
    .leftJoin('tokens', (join) => join.on('tokens.id', '=', tokenId ?? ''))
    .leftJoin('principals as maker', (join) =>
      join.on(({ eb, and, or, ref, fn, val }) =>
        or([
          and([eb('maker.kind', '=', 'user'), eb('maker.name', '=', ref('tokens.created_by'))]),
          and([
            eb('maker.kind', '=', 'serviceaccount'),
            eb(
              fn<string>('concat', [val('serviceaccount:'), ref('maker.name')]),
              '=',
              ref('tokens.created_by'),
            ),
          ]),
        ]),
      ),
    )
    .select(['account.owner_id', 'maker.id as maker_id', 'maker.owner_id as maker_owner_id'])
    .where('account.id', '=', principalId)
    .where('account.kind', '=', 'serviceaccount')
    .executeTakeFirst()
  const behind = row ? [row.owner_id, row.maker_id, row.maker_owner_id] : []
  return [...new Set([principalId, ...behind.filter((id) => id !== null)])]
}
