/** Principals: the users and service accounts. */
import { AppError } from '../../core/errors.ts'
import { labelProblem } from '../names.ts'

export type PrincipalKind = 'user' | 'serviceaccount'

export type Principal = {
  /** Never given out again, unlike the name. */
  id: string
  kind: PrincipalKind
  /** Unique among users, or among service accounts. */
  name: string
  displayName: string
  /** Of a service account: the administrators of all repositories of this pattern manage it. */
  scope: string | undefined
  /** Of a service account: the user who created it, and so is no second person beside it. */
  ownerId: string | undefined
  disabled: boolean
  createdBy: string
  createdAt: string
  updatedAt: string
  resourceVersion: string
}

/** The name in records and answers. No user name has a colon, so it is the name of no user. */
export function actorName({ kind, name }: Pick<Principal, 'kind' | 'name'>): string {
  return kind === 'user' ? name : `serviceaccount:${name}`
}

/** Names in records that are those of no account. */
const RESERVED_NAMES = ['anonymous', 'pkgserver', 'system']

const MAX_USER_NAME = 100

/**
 * The name of a new user, made from what the identity provider calls the person. Letters of other scripts, which look
 * like those of another name, are replaced.
 */
export function userName(wanted: string, isTaken: (name: string) => boolean): string {
  const plain = wanted
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^a-z0-9._@+-]+/g, '-')
    .replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
    .slice(0, MAX_USER_NAME)
  const base = plain === '' ? 'user' : plain
  for (let number = 1; ; number++) {
    const name = number === 1 ? base : `${base}-${number}`
    if (!RESERVED_NAMES.includes(name) && !isTaken(name)) return name
  }
}

const MAX_DISPLAY_NAME = 200

/** Throws `invalid` for a service account that cannot be. */
export function checkServiceAccount({ name, displayName }: { name: string; displayName: string }): void {
  const problem = labelProblem(name)
  if (problem) throw new AppError('invalid', `the name of a service account ${problem}`)
  if (displayName.length > MAX_DISPLAY_NAME) {
    throw new AppError('invalid', `the display name must have at most ${MAX_DISPLAY_NAME} characters`)
  }
}

/** A display name as an identity provider gives it: cut, and without characters that change how others are shown. */
export function displayNameOf(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, '')
    .slice(0, MAX_DISPLAY_NAME)
    .toWellFormed()
}
