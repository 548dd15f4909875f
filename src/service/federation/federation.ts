/** Gives tokens of ours for those of issuers outside, by the trusts of service accounts. */
import { AppError } from '../../core/errors.ts'
import { sha256 } from '../../core/sha256.ts'
import { findIssuer } from '../../database/access/issuers.ts'
import { findPresented, notePresented } from '../../database/access/presented-tokens.ts'
import { findTrust } from '../../database/access/trusts.ts'
import type { Transaction } from '../../database/connection.ts'
import { type Permission, withRead } from '../../domain/access/permission.ts'
import { actorName } from '../../domain/access/principal.ts'
import { limitsOf } from '../../domain/access/token.ts'
import type { AccessControl } from '../access/access-control.ts'
import { ANONYMOUS, isPrincipal, type PrincipalActor } from '../access/actor.ts'
import { type Authentication, authenticateTokenId } from '../access/authenticate.ts'
import { type IssuedToken, issueToken } from '../accounts/issue-token.ts'
import { audit, auditRefusal } from '../audit/record.ts'
import { type Admitted, admit, type NotAdmitted, type Presentation } from './admit.ts'
import type { KeySets } from './key-sets.ts'
import { MAX_AGE, TOLERANCE } from './verify-token.ts'

/** Milliseconds. */
const LIFETIME = 15 * 60_000
/** Clients of the registry take no token that ends sooner. */
const MIN_LIFETIME = 60_000

/** An `exchange` is possible once for each token; a `password` is sent again for each token of the registry. */
type Use = 'exchange' | 'password'

type Refusal = { refused: string }

const USED = 'it was presented before: get another one'
const CHANGED = 'the trust or its issuer has just been changed: try again'

export class Federation {
  readonly #access: AccessControl
  readonly #keys: KeySets

  constructor(access: AccessControl, keys: KeySets) {
    this.#access = access
    this.#keys = keys
  }

