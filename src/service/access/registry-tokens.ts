/**
 * The short tokens that clients of the registry get for others. They are signed and not stored, but the credentials
 * behind them are looked up with each request, so that they end together.
 */
import { webcrypto } from 'node:crypto'
import * as errors from 'jose/errors'
import { SignJWT } from 'jose/jwt/sign'
import { jwtVerify } from 'jose/jwt/verify'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import type { AccessControl } from './access-control.ts'
import { type Actor, ANONYMOUS } from './actor.ts'
import { type Authentication, authenticateTokenId } from './authenticate.ts'
import { type GrantedActions, grantedActions, hasActions, type ResourceActions } from './registry-access.ts'
import type { RepositoryIds } from './repository-ids.ts'

/** The name of the registry in its tokens. */
export const REGISTRY_SERVICE = 'pkgserver'
/** In seconds. */
export const REGISTRY_TOKEN_LIFETIME = 300

const ISSUER = 'pkgserver'
const TYPE = 'pkgserver-registry+jwt'
const ALGORITHM = 'HS256'
/** Clocks of other processes may differ, in seconds. */
const TOLERANCE = 5
/** Bytes of verified tokens to remember: verifying takes longer than all else in the request. */
const REMEMBERED = 8 * 1024 * 1024

const claimsSchema = z.object({
  /** The id of the credentials with which it was given; undefined for an anonymous caller. */
  tid: z.string().optional(),
  exp: z.number(),
  access: z.array(
    z.object({
      type: z.string(),
      name: z.string(),
      actions: z.array(z.string()),
      id: z.string().optional(),
    }),
  ),
})

type Claims = z.infer<typeof claimsSchema>

type RegistryAuthentication =
  | { actor: Actor; tokenId: string | undefined; granted: readonly GrantedActions[] }
  | Extract<Authentication, { refused: string }>

export class RegistryTokens {
  readonly #access: AccessControl
  readonly #ids: RepositoryIds
  readonly #key: webcrypto.CryptoKey
  readonly #verified = new LRUCache<string, Claims>({
    maxSize: REMEMBERED,
    sizeCalculation: (_, text) => text.length,
  })

  private constructor(access: AccessControl, ids: RepositoryIds, key: webcrypto.CryptoKey) {
    this.#access = access
    this.#ids = ids
    this.#key = key
  }

  static async open(access: AccessControl, ids: RepositoryIds, secret: Buffer): Promise<RegistryTokens> {
    const algorithm = { name: 'HMAC', hash: 'SHA-256' }
    const bytes = new Uint8Array(secret)
    const key = await webcrypto.subtle.importKey('raw', bytes, algorithm, false, ['sign', 'verify'])
    return new RegistryTokens(access, ids, key)
  }

  /** Issues a token for what is both wanted and allowed. `tokenId`: the id of the caller's credentials. */
  async issue(
    { actor, tokenId }: { actor: Actor; tokenId: string | undefined },
    wanted: readonly ResourceActions[],
  ): Promise<{ text: string; granted: GrantedActions[]; issuedAt: Date }> {
    const granted = await grantedActions(await this.#access.policy(), actor, this.#ids, wanted)
    const issuedAt = this.#access.ctx.now()
    const seconds = Math.floor(issuedAt.getTime() / 1000)
    const text = await new SignJWT({ ...(tokenId !== undefined && { tid: tokenId }), access: granted })
      .setProtectedHeader({ alg: ALGORITHM, typ: TYPE })
      .setIssuer(ISSUER)
      .setAudience(REGISTRY_SERVICE)
      .setSubject('principalId' in actor ? actor.principalId : '')
      .setJti(webcrypto.randomUUID())
      .setIssuedAt(seconds)
      .setNotBefore(seconds)
      .setExpirationTime(seconds + REGISTRY_TOKEN_LIFETIME)
      .sign(this.#key)
    return { text, granted, issuedAt }
  }

  /** Finds out who presents a token, as of now, and what it was given for. */
  async authenticate(text: string, address: string | undefined): Promise<RegistryAuthentication> {
    const claims = await this.#verify(text)
    if ('refused' in claims) return claims
    if (claims.tid === undefined) return { actor: ANONYMOUS, tokenId: undefined, granted: claims.access }
    const found = await authenticateTokenId(this.#access, claims.tid, address)
    return 'refused' in found ? found : { ...found, granted: claims.access }
  }

  /** Whether a token that was given for `granted` can be used for an operation. */
  permits(granted: readonly GrantedActions[], needed: ResourceActions): Promise<boolean> {
    return hasActions(granted, this.#ids, needed)
  }

  async #verify(text: string): Promise<Claims | { refused: 'unknown' | 'expired' }> {
    const now = this.#access.ctx.now()
    const known = this.#verified.get(text)
    if (known) return known.exp + TOLERANCE > now.getTime() / 1000 ? known : { refused: 'expired' }
    try {
      const { payload } = await jwtVerify(text, this.#key, {
        algorithms: [ALGORITHM],
        typ: TYPE,
        issuer: ISSUER,
        audience: REGISTRY_SERVICE,
        requiredClaims: ['sub', 'jti', 'iat', 'nbf', 'exp'],
        maxTokenAge: REGISTRY_TOKEN_LIFETIME,
        clockTolerance: TOLERANCE,
        currentDate: now,
      })
      const claims = claimsSchema.parse(payload)
      this.#verified.set(text, claims)
      return claims
    } catch (error) {
      if (error instanceof errors.JWTExpired) return { refused: 'expired' }
      if (error instanceof errors.JOSEError || error instanceof z.ZodError) return { refused: 'unknown' }
      throw error
    }
  }
}
