/** The votes on a proposal, and what they amount to now. */
import { AppError } from '../../core/errors.ts'
import { findToken } from '../../database/access/tokens.ts'
import type { Reader, Transaction } from '../../database/connection.ts'
import { authorsOf, currentProposal } from '../../database/review/authors.ts'
import { saveVote, votesOn } from '../../database/review/votes.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import {
  evaluate,
  type Proposal,
  type ReviewState,
  type Verdict,
  type VoidReason,
  type Vote,
  type Voter,
  voidReason,
} from '../../domain/review/evaluate.ts'
import { policiesOf, type ReviewPolicy } from '../../domain/review/policy.ts'
import { type Actor, isPrincipal, type PrincipalActor } from '../access/actor.ts'
import { knownCaller } from '../access/authenticate.ts'
import { personsBehind } from '../access/persons.ts'
import { can, type Policy } from '../access/policy.ts'
import { audit } from '../audit/record.ts'
import { revisionEvent } from '../audit/revision-event.ts'
import { UNKNOWN_AUTHOR } from '../authors.ts'
import type { ServiceContext } from '../context.ts'
import type { Review } from './review.ts'

/** A revision that is voted on, and the paths that it changes. */
export type Voted = { revision: PackageRevision; paths: Proposal['paths'] }

export type Ballot = { verdict: Verdict; reason: string | null; digest: string }

/** What the votes amount to, as of a transaction. Complete where no policy holds. */
export async function reviewState(
  db: Reader,
  policy: Policy,
  voted: Voted,
  now: Date,
  verdict?: Verdict,
): Promise<ReviewState> {
  const policies = policiesOf(policy.reviewPolicies, voted.revision)
  if (policies.length === 0) return { rules: [], votes: [], complete: true }
  const proposal = await proposalOf(db, voted)
  const cast = []
  for (const vote of await votesOn(db, voted.revision.name, proposal.number)) {
    const isCurrent = vote.proposal === proposal.number
    const voter = isCurrent ? await voterOf(db, policy, vote, voted.revision, now) : endedVoter(vote)
    cast.push({ vote, voter })
  }
  return evaluate(policies, proposal, cast, verdict)
}

/**
 * Records a vote, and resolves to what all votes amount to with it. Throws `forbidden` for an approval that would count for
 * no policy.
 */
export async function castVote(
  ctx: ServiceContext,
  transaction: Transaction,
  actor: Actor,
  voted: Voted,
  ballot: Ballot,
): Promise<ReviewState> {
  const policy = await ctx.policyOf(transaction)
  const { revision } = voted
  if (!isPrincipal(actor)) throw withoutAccount(actor)
  const now = ctx.now()
  const proposal = await proposalOf(transaction, voted)
  const policies = policiesOf(policy.reviewPolicies, revision)
  const vote = voteOf(actor, proposal, ballot, now)
  const voter = await voterOf(transaction, policy, vote, revision, now)
  const reason = countsForNone(policies, proposal, { vote, voter })
  if (reason) throw notCounted(actor, revision, reason)
  const asked = policies.flatMap(({ groups, paths }) => [...groups, ...paths].map(({ group }) => group))
  const groups = voter.groups.filter((group) => asked.includes(group))
  await saveVote(transaction, revision.name, { ...vote, groups })
  const told = {
    type: 'revision.voted',
    reason: ballot.reason,
    details: { verdict: ballot.verdict, policies: policies.map(({ name }) => name).join(',') },
  } as const
  await audit(ctx, transaction, { ...actor, groups }, revisionEvent(told, revision, undefined))
  return reviewState(transaction, policy, voted, now, ballot.verdict)
}

/** Keeps who rejected a proposal, and why, in the transaction that ends it. */
export async function recordRejection(
  ctx: ServiceContext,
  transaction: Transaction,
  { actor, current: { revision }, decision: { reason } }: Review,
): Promise<void> {
  if (!isPrincipal(actor)) return
  const proposal = await proposalOf(transaction, { revision, paths: 'all' })
  const ballot = { verdict: 'reject', digest: revision.artifact.digest, reason } as const
  await saveVote(transaction, revision.name, voteOf(actor, proposal, ballot, ctx.now()))
}

