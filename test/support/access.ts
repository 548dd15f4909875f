/** Accounts and rights on a real index, with a clock that tests move. */
import type { BindingContent, Subject } from '../../src/domain/access/binding.ts'
import type { Role } from '../../src/domain/access/role.ts'
import type { Components } from '../../src/server/components.ts'
import { AccessControl, type AccessOptions } from '../../src/service/access/access-control.ts'
import { type Actor, isPrincipal, type PrincipalActor, SYSTEM } from '../../src/service/access/actor.ts'
import {
  type Authentication,
  authenticatePrincipal,
  authenticateToken,
} from '../../src/service/access/authenticate.ts'
import { visibleTo } from '../../src/service/access/visible.ts'
import { createBinding } from '../../src/service/accounts/create-binding.ts'
import { createServiceAccount } from '../../src/service/accounts/create-service-account.ts'
import { createToken, type TokenRequest } from '../../src/service/accounts/create-token.ts'
import { recordLogin } from '../../src/service/accounts/record-login.ts'
import { memoryApp } from './app.ts'

export const DAY = 24 * 60 * 60_000
export const START = new Date('2026-01-01T00:00:00.000Z')

export type Accounts = Awaited<ReturnType<typeof accounts>>

/** `reported` has the errors that no caller sees. */
export async function accounts(
  options: Partial<AccessOptions> = {},
  given: { parts?: Components; start?: Date } = {},
) {
  const parts = given.parts ?? (await memoryApp()).parts
  let now = given.start ?? START
  const reported: unknown[] = []
  const ctx: Components['ctx'] = {
    ...parts.ctx,
    now: () => now,
    policyOf: (transaction) => (transaction ? access.policyIn(transaction) : access.policy()),
    visibilityOf: async (actor) => visibleTo({ policy: await access.policy(), actor }),
  }
  const access: AccessControl = new AccessControl(ctx, {
    mode: 'required',
    adminGroups: [],
    groupsMaxAge: 7 * DAY,
    report: (error) => void reported.push(error),
    ...options,
  })

  const bind = (subject: Subject, role: Role, ...repositories: string[]) =>
    createBinding(access, SYSTEM, { subject, role, repositories } satisfies BindingContent)

  return {
    ctx,
    access,
    reported,
    bind,
    pass: (milliseconds: number) => {
      now = new Date(now.getTime() + milliseconds)
    },
    /** A user after a login, with a session. */
    user: async (name: string, ...groups: string[]): Promise<PrincipalActor> => {
      const login = { issuer: 'https://idp', subject: name, userName: name, displayName: name, groups }
      return actorIn(await authenticatePrincipal(access, (await recordLogin(access, login)).id))
    },
    /** A service account that acts with a token. */
    account: async (name: string, scope = '*') => {
      await createServiceAccount(access, SYSTEM, { name, displayName: '', scope })
      return { kind: 'serviceaccount', name } as const
    },
    /** The text of a new token, and its bearer. */
    withToken: async (actor: Actor, request: Partial<TokenRequest> = {}) => {
      const { token, text } = await createToken(access, actor, { name: 'test', ...request })
      return { token, text, bearer: actorIn(await authenticateToken(access, text, '192.0.2.1')) }
    },
  }
}

function actorIn(found: { actor: Actor } | Extract<Authentication, { refused: string }>): PrincipalActor {
  if ('actor' in found && isPrincipal(found.actor)) return found.actor
  throw new Error(`the caller has no account: ${JSON.stringify(found)}`)
}
