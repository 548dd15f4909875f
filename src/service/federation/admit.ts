/** Finds the trust that lets the bearer of a token in. */
import { AppError } from '../../core/errors.ts'
import { findIssuer } from '../../database/access/issuers.ts'
import { findPrincipalNamed } from '../../database/access/principals.ts'
import { listTrusts } from '../../database/access/trusts.ts'
import { limited } from '../../domain/access/grant.ts'
import type { Permission } from '../../domain/access/permission.ts'
import type { Principal } from '../../domain/access/principal.ts'
import { limitsOf } from '../../domain/access/token.ts'
import type { Issuer } from '../../domain/federation/issuer.ts'
import { type Trust, trustRefusal } from '../../domain/federation/trust.ts'
import type { AccessControl } from '../access/access-control.ts'
import { grantsOfPrincipal, type Policy } from '../access/policy.ts'
import type { KeySets } from './key-sets.ts'
import { readToken, type VerifiedToken, verifyToken } from './verify-token.ts'

export type Presentation = {
  /** The name of a service account. */
  account: string
  /** The text of the token. */
  token: string
  /** The audience that trusts have without naming any. */
  audience: string
}

export type Admitted = {
  account: Principal
  trust: Trust
  issuer: Issuer
  verified: VerifiedToken
  digest: string
}

/** `reason`: for the caller. `detail`: for those who may know of the trusts. */
export type NotAdmitted = {
  reason: string
  detail?: string
  /** Set for a token that is one of the issuer. */
  known?: Pick<Admitted, 'issuer' | 'verified'>
}

const NO_TRUST =
  'no trust of this service account lets its bearer in: the issuer and its signature, the audience and all claims must be those of a trust'

/**
 * Only issuers that the account trusts are asked for keys, and a token that one of them has verified is tried with no
 * other: several may have the same text as their name, and are told apart by their keys. Throws `unavailable`.
 */
export async function admit(
  access: AccessControl,
  keys: KeySets,
  { account: name, token, audience }: Presentation,
): Promise<Admitted | NotAdmitted> {
  const { db, now } = access.ctx
  const read = readToken(token, now())
  if ('refused' in read) return { reason: read.refused }
  const account = await findPrincipalNamed(db, 'serviceaccount', name)
  if (!account || account.disabled) return { reason: NO_TRUST, detail: 'there is no such account' }
  const trusts = await listTrusts(db, account.id, { limit: Number.MAX_SAFE_INTEGER })
  let refusal: NotAdmitted = { reason: NO_TRUST, detail: 'no trust is in its issuer' }
  let failure: unknown
  for (const issuerId of new Set(trusts.map((trust) => trust.issuerId))) {
    const issuer = await findIssuer(db, issuerId)
    if (issuer?.issuer !== read.issuer) continue
    const verified = await verifyToken(read, keys.of(issuer), now()).catch((error) => {
      failure = error
      access.options.report(error)
    })
    if (!verified) continue
    if ('refused' in verified) refusal = { reason: NO_TRUST, detail: verified.refused }
    else {
      const found = { account, issuer, verified, digest: read.digest }
      const inIssuer = trusts.filter((trust) => trust.issuerId === issuerId)
      return amongTrusts(await access.policy(), inIssuer, found, audience)
    }
  }
  if (failure === undefined) return refusal
  throw new AppError('unavailable', 'the keys of its issuer cannot be fetched: try again', { cause: failure })
}

function amongTrusts(
  policy: Policy,
  trusts: readonly Trust[],
  found: Omit<Admitted, 'trust'>,
  audience: string,
): Admitted | NotAdmitted {
  const { account, issuer, verified } = found
  const details = new Set<string>()
  for (const trust of trusts) {
    const permissions = rightsBy(policy, account, trust)
    const refusal = trustRefusal(trust, issuer.kind, { claims: verified.claims, audience, permissions })
    if (refusal === undefined) return { ...found, trust }
    details.add(refusal)
  }
  return { reason: NO_TRUST, detail: [...details].join('; '), known: { issuer, verified } }
}

/** All permissions that a token by a trust would have somewhere. */
function rightsBy(policy: Policy, account: Principal, trust: Trust): ReadonlySet<Permission> {
  const grants = limited(grantsOfPrincipal(policy, account.id), limitsOf(trust))
  return new Set(grants.flatMap(({ permissions }) => [...permissions]))
}
