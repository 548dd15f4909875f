/** Who may do what, as of one version of the index: all bindings in memory, and the decisions that follow from them. */
import type { LRUCache } from 'lru-cache'
import type { Binding } from '../../domain/access/binding.ts'
import { type Area, findGrant, type Grant, grantsOfRole, limited } from '../../domain/access/grant.ts'
import { overlapOf, type Pattern, patternOf, patternText } from '../../domain/access/pattern.ts'
import type { Permission } from '../../domain/access/permission.ts'
import { type Visibility, visibilityOf } from '../../domain/access/visible-set.ts'
import type { ReviewPolicy } from '../../domain/review/policy.ts'
import { AUDIT_REPOSITORY } from '../../domain/tags.ts'
import { type Actor, isPrincipal, type PrincipalActor } from './actor.ts'

export type Policy = {
  version: number
  /** Whether every caller may do everything. */
  open: boolean
  /** Whether there is an admin of the server, by the settings or by a binding. */
  hasAdmin: boolean
  /** The grants of each subject. */
  grants: ReadonlyMap<string, readonly Grant[]>
  /** Groups that the settings make admins of the server. */
  adminGroups: readonly string[]
  /** How long groups are believed after a login, in milliseconds. */
  groupsMaxAge: number
  reviewPolicies: readonly ReviewPolicy[]
  /** What was found out while this policy holds: rights, and callers by token or session. */
  rights: WeakMap<Actor, Rights>
  callers: LRUCache<string, KnownCaller>
}

export type KnownCaller = {
  actor: PrincipalActor
  /** When it must be looked up again, in milliseconds since 1970: its token expires then, or its groups do. */
  until: number
  /** The last recorded use of its token, in milliseconds since 1970. */
  lastUsed: number
}

/** An actor with the policy that decides about it. */
export type Caller = { policy: Policy; actor: Actor }

export type Rights = { readonly grants: readonly Grant[]; readonly visibility: Visibility }

/** What a permission is needed for. A repository without a package is all of it; a pattern is all that it covers. */
export type Target = Area | { repository: string; package?: string | undefined }

export type Decision = { allowed: true; via: string } | { allowed: false; missing: Permission }

/** Decides whether an actor may do something: the one function that does. */
export function can(policy: Policy, actor: Actor, permission: Permission, target: Target): Decision {
  if (permission === 'tokens') return canMakeTokens(actor)
  if (permission === 'read' && isAuditLog(target)) return can(policy, actor, 'server.audit', 'server')
  const grant = findGrant(rightsOf(policy, actor).grants, permission, areaOf(target))
  return grant ? { allowed: true, via: grant.via } : { allowed: false, missing: permission }
}

/** The heads of the audit log are in a repository that no pattern stands for, not even `*`. */
function isAuditLog(target: Target): boolean {
  return (
    target !== 'server' && target.repository === AUDIT_REPOSITORY && !('prefix' in target && target.prefix)
  )
}

/** Whether an actor has a permission in some part of a pattern. */
export function canInPart(policy: Policy, actor: Actor, permission: Permission, pattern: Pattern): boolean {
  return rightsOf(policy, actor).grants.some(
    ({ permissions, area }) =>
      permissions.has(permission) && area !== 'server' && overlapOf(area, pattern) !== undefined,
  )
}

/** All that an actor may do and see. */
export function rightsOf(policy: Policy, actor: Actor): Rights {
  const known = policy.rights.get(actor)
  if (known) return known
  const own = grantsOf(policy, actor)
  const grants = isPrincipal(actor) && actor.token ? limited(own, actor.token) : own
  let visibility: Visibility | undefined
  const rights = {
    grants,
    // Compiled when a list first needs it.
    get visibility() {
      visibility ??= visibilityOf(grants)
      return visibility
    },
  }
  policy.rights.set(actor, rights)
  return rights
}

/** What is bound to an account itself, not to all accounts or to its groups. */
export function grantsOfPrincipal(policy: Policy, principalId: string): readonly Grant[] {
  return policy.grants.get(`principal ${principalId}`) ?? []
}

/** The key of the grants that a binding gives. */
export function subjectKey({ subject, principalId }: Pick<Binding, 'subject' | 'principalId'>): string {
  if (subject.kind === 'group') return `group ${subject.name}`
  return principalId === undefined ? subject.kind : `principal ${principalId}`
}

/** Each account makes tokens for itself; with a token only if it was created for that. */
function canMakeTokens(actor: Actor): Decision {
  const may = isPrincipal(actor) && (!actor.token || actor.token.permissions.has('tokens'))
  return may ? { allowed: true, via: 'account' } : { allowed: false, missing: 'tokens' }
}

function grantsOf(policy: Policy, actor: Actor): Grant[] {
  if (policy.open) return grantsOfRole('admin', [], 'open')
  if (actor.kind === 'system' || actor.kind === 'root') return grantsOfRole('admin', [], actor.kind)
  const admin = isPrincipal(actor) && actor.groups.some((group) => policy.adminGroups.includes(group))
  return [
    ...(admin ? grantsOfRole('admin', [], 'settings') : []),
    ...subjectsOf(actor).flatMap((key) => policy.grants.get(key) ?? []),
  ]
}

function subjectsOf(actor: Actor): string[] {
  if (isPrincipal(actor)) return ['anonymous', 'authenticated', ...ownSubjects(actor)]
  return actor.kind === 'anonymous' ? ['anonymous'] : []
}

function ownSubjects({ principalId, groups }: PrincipalActor): string[] {
  return [`principal ${principalId}`, ...groups.map((group) => `group ${group}`)]
}

function areaOf(target: Target): Area {
  if (target === 'server' || 'prefix' in target) return target
  return patternOf(target)
}

/** A target as users write it: `team-*`, `blueprints/nf/upf`; empty for the server. */
export function targetText(target: Target): string {
  if (target === 'server') return ''
  if ('prefix' in target) return patternText(target)
  return `${target.repository}${target.package === undefined ? '' : `/${target.package}`}`
}
