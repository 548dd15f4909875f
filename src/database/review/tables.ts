/** The tables of review policies and votes. JSON is text. */
import type { Verdict } from '../../domain/review/evaluate.ts'

export type ReviewPoliciesTable = {
  name: string
  content: string
  created_by: string
  created_at: string
  updated_at: string
  resource_version: number
}

type ReviewAuthorsTable = {
  revision_id: number
  part: 'created' | 'edited' | 'proposed'
  proposal: number
  principal_id: string
  name: string
}

type ReviewProposalsTable = { revision_id: number; number: number }

export type ReviewVotesTable = {
  revision_id: number
  proposal: number
  principal_id: string
  name: string
  verdict: Verdict
  digest: string
  token_id: string | null
  groups: string
  at: string
  reason: string | null
}

type MakersTable = {
  account_id: string | null
  token_id: string | null
  trust_id: string | null
  maker_id: string
}

export type ReviewTables = {
  review_policies: ReviewPoliciesTable
  review_authors: ReviewAuthorsTable
  review_proposals: ReviewProposalsTable
  review_votes: ReviewVotesTable
  makers: MakersTable
}
