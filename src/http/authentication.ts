/** Finds out who sends each request. */
import type { Context, MiddlewareHandler } from 'hono'
import { currentClient } from '../core/client.ts'
import { AppError } from '../core/errors.ts'
import { routed } from '../core/origin.ts'
import type { AccessControl } from '../service/access/access-control.ts'
import { type Actor, ANONYMOUS, type PrincipalActor } from '../service/access/actor.ts'
import {
  type Authentication,
  authenticateSession,
  authenticateToken,
} from '../service/access/authenticate.ts'
import type { GrantedActions, ResourceActions } from '../service/access/registry-access.ts'
import type { RegistryTokens } from '../service/access/registry-tokens.ts'
import type { Federation } from '../service/federation/federation.ts'
import { isJwt } from '../service/federation/verify-token.ts'
import { SAFE_METHODS } from './browser-safety.ts'
import { isRegistry, ownAudience, TOKEN_PATH, type TokenService } from './challenge.ts'
import { parseAuthorization } from './credentials.ts'
import type { FailureLimit } from './failure-limit.ts'
import { registryScope } from './registry-scope.ts'
import { SessionCookies } from './session-cookie.ts'

export type Caller = {
  actor: Actor
  /** The id of the token that was presented, or for which a registry token was given. */
  tokenId: string | undefined
  /** What a registry token was given for, which is all that it can be used for; undefined without one. */
  granted?: readonly GrantedActions[]
  /** Whether every caller may do everything, so that no credentials are asked for or looked at. */
  open: boolean
}

declare module 'hono' {
  interface ContextVariableMap {
    caller: Caller | undefined
    /** What is wrong with the session that the browser has. */
    sessionFault: AppError | undefined
    /** Whether the registry token of the caller was given for something. */
    withinToken: ((needed: ResourceActions) => Promise<boolean>) | undefined
  }
}

export type Authenticator = {
  access: AccessControl
  registryTokens: RegistryTokens
  failures: FailureLimit
  federation: Federation
  /** Called before a refusal of credentials is answered. `tokenId`: of a token that was valid once. */
  onRefused: (refused: { reason: string; tokenId: string | undefined }) => Promise<void>
  /** Called with each use of a session. */
  onSessionUse?: ((session: NonNullable<PrincipalActor['session']>) => void) | undefined
}

const PROBES = ['/healthz', '/readyz']

const NO_ONE: Caller = { actor: ANONYMOUS, tokenId: undefined, open: false }
const EVERYONE: Caller = { ...NO_ONE, open: true }

const REFUSALS: Record<Extract<Authentication, { refused: string }>['refused'], string> = {
  malformed:
    'these are no credentials of this server: send a token as a bearer token, or as a password with any user name',
  unknown: 'the token is not valid: it may have been deleted, or mistyped',
  revoked: 'the token was revoked: create another one',
  expired: 'the token has expired: create another one',
  disabled: 'the account is disabled: ask an administrator to enable it',
  untrusted: 'the token of the issuer is not accepted',
}

/** The same for the audit log. */
const REASONS: Omit<typeof REFUSALS, 'untrusted'> = {
  malformed: 'credentials of no known form',
  unknown: 'an unknown token',
  revoked: 'the token was revoked',
  expired: 'the token has expired',
  disabled: 'the account is disabled',
}

/** Throws `unauthenticated` for credentials that are not valid: they are never taken for those of an anonymous caller. */
export function authentication(authenticator: Authenticator, service: TokenService): MiddlewareHandler {
  const cookies = new SessionCookies(service.publicUrl)
  return async function authentication(c, next) {
    c.set('tokenService', service)
    // They tell whether the index can be read, without which there are no callers.
    if (!PROBES.includes(c.req.path)) c.set('caller', await callerOf(c, authenticator, cookies))
    return next()
  }
}

async function callerOf(c: Context, authenticator: Authenticator, cookies: SessionCookies): Promise<Caller> {
  if ((await authenticator.access.policy()).open) return EVERYONE
  const credentials = parseAuthorization(c.req.header('Authorization'))
  if (credentials.kind === 'none') return callerWithSession(c, authenticator, cookies)
  if (credentials.kind === 'bearer') c.set('tokenFault', 'invalid_token')
  if (credentials.kind === 'unknown') throw await refusal(authenticator, { refused: 'malformed' })
  const isRegistryToken = credentials.kind === 'bearer' && credentials.secret.includes('.')
  const caller =
    isRegistryToken && isRegistry(c)
      ? await callerWithRegistryToken(authenticator, credentials.secret, c.get('clientAddress'))
      : await authenticated(c, authenticator, credentials.secret, userOf(c, credentials))
  const { actor } = caller
  // What a client of the registry keeps is good for nothing else.
  if ('token' in actor && actor.token?.kind === 'registry' && !caller.granted && c.req.path !== TOKEN_PATH) {
    throw await refusal(authenticator, { refused: 'malformed', tokenId: actor.token.id })
  }
  c.set('tokenFault', undefined)
  return caller
}

