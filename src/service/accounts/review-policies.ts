/** Review policies are made by those who administer all repositories that they hold for. */
import { AppError } from '../../core/errors.ts'
import type { Transaction } from '../../database/connection.ts'
import {
  deleteReviewPolicy as deleteRow,
  insertReviewPolicy,
  updateReviewPolicy,
} from '../../database/review/policies.ts'
import { parsePattern } from '../../domain/access/pattern.ts'
import type { AuditType } from '../../domain/audit/entry.ts'
import { checkReviewRules, type ReviewPolicy, type ReviewRules } from '../../domain/review/policy.ts'
import type { AccessControl } from '../access/access-control.ts'
import type { Actor } from '../access/actor.ts'
import { can, canInPart, type Policy } from '../access/policy.ts'
import { requirePermission } from '../access/require-permission.ts'
import { audit } from '../audit/record.ts'
import type { ServiceContext } from '../context.ts'
import { checkPrecondition, type Precondition } from '../precondition.ts'
import { type Page, type PageRequest, page } from '../queries/page.ts'
import { OPEN_TO_ALL } from './create-binding.ts'

/** All are kept in memory, and looked through at each review. */
const MOST = 500

/** `floor`: by default, whether the caller is an admin of the server. */
export type NewReviewPolicy = Omit<ReviewRules, 'floor'> & { floor?: boolean | undefined }

/** Throws `invalid`, `forbidden`, `already_exists` and `conflict`. */
export async function createReviewPolicy(
  access: AccessControl,
  actor: Actor,
  input: NewReviewPolicy,
): Promise<ReviewPolicy> {
  return access.change(async (transaction, policy) => {
    if (policy.open) {
      throw new AppError(
        'conflict',
        'the server does not know its callers, so no approval could count: bind a role to an account first',
      )
    }
    const floor = input.floor ?? can(policy, actor, 'server.admin', 'server').allowed
    return insertChecked(access, transaction, policy, actor, { ...input, floor })
  })
}

/** Replaces all of a policy. Proposals that are open must meet the new one. */
export async function replaceReviewPolicy(
  access: AccessControl,
  actor: Actor,
  input: NewReviewPolicy,
  precondition: Precondition,
): Promise<ReviewPolicy> {
  return access.change(async (transaction, policy) => {
    const current = visiblePolicy(policy, actor, input.name)
    requireOwner(policy, actor, current)
    checkPrecondition(input.name, current.resourceVersion, precondition)
    const next = { ...input, floor: input.floor ?? current.floor }
    checkReviewRules(next)
    requireOwner(policy, actor, next)
    await recordChange(access, transaction, actor, 'review_policy.updated', next)
    return updateReviewPolicy(transaction, next, access.ctx.now().toISOString())
  })
}

export async function deleteReviewPolicy(
  access: AccessControl,
  actor: Actor,
  name: string,
  precondition: Precondition,
): Promise<void> {
  await access.change(async (transaction, policy) => {
    const current = visiblePolicy(policy, actor, name)
    requireOwner(policy, actor, current)
    checkPrecondition(name, current.resourceVersion, precondition)
    await recordChange(access, transaction, actor, 'review_policy.deleted', current)
    await deleteRow(transaction, name)
  })
}

/** Throws `not_found` for a policy that does not exist, or that the actor may not know of. */
export async function getReviewPolicy(
  access: AccessControl,
  actor: Actor,
  name: string,
): Promise<ReviewPolicy> {
  return visiblePolicy(await access.policy(), actor, name)
}

/** Lists the policies that the actor may know of, by name. */
export async function listReviewPolicies(
  ctx: ServiceContext,
  access: AccessControl,
  actor: Actor,
  request: PageRequest,
): Promise<Page<ReviewPolicy>> {
  const policy = await access.policy()
  const visible = policy.reviewPolicies.filter((each) => seesPolicy(policy, actor, each))
  return page<ReviewPolicy, string>(ctx, { list: 'reviewpolicies', for: actor.name }, request, {
    fetch: async (after = '', limit) => visible.filter(({ name }) => name > after).slice(0, limit),
    cursorAt: ({ name }) => name,
  })
}

