/** Issuers of tokens outside: only admins of the server decide whom it believes, and asks for keys. */
import { X509Certificate } from 'node:crypto'
import { AppError } from '../../core/errors.ts'
import {
  deleteIssuer as deleteRow,
  findIssuerNamed,
  insertIssuer,
  listIssuers as listRows,
  replaceIssuer as replaceRow,
} from '../../database/access/issuers.ts'
import { deleteTokensOfIssuer } from '../../database/access/tokens.ts'
import { allTrusts } from '../../database/access/trusts.ts'
import type { Reader, Transaction } from '../../database/connection.ts'
import type { AuditEvent } from '../../domain/audit/entry.ts'
import {
  checkedIssuer,
  type Issuer,
  type IssuerContent,
  type NewIssuer,
} from '../../domain/federation/issuer.ts'
import { checkTrust } from '../../domain/federation/trust.ts'
import { literalAddress, rangeOf } from '../../oci/remote/addresses.ts'
import type { AccessControl } from '../access/access-control.ts'
import type { Actor } from '../access/actor.ts'
import { requirePermission } from '../access/require-permission.ts'
import { audit } from '../audit/record.ts'
import { checkPrecondition, type Precondition } from '../precondition.ts'
import { newId } from './new-id.ts'

/** The keys of each are kept in memory. */
const MOST = 100

/** Throws `invalid`, `forbidden`, `already_exists` and `conflict`. */
export async function createIssuer(access: AccessControl, actor: Actor, given: NewIssuer): Promise<Issuer> {
  const content = checkIssuer(given)
  return access.change(async (transaction, policy) => {
    requirePermission(policy, actor, 'server.admin', 'server')
    if (await findIssuerNamed(transaction, content.name)) {
      throw new AppError('already_exists', `the issuer ${content.name} exists already`)
    }
    return addIssuer(access, transaction, actor, content)
  })
}

/** Replaces all but the name. Tokens that were given for those of the issuer end. Throws `conflict` if a trust in it forbids that. */
export async function replaceIssuer(
  access: AccessControl,
  actor: Actor,
  given: NewIssuer,
  precondition: Precondition,
): Promise<Issuer> {
  const content = checkIssuer(given)
  return access.change(async (transaction, policy) => {
    requirePermission(policy, actor, 'server.admin', 'server')
    const current = await requireIssuer(transaction, content.name)
    checkPrecondition(current.name, current.resourceVersion, precondition)
    return putIssuer(access, transaction, actor, current, content)
  })
}

/** Deletes an issuer with the trusts in it. Tokens that were given by these end. */
export async function deleteIssuer(
  access: AccessControl,
  actor: Actor,
  name: string,
  precondition: Precondition,
): Promise<void> {
  await access.change(async (transaction, policy) => {
    requirePermission(policy, actor, 'server.admin', 'server')
    const current = await requireIssuer(transaction, name)
    checkPrecondition(name, current.resourceVersion, precondition)
    await removeIssuer(access, transaction, actor, current)
  })
}

/** Throws `not_found`. */
export async function requireIssuer(db: Reader, name: string): Promise<Issuer> {
  const issuer = await findIssuerNamed(db, name)
  if (issuer) return issuer
  throw new AppError('not_found', `there is no issuer ${name}: an admin of the server can create it`)
}

/** Throws `invalid`. */
export function checkIssuer(given: NewIssuer): IssuerContent {
  const content = checkedIssuer(given)
  const { caCertificate, internal, jwks } = content
  if (caCertificate !== undefined && !isCertificate(caCertificate)) {
    throw new AppError('invalid', 'caCertificate is no certificate in PEM')
  }
  for (const text of jwks ? [] : [content.issuer, content.jwksUri ?? content.issuer]) {
    // What names lead to is checked when the keys are fetched.
    const address = literalAddress(new URL(text))
    const range = address === undefined ? 'public' : rangeOf(address)
    if (range === 'never' || (range !== 'public' && !internal)) {
      throw new AppError(
        'invalid',
        `${text} is at an address from which the server does not fetch keys: ${range === 'never' ? 'send its keys as jwks' : 'set internal, or send its keys as jwks'}`,
      )
    }
  }
  return content
}

export async function addIssuer(
  { ctx }: AccessControl,
  transaction: Transaction,
  actor: Actor,
  content: IssuerContent,
): Promise<Issuer> {
  const now = ctx.now()
  if ((await listRows(transaction, { limit: MOST })).length === MOST) {
    throw new AppError('conflict', `there are ${MOST} issuers, which is the limit: delete one`)
  }
  const stamp = { id: newId(now), createdBy: actor.name, createdAt: now.toISOString() }
  const issuer = await insertIssuer(transaction, { ...content, ...stamp })
  await audit(ctx, transaction, actor, issuerEvent('issuer.created', issuer))
  return issuer
}

export async function putIssuer(
  { ctx }: AccessControl,
  transaction: Transaction,
  actor: Actor,
  { id }: Issuer,
  content: IssuerContent,
): Promise<Issuer> {
  for (const trust of await allTrusts(transaction, id)) checkTrust(trust, content.kind)
  await deleteTokensOfIssuer(transaction, id)
  const issuer = await replaceRow(transaction, id, content, ctx.now().toISOString())
  await audit(ctx, transaction, actor, issuerEvent('issuer.updated', issuer))
  return issuer
}

export async function removeIssuer(
  { ctx }: AccessControl,
  transaction: Transaction,
  actor: Actor,
  issuer: Issuer,
): Promise<void> {
  await deleteRow(transaction, issuer.id)
  await audit(ctx, transaction, actor, issuerEvent('issuer.deleted', issuer))
}

function issuerEvent(
  type: AuditEvent['type'],
  { id, name, issuer, kind, jwksUri, jwks }: Issuer,
): AuditEvent {
  const source = jwks ? 'jwks' : (jwksUri ?? 'discovery')
  return { type, target: { name }, details: { issuer: id, host: issuer, kind, source } }
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined
  } catch {
    return false
  }
}
