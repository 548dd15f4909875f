/** An app that requires rights, called with the tokens of accounts. */
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import type { Subject } from '../../src/domain/access/binding.ts'
import { PERMISSIONS } from '../../src/domain/access/permission.ts'
import type { Role } from '../../src/domain/access/role.ts'
import { createApp } from '../../src/server/app.ts'
import { type Components, memoryComponents } from '../../src/server/components.ts'
import { type Actor, SYSTEM } from '../../src/service/access/actor.ts'
import { authenticatePrincipal } from '../../src/service/access/authenticate.ts'
import { createBinding } from '../../src/service/accounts/create-binding.ts'
import { createToken, type TokenRequest } from '../../src/service/accounts/create-token.ts'
import { recordLogin } from '../../src/service/accounts/record-login.ts'
import { Client } from './client.ts'

const SILENT = pino({ level: 'silent' })

export type ProtectedApp = Awaited<ReturnType<typeof protectedApp>>

export async function protectedApp(
  mode: 'required' | 'open-at-first' = 'required',
  change: (parts: Components) => Components = (parts) => parts,
) {
  const parts = change(await memoryComponents(SILENT, undefined, { mode, adminGroups: [] }))
  onTestFinished(() => parts.close())
  const { access } = parts.authenticator
  const { hono } = await createApp(parts, new URL('http://localhost:8080'))

  const bind = (subject: Subject, role: Role, ...repositories: string[]) =>
    createBinding(access, SYSTEM, { subject, role, repositories })
  /** A client that sends a token. */
  const bearer = (text?: string): Client =>
    new Client(async (path, init = {}) =>
      hono.request(path, {
        ...init,
        headers: {
          ...(init.headers as Record<string, string>),
          ...(text !== undefined && { Authorization: `Bearer ${text}` }),
        },
      }),
    )
  const signIn = async (name: string): Promise<Actor> => {
    const login = { issuer: 'https://idp', subject: name, userName: name, displayName: name, groups: [] }
    const found = await authenticatePrincipal(access, (await recordLogin(access, login)).id)
    if ('actor' in found) return found.actor
    throw new Error(found.refused)
  }
  /** The text of a new token of a user, by default one that does not limit the user. */
  const tokenOf = async (name: string, request: Partial<TokenRequest> = {}): Promise<string> => {
    const all = { name: 'test', permissions: PERMISSIONS, ...request }
    return (await createToken(access, await signIn(name), all)).text
  }
  return {
    parts,
    access,
    hono,
    bind,
    bearer,
    tokenOf,
    anonymous: bearer(),
    /** A user with a role, as a client. */
    user: async (name: string, role?: Role, ...repositories: string[]): Promise<Client> => {
      const text = await tokenOf(name)
      if (role) await bind({ kind: 'user', name }, role, ...repositories)
      return bearer(text)
    },
  }
}
