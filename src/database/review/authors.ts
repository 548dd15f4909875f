/** The authors of each revision. */
import type { Reader, Transaction } from '../connection.ts'
import type { ReviewTables } from './tables.ts'

/** `id` is empty for a caller without an account. */
export type Author = { id: string; name: string }

type Part = ReviewTables['review_authors']['part']

/** Adds authors that are not known yet. `proposal`: the number of what they proposed. */
export async function addAuthors(
  transaction: Transaction,
  revision: string,
  part: Part,
  authors: readonly Author[],
  proposal = 0,
): Promise<void> {
  for (const { id, name } of authors) {
    await transaction
      .insertInto('review_authors')
      .columns(['revision_id', 'part', 'proposal', 'principal_id', 'name'])
      .expression((eb) =>
        eb
          .selectFrom('package_revisions')
          .select([
            'id',
            eb.val<string>(part).as('part'),
            eb.val(proposal).as('proposal'),
            eb.val(id).as('principal_id'),
            eb.val(name).as('author'),
          ])
          .where('package_revisions.name', '=', revision),
      )
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }
}

/**
 * Resolves to the authors of a revision's content, its proposers included; with `proposal`, to who proposed that.
 * `complete`: whether these are all.
 */
export async function authorsOf(
  db: Reader,
  revision: string,
  proposal?: number,
): Promise<{ authors: Author[]; complete: boolean }> {
  const rows = await db
    .selectFrom('review_authors')
    .innerJoin('package_revisions', 'package_revisions.id', 'review_authors.revision_id')
    .select(['review_authors.part', 'review_authors.principal_id', 'review_authors.name'])
    .distinct()
    .where('package_revisions.name', '=', revision)
    .$if(proposal !== undefined, (query) =>
      query
        .where('review_authors.part', '=', 'proposed')
        .where('review_authors.proposal', '=', proposal ?? 0),
    )
    .execute()
  return {
    authors: rows.map(({ principal_id, name }) => ({ id: principal_id, name })),
    complete: rows.some(({ part }) => part === (proposal === undefined ? 'created' : 'proposed')),
  }
}

/** Resolves to the number of the next proposal of a revision, or of its deletion. */
export async function nextProposal(transaction: Transaction, revision: string): Promise<number> {
  const { number } = await transaction
    .insertInto('review_proposals')
    .columns(['revision_id', 'number'])
    .expression((eb) =>
      eb
        .selectFrom('package_revisions')
        .select(['id', eb.val(1).as('first')])
        .where('name', '=', revision),
    )
    .onConflict((conflict) =>
      conflict.column('revision_id').doUpdateSet(({ ref, eb }) => ({
        number: eb(ref('review_proposals.number'), '+', 1),
      })),
    )
    .returning('number')
    .executeTakeFirstOrThrow()
  return number
}

/** Resolves to the number of the last proposal; 0 for one that nothing here knows. */
export async function currentProposal(db: Reader, revision: string): Promise<number> {
  const row = await db
    .selectFrom('review_proposals')
    .innerJoin('package_revisions', 'package_revisions.id', 'review_proposals.revision_id')
    .select('review_proposals.number')
    .where('package_revisions.name', '=', revision)
    .executeTakeFirst()
  return row?.number ?? 0
}
