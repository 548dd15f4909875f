/** Decides from the votes on a proposal which rules of the policies are met. */
import { parseDuration } from '../../core/duration.ts'
import type { PrincipalKind } from '../access/principal.ts'
import { matchesPath, pathBudget } from './path-pattern.ts'
import type { ReviewPolicy } from './policy.ts'

export const VERDICTS = ['approve', 'reject'] as const
export type Verdict = (typeof VERDICTS)[number]

export type Vote = {
  principalId: string
  /** Of the voter. */
  by: string
  verdict: Verdict
  proposal: number
  /** Of the artifact that the voter has seen. */
  digest: string
  /** null for a session. */
  tokenId: string | null
  /** The groups that counted when the vote was given. */
  groups: readonly string[]
  at: string
  reason: string | null
}

/** What is known of a voter now, and of the vote. */
export type Voter = {
  /** The ids that stand for the same person: of the account, and of who stands behind a service account. */
  persons: readonly string[]
  kind: PrincipalKind
  groups: readonly string[]
  /** `ended`: the account is disabled or deleted, or the token revoked. */
  standing: 'valid' | 'ended' | 'no_right'
  /** Milliseconds since the vote. */
  age: number
}

/** What is voted on. */
export type Proposal = {
  number: number
  digest: string
  /** The ids of its authors. */
  authors: ReadonlySet<string>
  /** Authors without an account, by name. */
  unknownAuthors: readonly string[]
  /** The paths that differ from the last published revision, before and after. */
  paths: readonly string[] | 'all'
}

/** Why a vote does not count. */
export const VOID_REASONS = [
  'earlier_proposal',
  'other_digest',
  'account_ended',
  'no_right',
  'author',
  'not_human',
  'not_in_person',
  'too_old',
  'same_person',
] as const
export type VoidReason = (typeof VOID_REASONS)[number]

export const RULES = ['approvals', 'group', 'path', 'authors'] as const

/** A rule, and how far it is met. `authors`: all authors must be known. */
export type RuleState = {
  /** null where no policy holds, and one approval is enough. */
  policy: string | null
  rule: (typeof RULES)[number]
  group: string | null
  pattern: string | null
  count: number
  /** The voters by whom it is met. */
  by: string[]
  missing: number
}

export type VoteState = Vote & { void: { policy: string; reason: VoidReason }[] }

export type ReviewState = { rules: RuleState[]; votes: VoteState[]; complete: boolean }

type Cast = { vote: Vote; voter: Voter }

/** All policies hold together. Only votes with the verdict count. `cast`: the latest first. */
export function evaluate(
  policies: readonly ReviewPolicy[],
  proposal: Proposal,
  cast: readonly Cast[],
  verdict: Verdict = 'approve',
): ReviewState {
  const votes = new Map(cast.map((each): [Cast, VoteState] => [each, { ...each.vote, void: [] }]))
  const budget = pathBudget()
  const rules = policies.flatMap((policy) => {
    const persons = new Set<string>()
    const counting = cast.filter((each) => {
      const same = each.voter.persons.some((person) => persons.has(person))
      const reason = voidReason(policy, proposal, each) ?? (same ? 'same_person' : undefined)
      if (reason) votes.get(each)?.void.push({ policy: policy.name, reason })
      else for (const person of each.voter.persons) persons.add(person)
      return !reason && each.vote.verdict === verdict
    })
    const matches = (pattern: string) =>
      proposal.paths === 'all' || matchesPath(pattern, proposal.paths, budget)
    return rulesOf(policy, proposal, { counting, verdict, matches })
  })
  return { rules, votes: [...votes.values()], complete: rules.every(({ missing }) => missing === 0) }
}

/** Why a vote does not count for a policy, whatever other votes there are. */
export function voidReason(
  policy: ReviewPolicy,
  proposal: Proposal,
  { vote, voter }: Cast,
): VoidReason | undefined {
  if (vote.proposal !== proposal.number) return 'earlier_proposal'
  if (vote.digest !== proposal.digest) return 'other_digest'
  if (voter.standing === 'ended') return 'account_ended'
  if (voter.standing === 'no_right') return 'no_right'
  if (policy.excludeAuthors && voter.persons.some((person) => proposal.authors.has(person))) return 'author'
  if (policy.humansOnly && voter.kind !== 'user') return 'not_human'
  if (policy.humansOnly && vote.tokenId !== null) return 'not_in_person'
  const maxAge = policy.maxAge === undefined ? Infinity : (parseDuration(policy.maxAge) ?? 0)
  return voter.age > maxAge ? 'too_old' : undefined
}

function rulesOf(
  policy: ReviewPolicy,
  { unknownAuthors }: Proposal,
  {
    counting,
    verdict,
    matches,
  }: { counting: readonly Cast[]; verdict: Verdict; matches: (pattern: string) => boolean },
): RuleState[] {
  const rule = (
    kind: RuleState['rule'],
    count: number,
    { group = null, pattern = null }: { group?: string | null; pattern?: string | null } = {},
  ): RuleState => {
    const by = counting
      .filter(({ voter }) => group === null || voter.groups.includes(group))
      .map(({ vote }) => vote.by)
    const missing = Math.max(0, count - by.length)
    return { policy: policy.name, rule: kind, group, pattern, count, by, missing }
  }
  const approvals = rule('approvals', policy.approvals)
  if (verdict === 'reject') return [approvals]
  const unknown = policy.excludeAuthors ? unknownAuthors.length : 0
  return [
    approvals,
    ...policy.groups.map(({ group, count }) => rule('group', count, { group })),
    ...policy.paths
      .filter(({ pattern }) => matches(pattern))
      .map(({ pattern, group = null, count }) => rule('path', count, { group, pattern })),
    ...(unknown > 0 ? [{ ...rule('authors', unknown), by: [], missing: unknown }] : []),
  ]
}
