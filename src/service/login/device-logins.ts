/** Logins of command lines, which a person approves in the browser. https://www.rfc-editor.org/rfc/rfc8628 */
import { randomBytes, randomInt } from 'node:crypto'
import { AppError } from '../../core/errors.ts'
import {
  countDeviceLogins,
  decideDeviceLogin as decideRow,
  deleteDeviceLogin,
  deleteDeviceLoginsBefore,
  findDeviceLogin,
  insertDeviceLogin,
} from '../../database/access/device-logins.ts'
import { findPrincipal } from '../../database/access/principals.ts'
import {
  clientName,
  type DeviceLogin,
  parseUserCode,
  USER_CODE_LENGTH,
  USER_CODE_LETTERS,
} from '../../domain/access/device-login.ts'
import { DEFAULT_TOKEN_PERMISSIONS, type Permission, withRead } from '../../domain/access/permission.ts'
import type { AccessControl } from '../access/access-control.ts'
import { type Actor, isPrincipal } from '../access/actor.ts'
import { tokenHash } from '../access/token-text.ts'
import { type IssuedToken, issueToken } from '../accounts/issue-token.ts'
import { newId } from '../accounts/new-id.ts'
import { audit } from '../audit/record.ts'

/** In milliseconds. */
export const DEVICE_LOGIN_LIFETIME = 10 * 60_000
const TOKEN_LIFETIME = 90 * 24 * 60 * 60_000
/** At a time. */
const MOST = 1000

type DeviceRequest = {
  client: string
  address: string | undefined
  /** What the token may use of the person's rights; empty for the usual ones. */
  permissions: readonly Permission[]
}

/** Begins a login. Resolves to it and the code that only the program has. Throws `throttled` for too many at a time. */
export async function startDeviceLogin(
  access: AccessControl,
  { client, address, permissions }: DeviceRequest,
): Promise<{ login: Omit<DeviceLogin, 'state' | 'principalId'>; deviceCode: string }> {
  const now = access.ctx.now()
  const deviceCode = randomBytes(32).toString('base64url')
  const login = {
    id: newId(now),
    userCode: newUserCode(),
    client: clientName(client),
    address,
    permissions: permissions.length > 0 ? withRead(permissions) : DEFAULT_TOKEN_PERMISSIONS,
    createdAt: now.toISOString(),
    expiresAt: new Date(now.getTime() + DEVICE_LOGIN_LIFETIME).toISOString(),
  }
  await access.ctx.commits.run(async (transaction) => {
    await deleteDeviceLoginsBefore(transaction, now.toISOString())
    if ((await countDeviceLogins(transaction)) >= MOST) {
      throw new AppError('throttled', 'too many programs are logging in: try again in ten minutes')
    }
    await insertDeviceLogin(transaction, login, tokenHash(deviceCode))
  })
  return { login, deviceCode }
}

/** Finds the login that waits under a code, as a person has typed it. Throws `not_found`. */
export async function findPendingLogin(access: AccessControl, typed: string): Promise<DeviceLogin> {
  const userCode = parseUserCode(typed)
  const found = userCode === undefined ? undefined : await findDeviceLogin(access.ctx.db, { userCode })
  if (found?.state === 'pending' && found.expiresAt > access.ctx.now().toISOString()) return found
  throw new AppError(
    'not_found',
    'there is no login with this code: it may be mistyped, used already, or older than ten minutes',
  )
}

/** Approves or denies a login. Only a person with a session can: a token must not make another. */
export async function decideDeviceLogin(
  access: AccessControl,
  actor: Actor,
  typed: string,
  approve: boolean,
): Promise<DeviceLogin> {
  if (!isPrincipal(actor) || !actor.session) {
    throw new AppError('forbidden', 'a login is approved in the browser, after logging in there')
  }
  const { principalId } = actor
  const { userCode } = await findPendingLogin(access, typed)
  return access.ctx.commits.run(async (transaction) => {
    const login = await findDeviceLogin(transaction, { userCode })
    if (login?.state !== 'pending') throw new AppError('conflict', 'this login was decided meanwhile')
    await decideRow(transaction, login.id, approve ? principalId : undefined)
    await audit(access.ctx, transaction, actor, {
      type: approve ? 'device_login.approved' : 'device_login.denied',
      target: { name: login.client },
    })
    return login
  })
}

/** The answer to a program that waits. */
export type DeviceAnswer = { issued: IssuedToken } | { refused: 'pending' | 'denied' | 'expired' | 'unknown' }

/** Resolves to the token of an approved login, once. Throws `conflict` for a user with too many tokens. */
export async function pollDeviceLogin(access: AccessControl, deviceCode: string): Promise<DeviceAnswer> {
  const hash = tokenHash(deviceCode)
  const now = access.ctx.now()
  const refusal = (login: DeviceLogin | undefined): DeviceAnswer | undefined => {
    if (!login) return { refused: 'unknown' }
    if (login.expiresAt <= now.toISOString()) return { refused: 'expired' }
    if (login.state === 'approved') return undefined
    return { refused: login.state }
  }
  // Most calls only find out that the person has not decided yet.
  const refused = refusal(await findDeviceLogin(access.ctx.db, { hash }))
  if (refused) return refused
  return access.change(async (transaction) => {
    const login = await findDeviceLogin(transaction, { hash })
    const user = login?.principalId && (await findPrincipal(transaction, login.principalId))
    if (!login || !user || user.disabled) return { refused: 'unknown' }
    await deleteDeviceLogin(transaction, login.id)
    const { client, permissions } = login
    const actor = {
      kind: 'user' as const,
      name: user.name,
      principalId: user.id,
      groups: [],
      token: undefined,
    }
    const expiresAt = new Date(now.getTime() + TOKEN_LIFETIME).toISOString()
    const content = { kind: 'device' as const, principalId: user.id, name: client, permissions, expiresAt }
    const issued = await issueToken(transaction, actor, { ...content, repositories: ['*'] }, now)
    await audit(
      access.ctx,
      transaction,
      { ...actor, via: { kind: 'token', tokenId: issued.token.id } },
      { type: 'device_login.completed', target: { name: client } },
    )
    return { issued }
  })
}

function newUserCode(): string {
  const letter = () => USER_CODE_LETTERS[randomInt(USER_CODE_LETTERS.length)] ?? ''
  return Array.from({ length: USER_CODE_LENGTH }, letter).join('')
}