/**
 * A session is for everything but the registry, whose clients send tokens. One that has ended is refused where the caller
 * matters, and not where a person logs in again.
 */
async function callerWithSession(
  c: Context,
  { access, onSessionUse }: Authenticator,
  cookies: SessionCookies,
): Promise<Caller> {
  if (isRegistry(c) || c.req.path === TOKEN_PATH) return NO_ONE
  const text = cookies.read(c, 'session')
  if (text === undefined) return NO_ONE
  if (!SAFE_METHODS.includes(c.req.method) && !cookies.isOwnPage(c)) {
    throw new AppError(
      'forbidden',
      'with a session, changes come from pages of this site, as the header Origin or Sec-Fetch-Site shows: programs use a token',
    )
  }
  const found = await authenticateSession(access, text)
  if ('refused' in found) {
    const ended = 'the session has ended: log in again'
    const message = found.refused === 'disabled' ? REFUSALS.disabled : ended
    c.set('sessionFault', new AppError('unauthenticated', message))
    return NO_ONE
  }
  const { actor } = found
  if (actor.session) onSessionUse?.(actor.session)
  // It is made for this caller, though no cache sees credentials.
  c.header('Cache-Control', 'private')
  return { actor, tokenId: undefined, open: false }
}

/** Tokens of issuers outside are passwords of the token service alone, which gives one that can be revoked for them. */
function userOf(c: Context, credentials: ReturnType<typeof parseAuthorization>): string | undefined {
  return credentials.kind === 'basic' && c.req.path === TOKEN_PATH ? credentials.user : undefined
}

/**
 * Throws `unauthenticated`, or `throttled` after too many failures. `user`: the name of a service account, whose password
 * may be a token of an issuer outside; undefined where none may be.
 */
export async function authenticated(
  c: Context,
  authenticator: Authenticator,
  secret: string,
  user: string | undefined,
): Promise<Caller> {
  const { access, federation } = authenticator
  const address = c.get('clientAddress')
  const isFederated = user !== undefined && isJwt(secret)
  if (isFederated) routed(TOKEN_PATH)
  const found = isFederated
    ? await federation.authenticate({ account: user, token: secret, audience: ownAudience(c) }, address)
    : await authenticateToken(access, secret, address)
  if ('refused' in found) throw await refusal(authenticator, found)
  return { actor: found.actor, tokenId: found.tokenId, open: false }
}

async function callerWithRegistryToken(
  authenticator: Authenticator,
  text: string,
  address: string | undefined,
): Promise<Caller> {
  const found = await authenticator.registryTokens.authenticate(text, address)
  if ('refused' in found) throw await refusal(authenticator, found)
  return { ...found, tokenId: found.tokenId, open: false }
}

async function refusal(
  { failures, onRefused }: Authenticator,
  refused: Extract<Authentication, { refused: string }>,
): Promise<AppError> {
  const { refused: why, tokenId } = refused
  // Clients find out by a refusal that a registry token has expired, which has no id here.
  if (why !== 'expired' || tokenId !== undefined) {
    failures.count(currentClient(), tokenId)
    // What is wrong with the token of an issuer is recorded where that is found out.
    if (why !== 'untrusted') await onRefused({ reason: REASONS[why], tokenId })
  }
  const text = REFUSALS[why]
  return new AppError('unauthenticated', why === 'untrusted' ? `${text}: ${refused.reason}` : text)
}

/**
 * Lets a registry token be used for what it was given for only, and asks for one where clients decide by the answer
 * whether they ever send credentials.
 */
export function registryAuthentication({ registryTokens }: Authenticator): MiddlewareHandler {
  return async function registryAuthentication(c, next) {
    const caller = c.get('caller')
    if (!caller || caller.open) return next()
    const needed = registryScope(c)?.needed
    const { granted } = caller
    const decides = needed?.type !== 'repository'
    if (decides && caller === NO_ONE) throw new AppError('unauthenticated', 'the registry needs a token')
    if (!granted) return next()
    const within = (more: ResourceActions) => registryTokens.permits(granted, more)
    c.set('withinToken', within)
    if (needed && !(await within(needed))) {
      c.set('tokenFault', 'insufficient_scope')
      throw new AppError('unauthenticated', 'the registry token was given for less: get another one')
    }
    return next()
  }
}
