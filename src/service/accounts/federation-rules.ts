/** The issuers and trusts of the rules of access. */
import { AppError } from '../../core/errors.ts'
import { findIssuer, listIssuers } from '../../database/access/issuers.ts'
import { findPrincipal, findPrincipalNamed } from '../../database/access/principals.ts'
import { allTrusts } from '../../database/access/trusts.ts'
import type { Reader, Transaction } from '../../database/connection.ts'
import type { AccessChange, AccessRules, IssuerRule, TrustRule } from '../../domain/access/access-rules.ts'
import type { Principal } from '../../domain/access/principal.ts'
import type { Issuer, IssuerContent } from '../../domain/federation/issuer.ts'
import type { Trust, TrustContent } from '../../domain/federation/trust.ts'
import type { AccessControl } from '../access/access-control.ts'
import type { Actor } from '../access/actor.ts'
import type { Policy } from '../access/policy.ts'
import { addIssuer, checkIssuer, putIssuer, removeIssuer, requireIssuer } from './change-issuers.ts'
import { addTrust, removeTrust, trustContent } from './change-trusts.ts'
import { requireTrustMaker } from './token-rights.ts'

type Rules = Pick<AccessRules, 'issuers' | 'trusts'>

type StoredTrust = { trust: Trust; account: Principal; rule: TrustRule }

/** Resolves to all issuers and trusts, in an order that only they decide. */
export async function federationRules(db: Reader): Promise<Rules> {
  const trusts = (await storedTrusts(db)).map(({ rule }) => rule)
  return {
    issuers: (await allIssuers(db)).map(issuerRule),
    trusts: trusts.sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1)),
  }
}

/** Makes the issuers and trusts those of the rules. Their service accounts exist already. Resolves to what has changed. */
export async function replaceFederation(
  access: AccessControl,
  transaction: Transaction,
  policy: Policy,
  actor: Actor,
  rules: Rules,
): Promise<AccessChange[]> {
  const issuers = uniqueBy(rules.issuers.map(checkIssuer), ({ name }) => name)
  const contents = rules.trusts.map((rule) => ({ rule, content: trustContent(rule) }))
  const trusts = uniqueBy(contents, ({ rule, content }) => keyOf(trustRule(rule, content)))
  const missing = rules.trusts.find(({ issuer }) => !issuers.has(issuer))
  if (missing) throw new AppError('not_found', `there is no issuer ${missing.issuer}: add it to the issuers`)
  const changes: AccessChange[] = []
  // First, as the kind that an issuer becomes may forbid them.
  for (const { trust, account, rule } of await storedTrusts(transaction)) {
    if (trusts.delete(keyOf(rule))) continue
    await removeTrust(access, transaction, actor, { account, trust })
    changes.push(trustChange('deleted', rule))
  }
  const left = new Map((await allIssuers(transaction)).map((issuer) => [issuer.name, issuer]))
  for (const [name, content] of issuers) {
    const known = left.get(name)
    left.delete(name)
    if (known && sameIssuer(known, content)) continue
    if (known) await putIssuer(access, transaction, policy, actor, known, content)
    else await addIssuer(access, transaction, actor, content)
    changes.push({ change: known ? 'updated' : 'created', issuer: name })
  }
  for (const issuer of left.values()) {
    await removeIssuer(access, transaction, actor, issuer)
    changes.push({ change: 'deleted', issuer: issuer.name })
  }
  for (const { rule, content } of trusts.values()) {
    const issuer = await requireIssuer(transaction, rule.issuer)
    const account = await findPrincipalNamed(transaction, 'serviceaccount', rule.serviceAccount)
    if (!account)
      throw new AppError('not_found', `there is no service account ${rule.serviceAccount}: create it first`)
    requireTrustMaker(policy, actor, account, content)
    await addTrust(access, transaction, actor, { account, issuer, content })
    changes.push(trustChange('created', rule))
  }
  return changes
}

/** Throws `invalid` for what stands there twice. */
function uniqueBy<Item>(items: readonly Item[], keyOfItem: (item: Item) => string): Map<string, Item> {
  const found = new Map(items.map((item) => [keyOfItem(item), item]))
  if (found.size === items.length) return found
  throw new AppError('invalid', 'an issuer or a trust stands there twice: leave one out')
}

async function storedTrusts(db: Reader): Promise<StoredTrust[]> {
  const found: StoredTrust[] = []
  for (const trust of await allTrusts(db)) {
    const account = await findPrincipal(db, trust.principalId)
    const issuer = await findIssuer(db, trust.issuerId)
    if (!account || !issuer) continue
    const rule = trustRule({ serviceAccount: account.name, issuer: issuer.name }, trust)
    found.push({ trust, account, rule })
  }
  return found
}

/** Sorted, so that the order in a file does not matter. */
function trustRule(
  { serviceAccount, issuer }: Pick<TrustRule, 'serviceAccount' | 'issuer'>,
  { audiences, claims, permissions, repositories }: TrustContent,
): TrustRule {
  const sorted = <Item extends string>(items: readonly Item[]) => [...new Set(items)].sort()
  return {
    serviceAccount,
    issuer,
    audiences: sorted(audiences),
    claims: Object.fromEntries(sorted(Object.keys(claims)).map((path) => [path, sorted(claims[path] ?? [])])),
    permissions: sorted(permissions),
    repositories: sorted(repositories),
  }
}

function keyOf(rule: TrustRule): string {
  return JSON.stringify(rule)
}

function trustChange(change: 'created' | 'deleted', rule: TrustRule): AccessChange {
  const { serviceAccount, issuer, claims } = rule
  return { change, trust: { serviceAccount, issuer, claims } }
}

function issuerRule({
  name,
  issuer,
  kind,
  jwksUri,
  jwks,
  caCertificate,
  internal,
}: IssuerContent): IssuerRule {
  return {
    name,
    issuer,
    kind,
    ...(jwksUri !== undefined && { jwksUri }),
    ...(jwks && { jwks: { keys: [...jwks.keys] } }),
    ...(caCertificate !== undefined && { caCertificate }),
    internal,
  }
}

function sameIssuer(one: IssuerContent, other: IssuerContent): boolean {
  return JSON.stringify(issuerRule(one)) === JSON.stringify(issuerRule(other))
}

async function allIssuers(db: Reader): Promise<Issuer[]> {
  return listIssuers(db, { limit: Number.MAX_SAFE_INTEGER })
}
