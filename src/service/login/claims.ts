/** What an identity provider says of a person, as a login. */
import { AppError } from '../../core/errors.ts'
import type { Login } from '../accounts/record-login.ts'

export type Claims = Readonly<Record<string, unknown>> & { iss: string; sub: string }

export type ClaimNames = { groupsClaim: string; usernameClaim: string }

/** Providers that name so many have a way to choose those for a client. */
const MOST_GROUPS = 1000
const MAX_GROUP = 256
/** https://openid.net/specs/openid-connect-core-1_0.html#IDToken */
const MAX_SUBJECT = 255

/** Throws `forbidden` for a subject that cannot be, and for more groups than there can be. */
export function loginOf(claims: Claims, { groupsClaim, usernameClaim }: ClaimNames): Login {
  checkSubject(claims.sub)
  const userName = nameIn(claims, usernameClaim) ?? claims.sub
  return {
    issuer: claims.iss,
    subject: claims.sub,
    userName,
    displayName: textIn(claims, 'name') ?? userName,
    groups: groupsIn(claims, groupsClaim),
  }
}

/** What is no text would be stored as one that may be the subject of another person. */
function checkSubject(subject: string): void {
  if (subject !== '' && subject.length <= MAX_SUBJECT && subject.isWellFormed()) return
  throw new AppError(
    'forbidden',
    `the subject that the identity provider names has to be a text of 1 to ${MAX_SUBJECT} characters: ask its administrator`,
  )
}

/** An address that the provider has not verified is that of anyone. */
function nameIn(claims: Claims, claim: string): string | undefined {
  return claim === 'email' && claims.email_verified !== true ? undefined : textIn(claims, claim)
}

function groupsIn(claims: Claims, claim: string): string[] {
  const given = claims[claim]
  const groups = [given].flat().filter((group): group is string => isGroup(group))
  if (groups.length <= MOST_GROUPS) return groups
  throw new AppError(
    'forbidden',
    `the identity provider names ${groups.length} groups, and ${MOST_GROUPS} is the limit: an administrator can let it name fewer for this client`,
  )
}

/** Others are neither cut nor mended, as they would become the names of other groups. */
function isGroup(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value.length <= MAX_GROUP && value.isWellFormed()
}

function textIn(claims: Claims, claim: string): string | undefined {
  const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined
  return typeof value === 'string' && value !== '' ? value.slice(0, 1000) : undefined
}
