import type { Selectable } from 'kysely'
import { z } from 'zod'
import type { Vote } from '../../domain/review/evaluate.ts'
import type { Reader, Transaction } from '../connection.ts'
import { parseStored } from '../stored-json.ts'
import type { ReviewVotesTable } from './tables.ts'

const groupsSchema = z.array(z.string())

/** How many votes on earlier proposals are of interest: there may be any number. */
const EARLIER = 100

/** Records a vote, which replaces an earlier one of the account on the same proposal. */
export async function saveVote(transaction: Transaction, revision: string, vote: Vote): Promise<void> {
  const { id } = await transaction
    .selectFrom('package_revisions')
    .select('id')
    .where('name', '=', revision)
    .executeTakeFirstOrThrow()
  const given = {
    name: vote.by,
    verdict: vote.verdict,
    digest: vote.digest,
    token_id: vote.tokenId,
    groups: JSON.stringify(vote.groups),
    at: vote.at,
    reason: vote.reason,
  }
  await transaction
    .insertInto('review_votes')
    .values({ revision_id: id, proposal: vote.proposal, principal_id: vote.principalId, ...given })
    .onConflict((conflict) =>
      conflict.columns(['revision_id', 'proposal', 'principal_id']).doUpdateSet(given),
    )
    .execute()
}

/** Resolves to all votes on a proposal of a revision, or of its deletion, and the last ones before, the latest first. */
export async function votesOn(db: Reader, revision: string, proposal: number): Promise<Vote[]> {
  const votes = db
    .selectFrom('review_votes')
    .innerJoin('package_revisions', 'package_revisions.id', 'review_votes.revision_id')
    .selectAll('review_votes')
    .where('package_revisions.name', '=', revision)
    .orderBy('review_votes.proposal', 'desc')
    .orderBy('review_votes.at', 'desc')
  const current = await votes.where('review_votes.proposal', '>=', proposal).execute()
  const earlier = await votes.where('review_votes.proposal', '<', proposal).limit(EARLIER).execute()
  return [...current, ...earlier].map(toVote)
}

function toVote(row: Selectable<ReviewVotesTable>): Vote {
  return {
    principalId: row.principal_id,
    by: row.name,
    verdict: row.verdict,
    proposal: row.proposal,
    digest: row.digest,
    tokenId: row.token_id,
    groups: parseStored(groupsSchema, row.groups, `a vote of ${row.name}`),
    at: row.at,
    reason: row.reason,
  }
}