/** Why a vote of the caller would count for no policy; undefined if it would for one. */
export async function problemOfVote(
  db: Reader,
  policy: Policy,
  actor: PrincipalActor,
  voted: Voted,
  now: Date,
): Promise<VoidReason | undefined> {
  const proposal = await proposalOf(db, voted)
  const ballot = { verdict: 'approve', reason: null, digest: proposal.digest } as const
  const vote = voteOf(actor, proposal, ballot, now)
  const voter = await voterOf(db, policy, vote, voted.revision, now)
  const policies = policiesOf(policy.reviewPolicies, voted.revision)
  return countsForNone(policies, proposal, { vote, voter })
}

/** Why a vote counts for none of the policies: the reason of the first. Undefined if it counts for one. */
function countsForNone(
  policies: readonly ReviewPolicy[],
  proposal: Proposal,
  cast: { vote: Vote; voter: Voter },
): VoidReason | undefined {
  const reasons = policies.map((policy) => voidReason(policy, proposal, cast))
  return reasons.every((reason) => reason !== undefined) ? reasons[0] : undefined
}

/** The authors of a deletion are those who proposed it. */
export async function proposalOf(db: Reader, { revision, paths }: Voted): Promise<Proposal> {
  const { name, lifecycle, artifact } = revision
  const number = await currentProposal(db, name)
  const { authors, complete } = await authorsOf(
    db,
    name,
    lifecycle === 'DeletionProposed' ? number : undefined,
  )
  const all = complete ? authors : [...authors, UNKNOWN_AUTHOR]
  return {
    // Votes that were given before do not count for what is still to be proposed.
    number: lifecycle === 'Draft' ? number + 1 : number,
    digest: artifact.digest,
    authors: new Set(all.map(({ id }) => id)),
    unknownAuthors: all.filter(({ id }) => id === '').map((author) => author.name),
    paths,
  }
}

/** What is known of the voter now, with the token of the vote. */
async function voterOf(
  db: Reader,
  policy: Policy,
  { principalId, tokenId, at }: Vote,
  { repository, package: path }: PackageRevision,
  now: Date,
): Promise<Voter> {
  const token = tokenId === null ? undefined : await findToken(db, tokenId)
  const found = await knownCaller({ ctx: { db }, options: policy }, principalId, now, { token })
  const age = now.getTime() - Date.parse(at)
  const ended = tokenId !== null && (!token || token.revokedAt !== undefined)
  if ('refused' in found || ended) {
    return endedVoter({ principalId }, age)
  }
  const { actor } = found
  const { allowed } = can(policy, actor, 'review', { repository, package: path })
  const persons = await personsBehind(db, actor)
  return { persons, kind: actor.kind, groups: actor.groups, standing: allowed ? 'valid' : 'no_right', age }
}

function endedVoter({ principalId }: Pick<Vote, 'principalId'>, age = 0): Voter {
  return { persons: [principalId], kind: 'user', groups: [], standing: 'ended', age }
}

function voteOf(actor: PrincipalActor, { number }: Proposal, ballot: Ballot, now: Date): Vote {
  return {
    ...ballot,
    principalId: actor.principalId,
    by: actor.name,
    proposal: number,
    tokenId: actor.token?.id ?? null,
    groups: [],
    at: now.toISOString(),
  }
}

function withoutAccount({ name }: Actor): AppError {
  return new AppError(
    'forbidden',
    `a review policy holds, and ${name} has no account, so its approval does not count: log in, or use the token of a service account`,
  )
}

const WHY: Record<VoidReason, string> = {
  earlier_proposal: 'it is about an earlier proposal: read the revision again',
  other_digest: 'it is about another digest: read the revision again',
  account_ended: 'the account or token is no longer valid: log in again',
  no_right: 'the account has no permission to review: an administrator can bind a role that has it',
  author: 'the account is one of the authors: ask another reviewer',
  not_human: 'only approvals of people count: ask a reviewer',
  not_in_person: 'approvals given with a token do not count: log in with a browser, and approve there',
  too_old: 'it is too old: approve again',
  same_person: 'the same person has voted already: ask another reviewer',
}

function notCounted({ name }: Actor, revision: PackageRevision, reason: VoidReason): AppError {
  return new AppError('forbidden', `the vote of ${name} on ${revision.name} does not count: ${WHY[reason]}`)
}
