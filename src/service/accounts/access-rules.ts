/** The rules of access as a whole, so that they can live in a file, and in git. */
import { AppError } from '../../core/errors.ts'
import { allBindings, deleteBinding, insertBinding } from '../../database/access/bindings.ts'
import {
  deletePrincipal,
  insertPrincipal,
  listPrincipals,
  updatePrincipal,
} from '../../database/access/principals.ts'
import type { Reader, Transaction } from '../../database/connection.ts'
import type { AccessChange, AccessRules, ServiceAccountRule } from '../../domain/access/access-rules.ts'
import { bindingKey, checkBinding } from '../../domain/access/binding.ts'
import { grantsOfRole } from '../../domain/access/grant.ts'
import { parsePattern } from '../../domain/access/pattern.ts'
import { checkServiceAccount, type Principal } from '../../domain/access/principal.ts'
import type { AuditEvent } from '../../domain/audit/entry.ts'
import type { AccessControl } from '../access/access-control.ts'
import { type Actor, isPrincipal } from '../access/actor.ts'
import { recordMaker } from '../access/persons.ts'
import { requireAll, requirePermission } from '../access/require-permission.ts'
import { audit } from '../audit/record.ts'
import { bindingEvent, serviceAccountEvent } from './change-events.ts'
import { checkCount, principalIdOf } from './create-binding.ts'
import { federationRules, replaceFederation } from './federation-rules.ts'
import { newId } from './new-id.ts'
import { replaceReviewPolicies, reviewRulesOf } from './review-policies.ts'

/** Resolves to all rules, in an order that only they decide. Throws `forbidden`. */
export async function accessRules(access: AccessControl, actor: Actor): Promise<AccessRules> {
  const policy = await access.policy()
  requirePermission(policy, actor, 'server.audit', 'server')
  const { db } = access.ctx
  return {
    serviceAccounts: (await allServiceAccounts(db)).map(ruleOf),
    bindings: (await allBindings(db))
      .map(({ subject, role, repositories }) => ({ subject, role, repositories: [...repositories] }))
      .sort((one, other) => (nameKey(one) < nameKey(other) ? -1 : 1)),
    ...(await federationRules(db)),
    reviewPolicies: policy.reviewPolicies.map(reviewRulesOf),
  }
}

/**
 * Makes bindings, service accounts, issuers, trusts and review policies those of the rules, all or nothing: others are
 * deleted, accounts with their tokens. Resolves to what has changed; with `dryRun`, to what would. Throws `forbidden`
 * unless the actor may do everything, `invalid`, `not_found` for a user that is not known, and `conflict`.
 */
export async function replaceAccessRules(
  access: AccessControl,
  actor: Actor,
  rules: AccessRules,
  { dryRun }: { dryRun: boolean },
): Promise<AccessChange[]> {
  rules.serviceAccounts.forEach(checkAccount)
  rules.bindings.forEach(checkBinding)
  checkCount(rules.bindings)
  return access.change(
    async (transaction, policy) => {
      requireAll(policy, actor, grantsOfRole('admin', [], ''))
      const record = (event: AuditEvent) => audit(access.ctx, transaction, actor, event)
      const change = { transaction, actor, now: access.ctx.now(), record }
      return [
        ...(await replaceAccounts(change, rules.serviceAccounts)),
        ...(await replaceFederation(access, transaction, policy, actor, rules)),
        ...(await replaceBindings(change, rules.bindings)),
        ...(await replaceReviewPolicies(access, transaction, policy, actor, rules.reviewPolicies)),
      ]
    },
    { dryRun },
  )
}

type Change = {
  transaction: Transaction
  actor: Actor
  now: Date
  record: (event: AuditEvent) => Promise<void>
}

async function replaceAccounts(
  { transaction, actor, now, record }: Change,
  rules: readonly ServiceAccountRule[],
): Promise<AccessChange[]> {
  const left = new Map((await allServiceAccounts(transaction)).map((account) => [account.name, account]))
  const changes: AccessChange[] = []
  const named = new Set<string>()
  for (const rule of rules) {
    if (named.has(rule.name))
      throw new AppError('invalid', `the service account ${rule.name} stands there twice`)
    named.add(rule.name)
    const known = left.get(rule.name)
    left.delete(rule.name)
    const current = known ?? (await insertAccount(transaction, actor, rule, now))
    const change = known ? 'updated' : 'created'
    const changed = JSON.stringify(ruleOf(current)) !== JSON.stringify(rule)
    if (changed) await updatePrincipal(transaction, { ...rule, id: current.id }, now.toISOString())
    if (!changed && known) continue
    await record(serviceAccountEvent(`serviceaccount.${change}`, rule))
    changes.push({ change, serviceAccount: rule.name })
  }
  for (const account of left.values()) {
    await deletePrincipal(transaction, account.id)
    await record(serviceAccountEvent('serviceaccount.deleted', account))
    changes.push({ change: 'deleted', serviceAccount: account.name })
  }
  return changes
}

async function replaceBindings(
  { transaction, actor, now, record }: Change,
  rules: AccessRules['bindings'],
): Promise<AccessChange[]> {
  const left = new Map((await allBindings(transaction)).map((binding) => [bindingKey(binding), binding]))
  const changes: AccessChange[] = []
  const named = new Set<string>()
  for (const rule of rules) {
    const principalId = await principalIdOf(transaction, rule.subject)
    const key = bindingKey({ ...rule, principalId })
    if (named.has(key)) throw new AppError('invalid', `a binding of ${rule.role} stands there twice`)
    named.add(key)
    if (left.delete(key)) continue
    const stamp = { id: newId(now), createdBy: actor.name, createdAt: now.toISOString() }
    await insertBinding(transaction, { ...rule, ...stamp, principalId })
    await record(bindingEvent('binding.created', stamp.id, rule))
    changes.push({ change: 'created', binding: rule })
  }
  for (const { id, subject, role, repositories } of left.values()) {
    await deleteBinding(transaction, id)
    await record(bindingEvent('binding.deleted', id, { subject, role, repositories }))
    changes.push({ change: 'deleted', binding: { subject, role, repositories } })
  }
  return changes
}

async function insertAccount(
  transaction: Transaction,
  actor: Actor,
  { name, displayName, scope }: ServiceAccountRule,
  now: Date,
): Promise<Principal> {
  const account = await insertPrincipal(transaction, {
    id: newId(now),
    kind: 'serviceaccount',
    name,
    displayName,
    scope,
    ownerId: isPrincipal(actor) ? actor.principalId : undefined,
    createdBy: actor.name,
    createdAt: now.toISOString(),
  })
  await recordMaker(transaction, actor, { account_id: account.id })
  return account
}

function nameKey(binding: AccessRules['bindings'][number]): string {
  return bindingKey({ ...binding, principalId: undefined })
}

function checkAccount(rule: ServiceAccountRule): void {
  checkServiceAccount(rule)
  parsePattern(rule.scope)
}

function ruleOf({ name, displayName, scope = '*', disabled }: Principal): ServiceAccountRule {
  return { name, displayName, scope, disabled }
}

async function allServiceAccounts(db: Reader): Promise<Principal[]> {
  return listPrincipals(db, 'serviceaccount', { limit: Number.MAX_SAFE_INTEGER })
}
