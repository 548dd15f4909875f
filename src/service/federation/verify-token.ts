/** Verifies tokens of issuers outside: https://www.rfc-editor.org/rfc/rfc8725 */
import * as errors from 'jose/errors'
import { type JWTVerifyGetKey, jwtVerify } from 'jose/jwt/verify'
import { z } from 'zod'
import { hasDuplicateNames } from '../../core/duplicate-names.ts'
import { AppError } from '../../core/errors.ts'
import { sha256 } from '../../core/sha256.ts'
import type { Claims } from '../../domain/federation/claims.ts'

/** Each with a private key that only the issuer has. */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]
const MAX_LENGTH = 8192
/** Seconds by which the clock of an issuer may differ. */
export const TOLERANCE = 30
/** Seconds after which a token is too old to be presented. */
export const MAX_AGE = 600
/** Parameters by which a token would choose its key. */
const OWN_KEYS = ['jku', 'jwk', 'x5u', 'x5c']

/** `typ`: tokens of other kinds, such as our own for the registry, have another one. */
const headerSchema = z.looseObject({
  alg: z.enum(ALGORITHMS),
  kid: z.string().optional(),
  typ: z.string().regex(/^jwt$/i).optional(),
})

/** A token as it is presented, of which nothing is verified yet. */
export type UnverifiedToken = {
  text: string
  issuer: string
  /** SHA-256 of the signed part: some signatures can be written in several ways. */
  digest: string
}

export type VerifiedToken = {
  claims: Claims
  subject: string
  jti: string | undefined
  /** Seconds since 1970. */
  issuedAt: number
  expiresAt: number
}

export type Unverifiable = { refused: string }

const claimsSchema = z.looseObject({
  sub: z.string().min(1).max(1000),
  jti: z.string().min(1).max(1000).optional(),
  iat: z.number(),
  exp: z.number(),
})

/** Whether a text has the form of a token of an issuer outside. */
export function isJwt(text: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(text)
}

/**
 * Reads what tells by which issuer a token has to be verified. What would be wrong for any account is a
 * refusal here, so that it says nothing of accounts and trusts.
 */
export function readToken(text: string, now: Date): UnverifiedToken | Unverifiable {
  if (text.length > MAX_LENGTH) return { refused: `it has more than ${MAX_LENGTH} characters` }
  if (!isJwt(text)) return { refused: 'it is no JSON Web Token' }
  const [header, claims] = text.split('.').slice(0, 2).map(jsonIn)
  if (!header || !claims) return { refused: 'it is no JSON, or has a name twice' }
  if (OWN_KEYS.some((name) => Object.hasOwn(header, name))) {
    return { refused: 'its header names a key, which only the issuer can' }
  }
  if (!headerSchema.safeParse(header).success)
    return { refused: 'its algorithm or type is not accepted here' }
  const { iss } = claims
  if (typeof iss !== 'string') return { refused: 'it names no issuer' }
  const found = claimsSchema.safeParse(claims)
  if (!found.success) return { refused: 'its claims sub, iat or exp are missing or wrong' }
  const latest = now.getTime() / 1000 - TOLERANCE
  if (found.data.exp <= latest) return { refused: 'it has expired' }
  if (found.data.iat < latest - MAX_AGE)
    return { refused: `it was issued more than ${MAX_AGE / 60} minutes ago` }
  return { text, issuer: iss, digest: sha256(text.slice(0, text.lastIndexOf('.'))) }
}

/** Verifies a token with the keys of its issuer. Throws `unavailable` where these cannot be fetched. */
export async function verifyToken(
  { text, issuer }: UnverifiedToken,
  keys: JWTVerifyGetKey,
  now: Date,
): Promise<VerifiedToken | Unverifiable> {
  try {
    const { payload } = await jwtVerify(text, keys, {
      algorithms: ALGORITHMS,
      issuer,
      requiredClaims: ['sub', 'aud', 'iat', 'exp'],
      maxTokenAge: MAX_AGE,
      clockTolerance: TOLERANCE,
      currentDate: now,
    })
    const found = claimsSchema.safeParse(payload)
    if (!found.success) return { refused: 'its claims have the wrong types' }
    const { sub, jti, iat, exp } = found.data
    return { claims: payload, subject: sub, jti, issuedAt: iat, expiresAt: exp }
  } catch (error) {
    if (error instanceof AppError) throw error
    return { refused: reasonOf(error) }
  }
}

/** All others, such as those of keys that cannot be used, are refusals too. */
function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'it has expired'
  if (error instanceof errors.JWTClaimValidationFailed) return `its claim ${error.claim} is missing or wrong`
  if (error instanceof errors.JWKSNoMatchingKey) return 'its key is not one of the issuer'
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature is wrong'
  return 'it cannot be verified'
}

function jsonIn(part: string): Claims | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(part, 'base64url'))
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject && !hasDuplicateNames(text) ? (value as Claims) : undefined
  } catch {
    return undefined
  }
}