/** Makes the policies those of a file. The caller may do everything. Resolves to what has changed. */
export async function replaceReviewPolicies(
  access: AccessControl,
  transaction: Transaction,
  policy: Policy,
  actor: Actor,
  rules: readonly ReviewRules[],
): Promise<{ change: 'created' | 'updated' | 'deleted'; reviewPolicy: string }[]> {
  const left = new Map(policy.reviewPolicies.map((each) => [each.name, each]))
  const changes: Awaited<ReturnType<typeof replaceReviewPolicies>> = []
  const named = new Set<string>()
  for (const next of rules) {
    const { name } = next
    if (named.has(name)) throw new AppError('invalid', `the review policy ${name} stands there twice`)
    named.add(name)
    const current = left.get(name)
    left.delete(name)
    checkReviewRules(next)
    if (!current) {
      await insertChecked(access, transaction, policy, actor, next, { among: named.size })
      changes.push({ change: 'created', reviewPolicy: name })
    } else if (JSON.stringify(reviewRulesOf(current)) !== JSON.stringify(reviewRulesOf(next))) {
      await recordChange(access, transaction, actor, 'review_policy.updated', next)
      await updateReviewPolicy(transaction, next, access.ctx.now().toISOString())
      changes.push({ change: 'updated', reviewPolicy: name })
    }
  }
  for (const each of left.values()) {
    await recordChange(access, transaction, actor, 'review_policy.deleted', each)
    await deleteRow(transaction, each.name)
    changes.push({ change: 'deleted', reviewPolicy: each.name })
  }
  return changes
}

/** What a policy says, in one order of its fields. */
export function reviewRulesOf(policy: ReviewRules): ReviewRules {
  const { name, repositories, approvals, groups, paths, excludeAuthors, humansOnly } = policy
  const { rejectionBlocks, maxAge, bypass, floor } = policy
  return {
    name,
    repositories,
    approvals,
    groups: groups.map(({ group, count }) => ({ group, count })),
    paths: paths.map(({ pattern, group, count }) => ({
      pattern,
      ...(group !== undefined && { group }),
      count,
    })),
    excludeAuthors,
    humansOnly,
    rejectionBlocks,
    ...(maxAge !== undefined && { maxAge }),
    ...(bypass && { bypass: { role: bypass.role } }),
    floor,
  }
}

async function insertChecked(
  access: AccessControl,
  transaction: Transaction,
  policy: Policy,
  actor: Actor,
  rules: ReviewRules,
  { among = policy.reviewPolicies.length + 1 } = {},
): Promise<ReviewPolicy> {
  checkReviewRules(rules)
  requireOwner(policy, actor, rules)
  const most = can(policy, actor, 'server.admin', 'server').allowed ? MOST : MOST * OPEN_TO_ALL
  if (among > most) {
    throw new AppError(
      'conflict',
      `there would be more than ${most} review policies, which is the limit: name several repositories in one`,
    )
  }
  if (policy.reviewPolicies.some(({ name }) => name === rules.name)) {
    throw new AppError('already_exists', `the review policy ${rules.name} exists already`)
  }
  await recordChange(access, transaction, actor, 'review_policy.created', rules)
  const createdAt = access.ctx.now().toISOString()
  return insertReviewPolicy(transaction, rules, { createdBy: actor.name, createdAt })
}

/** Throws `forbidden` for a policy that the actor may not make, change or delete. */
function requireOwner(policy: Policy, actor: Actor, { repositories, floor }: ReviewRules): void {
  if (floor) requirePermission(policy, actor, 'server.admin', 'server')
  for (const text of repositories) requirePermission(policy, actor, 'admin', parsePattern(text))
}

function visiblePolicy(policy: Policy, actor: Actor, name: string): ReviewPolicy {
  const found = policy.reviewPolicies.find((each) => each.name === name)
  if (found && seesPolicy(policy, actor, found)) return found
  throw new AppError('not_found', `there is no review policy ${name}`)
}

/** One that names another team's repository is hidden. */
function seesPolicy(policy: Policy, actor: Actor, { repositories }: ReviewPolicy): boolean {
  if (can(policy, actor, 'server.audit', 'server').allowed) return true
  return repositories.every((text) => canInPart(policy, actor, 'admin', parsePattern(text)))
}

async function recordChange(
  access: AccessControl,
  transaction: Transaction,
  actor: Actor,
  type: AuditType & `review_policy.${string}`,
  rules: ReviewRules,
): Promise<void> {
  const { name, repositories, groups, paths, ...switches } = reviewRulesOf(rules)
  // What may be long, and so be cut, comes last.
  const fields = JSON.stringify({ ...switches, groups, paths })
  const details = { filter: repositories.join(','), fields }
  await audit(access.ctx, transaction, actor, { type, target: { name }, details })
}