  /** Exchanges a token. `scope`: the permissions that are wanted; undefined for all that the trust gives. */
  async exchange(
    presented: Presentation,
    scope: readonly Permission[] | undefined,
  ): Promise<IssuedToken | Refusal> {
    const admitted = await admit(this.#access, this.#keys, presented)
    if ('reason' in admitted) return this.#refuse(presented, 'exchange', admitted)
    const issued = await this.#issue(admitted, 'exchange', scope)
    return 'refused' in issued
      ? this.#refuse(presented, 'exchange', { reason: issued.refused, known: admitted })
      : issued
  }

  /**
   * Finds out who presents a token as the password of a service account. The first time gives a token of ours, for which
   * it stands from then on.
   */
  async authenticate(presented: Presentation, address: string | undefined): Promise<Authentication> {
    const admitted = await admit(this.#access, this.#keys, presented)
    if ('reason' in admitted) return this.#untrusted(presented, admitted)
    const { db } = this.#access.ctx
    const which = { issuerId: admitted.issuer.id, key: keyOf(admitted) }
    let known = await findPresented(db, which)
    if (!known) {
      const issued = await this.#issue(admitted, 'password')
      // Parallel requests with the same one: the first has won.
      known = await findPresented(db, which)
      if ('refused' in issued && !known) {
        return this.#untrusted(presented, { reason: issued.refused, known: admitted })
      }
    }
    const used = { reason: USED, known: admitted }
    if (known?.tokenId === undefined || known.digest !== admitted.digest)
      return this.#untrusted(presented, used)
    const found = await authenticateTokenId(this.#access, known.tokenId, address)
    if ('refused' in found) return found
    const isOwn = isPrincipal(found.actor) && found.actor.principalId === admitted.account.id
    return isOwn ? found : this.#untrusted(presented, used)
  }

  async #issue(
    admitted: Admitted,
    use: Use,
    scope?: readonly Permission[] | undefined,
  ): Promise<IssuedToken | Refusal> {
    const given = admitted.trust.permissions
    const permissions = scope ? withRead(given.filter((each) => scope.includes(each))) : [...given]
    if (permissions.length === 0) return { refused: 'the trust gives none of the permissions of the scope' }
    try {
      return await this.#access.ctx.commits.run((transaction) =>
        this.#issueIn(transaction, admitted, use, permissions),
      )
    } catch (error) {
      if (error instanceof AppError && error.code === 'conflict') return { refused: error.message }
      throw error
    }
  }

  async #issueIn(
    transaction: Transaction,
    admitted: Admitted,
    use: Use,
    permissions: Permission[],
  ): Promise<IssuedToken> {
    const { ctx } = this.#access
    const { account, issuer, trust, verified, digest } = admitted
    const now = ctx.now()
    // They may have changed since the token was verified with them.
    const current = await findIssuer(transaction, issuer.id)
    const holds = current?.resourceVersion === issuer.resourceVersion
    if (!holds || !(await findTrust(transaction, trust.id))) throw new AppError('conflict', CHANGED)
    const name = actorName(account)
    const actor: PrincipalActor = {
      kind: 'serviceaccount',
      name,
      principalId: account.id,
      groups: [],
      token: undefined,
    }
    const content = {
      kind: 'serviceaccount',
      principalId: account.id,
      name: `given for a token of ${issuer.name}`,
      permissions,
      repositories: trust.repositories,
      expiresAt: expiryOf(verified.expiresAt, now),
      trustId: trust.id,
      identity: { issuer: issuer.name, subject: verified.subject, jti: verified.jti },
    } as const
    const presented = { issuerId: issuer.id, key: keyOf(admitted), digest }
    if (await findPresented(transaction, presented)) throw new AppError('conflict', USED)
    // Reviews count who made the trust as a person behind the account: it could send any job.
    const issued = await issueToken(transaction, { name: trust.createdBy }, content, now)
    const { id, kind, expiresAt, identity } = issued.token
    const tokenId = use === 'password' ? id : undefined
    const until = { now: now.toISOString(), expiresAt: presentableUntil(admitted) }
    if (!(await notePresented(transaction, { ...presented, tokenId }, until)))
      throw new AppError('conflict', USED)
    const token = { id, kind, expiresAt, identity, ...limitsOf(issued.token) }
    await audit(
      ctx,
      transaction,
      { ...actor, token },
      {
        type: 'token.exchanged',
        target: { name: account.name },
        details: { kind: use, issuer: issuer.id, trust: trust.id },
      },
    )
    return issued
  }

  async #untrusted(presented: Presentation, why: NotAdmitted): Promise<Authentication> {
    const { refused } = await this.#refuse(presented, 'password', why)
    return { refused: 'untrusted', reason: refused }
  }

  async #refuse(
    { account }: Presentation,
    use: Use,
    { reason, detail, known }: NotAdmitted,
  ): Promise<Refusal> {
    const via = known && {
      kind: 'federated' as const,
      issuer: known.issuer.name,
      subject: known.verified.subject,
      jti: known.verified.jti,
    }
    const { ctx, options } = this.#access
    await auditRefusal(
      ctx,
      { ...ANONYMOUS, ...(via && { via }) },
      {
        type: 'token.exchanged',
        code: 'unauthenticated',
        target: { name: account },
        reason: detail ?? reason,
        details: { kind: use, issuer: known?.issuer.id },
      },
    ).catch(options.report)
    return { refused: reason }
  }
}

/** Equal for tokens of which one was accepted already. */
function keyOf({ verified: { jti }, digest }: Admitted): string {
  return sha256(jti === undefined ? `token ${digest}` : `jti ${jti}`)
}

function expiryOf(subjectExpires: number, now: Date): string {
  const lifetime = subjectExpires * 1000 - now.getTime()
  return new Date(now.getTime() + Math.min(LIFETIME, Math.max(MIN_LIFETIME, lifetime))).toISOString()
}

/** When a token would be refused anyway, as too old. */
function presentableUntil({ verified: { expiresAt, issuedAt } }: Admitted): string {
  return new Date((Math.min(expiresAt, issuedAt + MAX_AGE) + 2 * TOLERANCE) * 1000).toISOString()
}
