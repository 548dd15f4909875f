import { AppError } from '../../core/errors.ts'
import type { Transaction } from '../../database/connection.ts'
import { type Permission, SERVER_PERMISSIONS } from '../../domain/access/permission.ts'
import { permissionsOf, type Role } from '../../domain/access/role.ts'
import type { PackageId } from '../../domain/names.ts'
import { policiesOf, type ReviewPolicy } from '../../domain/review/policy.ts'
import { type Actor, isPrincipal } from '../access/actor.ts'
import { can, type Policy } from '../access/policy.ts'
import { lacks } from '../access/require-permission.ts'
import { audit } from '../audit/record.ts'
import { revisionEvent } from '../audit/revision-event.ts'
import type { ServiceContext } from '../context.ts'
import type { Review } from './review.ts'

const MIN_REASON = 10

/**
 * Records that a review ends without the votes that its policies ask for. Throws `forbidden` unless each of them has a
 * bypass for the caller, and `invalid` without a reason, or without a policy.
 */
export async function bypassReview(
  ctx: ServiceContext,
  transaction: Transaction,
  { actor, current: { revision }, decision }: Review,
): Promise<void> {
  const policy = await ctx.policyOf(transaction)
  const policies = policiesOf(policy.reviewPolicies, revision)
  if (policies.length === 0) {
    throw new AppError('invalid', `no review policy holds for ${revision.name}: approve it without a bypass`)
  }
  for (const each of policies) requireBypass(policy, actor, each, revision)
  const { reason } = decision
  if ((reason ?? '').trim().length < MIN_REASON) {
    throw new AppError('invalid', `a bypass needs a reason of at least ${MIN_REASON} characters`)
  }
  const details = { severity: 'high', policies: policies.map(({ name }) => name).join(',') }
  const event = revisionEvent({ type: 'revision.bypassed', reason, details }, revision, undefined)
  await audit(ctx, transaction, actor, event)
}

function requireBypass(
  policy: Policy,
  actor: Actor,
  { name, bypass, humansOnly }: ReviewPolicy,
  revision: PackageId,
): void {
  if (!bypass) {
    throw new AppError(
      'forbidden',
      `the review policy ${name} has no bypass: it needs the approvals that it asks for`,
    )
  }
  const missing = missingOf(policy, actor, bypass.role, revision)
  if (missing) throw lacks(actor, missing, isOfServer(missing) ? 'server' : targetOf(revision))
  if (humansOnly && !(isPrincipal(actor) && actor.kind === 'user' && !actor.token)) {
    throw new AppError(
      'forbidden',
      `the review policy ${name} is for people in person, so a token cannot bypass it: log in with a browser`,
    )
  }
}

/** The first permission of a role that a caller lacks. */
function missingOf(policy: Policy, actor: Actor, role: Role, revision: PackageId): Permission | undefined {
  return permissionsOf(role).find(
    (permission) =>
      !can(policy, actor, permission, isOfServer(permission) ? 'server' : targetOf(revision)).allowed,
  )
}

function isOfServer(permission: Permission): boolean {
  return (SERVER_PERMISSIONS as readonly Permission[]).includes(permission)
}

function targetOf({ repository, package: path }: PackageId): PackageId {
  return { repository, package: path }
}
