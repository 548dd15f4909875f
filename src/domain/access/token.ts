/** Tokens of principals, without their secrets. */
import { AppError } from '../../core/errors.ts'
import type { TokenLimits } from './grant.ts'
import { covers, parsePattern } from './pattern.ts'
import { isPermission, type Permission } from './permission.ts'

/** Each kind with the letter that its texts have. */
export const TOKEN_LETTERS = {
  personal: 'p',
  serviceaccount: 's',
  registry: 'r',
  device: 'd',
  bootstrap: 'b',
} as const

export type TokenKind = keyof typeof TOKEN_LETTERS

export type Token = {
  id: string
  kind: TokenKind
  principalId: string
  name: string
  permissions: readonly Permission[]
  /** Patterns. */
  repositories: readonly string[]
  createdBy: string
  createdAt: string
  /** Undefined: it does not expire. */
  expiresAt: string | undefined
  lastUsedAt: string | undefined
  lastUsedAddress: string | undefined
  revokedAt: string | undefined
  revokedBy: string | undefined
  revokedReason: string | undefined
  /** The token that a rotation has put in its place. */
  replacedBy: string | undefined
  /** The token with which a client got this one, which is valid no longer than that. */
  parentId: string | undefined
  /** The trust by which it was given, and with which it ends. */
  trustId: string | undefined
  /** What its bearer is at an issuer outside, of a token that was given by a trust. */
  identity: FederatedIdentity | undefined
}

/** `issuer`: its name here. Tokens without a `jti` exist. */
export type FederatedIdentity = { issuer: string; subject: string; jti: string | undefined }

/** Why a token is not valid at a time; undefined if it is. */
export function tokenProblem(
  { revokedAt, expiresAt }: Pick<Token, 'revokedAt' | 'expiresAt'>,
  now: string,
): 'revoked' | 'expired' | undefined {
  if (revokedAt !== undefined) return 'revoked'
  return expiresAt !== undefined && expiresAt <= now ? 'expired' : undefined
}

export function limitsOf(token: Pick<Token, 'permissions' | 'repositories'>): TokenLimits {
  return {
    permissions: new Set(token.permissions),
    repositories: token.repositories.map(parsePattern),
  }
}

/** Whether limits allow no more than others do. */
export function isWithin(inner: TokenLimits, outer: TokenLimits): boolean {
  return (
    inner.permissions.isSubsetOf(outer.permissions) &&
    inner.repositories.every((pattern) => outer.repositories.some((wider) => covers(wider, pattern)))
  )
}

const MAX_PATTERNS = 50
const MAX_NAME = 100

type TokenContent = { name: string; permissions: readonly string[]; repositories: readonly string[] }

/** Throws `invalid` for a token that cannot be. */
export function checkToken(content: TokenContent): void {
  const problem = contentProblem(content)
  if (problem) throw new AppError('invalid', problem)
  content.repositories.forEach(parsePattern)
}

function contentProblem({ name, permissions, repositories }: TokenContent): string | undefined {
  if (name.trim() === '' || name.length > MAX_NAME) {
    return `the name of a token must have 1 to ${MAX_NAME} characters`
  }
  if (permissions.length === 0) {
    return 'a token needs a permission: leave the permissions out for the usual ones'
  }
  const unknown = permissions.find((permission) => !isPermission(permission))
  if (unknown !== undefined) return `"${unknown.slice(0, 100)}" is no permission`
  if (repositories.length > 0 && repositories.length <= MAX_PATTERNS) return undefined
  return `a token needs 1 to ${MAX_PATTERNS} patterns of repositories: leave them out for all`
}
