import type { Selectable } from 'kysely'
import { type ReviewPolicy, type ReviewRules, reviewRulesSchema } from '../../domain/review/policy.ts'
import type { Reader, Transaction } from '../connection.ts'
import { nextResourceVersion } from '../counters.ts'
import { parseStored } from '../stored-json.ts'
import type { ReviewPoliciesTable } from './tables.ts'

/** Resolves to all policies, by name. */
export async function allReviewPolicies(db: Reader): Promise<ReviewPolicy[]> {
  const rows = await db.selectFrom('review_policies').selectAll().orderBy('name').execute()
  return rows.map(toPolicy)
}

export async function insertReviewPolicy(
  transaction: Transaction,
  rules: ReviewRules,
  stamp: { createdBy: string; createdAt: string },
): Promise<ReviewPolicy> {
  const row = await transaction
    .insertInto('review_policies')
    .values({
      name: rules.name,
      content: JSON.stringify(rules),
      created_by: stamp.createdBy,
      created_at: stamp.createdAt,
      updated_at: stamp.createdAt,
      resource_version: await nextResourceVersion(transaction),
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  return toPolicy(row)
}

export async function updateReviewPolicy(
  transaction: Transaction,
  rules: ReviewRules,
  now: string,
): Promise<ReviewPolicy> {
  const row = await transaction
    .updateTable('review_policies')
    .set({
      content: JSON.stringify(rules),
      updated_at: now,
      resource_version: await nextResourceVersion(transaction),
    })
    .where('name', '=', rules.name)
    .returningAll()
    .executeTakeFirstOrThrow()
  return toPolicy(row)
}

export async function deleteReviewPolicy(transaction: Transaction, name: string): Promise<void> {
  await transaction.deleteFrom('review_policies').where('name', '=', name).execute()
}

function toPolicy(row: Selectable<ReviewPoliciesTable>): ReviewPolicy {
  return {
    ...parseStored(reviewRulesSchema, row.content, `the review policy ${row.name}`),
    createdBy: row.created_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    resourceVersion: String(row.resource_version),
  }
}
