/** The rights of jobs: those that the caller who started the job has when an item runs. */
import { AppError } from '../../core/errors.ts'
import type { Permission } from '../../domain/access/permission.ts'
import type { JobCredentials, JobUpstream } from '../../domain/job.ts'
import { ociRepository, type PackageId } from '../../domain/names.ts'
import type { AccessControl } from '../access/access-control.ts'
import { type Actor, ANONYMOUS, isPrincipal } from '../access/actor.ts'
import { authenticateLater } from '../access/authenticate.ts'
import { can } from '../access/policy.ts'
import { hidden, lacks } from '../access/require-permission.ts'
import { auditDenial } from '../audit/record.ts'
import type { ServiceContext } from '../context.ts'

/** What a job keeps of the caller who starts it. */
export function credentialsOf(actor: Actor): JobCredentials | null {
  if (isPrincipal(actor)) {
    return { kind: 'account', principalId: actor.principalId, tokenId: actor.token?.id ?? null }
  }
  if (actor.kind === 'root') return { kind: 'root', name: actor.name, tokenId: actor.tokenId }
  return actor.kind === 'anonymous' ? { kind: 'anonymous' } : null
}

type Started = { createdBy: string; credentials: JobCredentials | null; upstream: JobUpstream }

/**
 * Resolves to who runs an item. Throws `forbidden` where that caller may no longer create the draft, and `not_found` for an
 * upstream that it may no longer read; both are recorded. Throws `unavailable` while the rights cannot be read.
 */
export async function authorizeItem(
  ctx: ServiceContext,
  access: AccessControl,
  job: Started,
  { repository, package: path }: PackageId,
): Promise<Actor> {
  const policy = await access.policy()
  const known = await callerNow(access, job)
  const actor = known ?? { name: job.createdBy }
  if (policy.open) return actor
  const { upstream } = job
  if (known && !can(policy, known, 'read', upstream).allowed) {
    throw await denied(ctx, actor, hidden(actor, upstream.name), 'read', upstream)
  }
  const target = { repository, package: path }
  if (known && can(policy, known, 'draft', target).allowed) return known
  const error = known ? lacks(known, 'draft', target) : ended(job)
  throw await denied(ctx, actor, error, 'draft', target)
}

function ended({ createdBy }: Started): AppError {
  return new AppError(
    'forbidden',
    `the job may do nothing more, because the token or account of ${createdBy} that started it is no longer valid: start it again`,
  )
}

async function denied(
  ctx: ServiceContext,
  actor: Actor,
  error: AppError,
  missing: Permission,
  target: PackageId,
): Promise<AppError> {
  await auditDenial(ctx, actor, { code: error.code, missing, repository: ociRepository(target) })
  return error
}

/** undefined where the token was revoked, has expired or is gone, or the account is disabled or gone. */
async function callerNow(access: AccessControl, { credentials }: Started): Promise<Actor | undefined> {
  if (credentials === null) return undefined
  if (credentials.kind === 'anonymous') return ANONYMOUS
  if (credentials.kind === 'root') return access.rootTokens.findLater(credentials)
  const found = await authenticateLater(access, credentials)
  return 'actor' in found ? found.actor : undefined
}
