/** An app that requires rights, with accounts on a clock that tests move. */
import { randomBytes } from 'node:crypto'
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import { EVERYTHING } from '../../src/domain/access/pattern.ts'
import type { Permission } from '../../src/domain/access/permission.ts'
import type { AccessPolicy } from '../../src/http/access.ts'
import { FailureLimit } from '../../src/http/failure-limit.ts'
import { ALL } from '../../src/http/scope.ts'
import { createApp } from '../../src/server/app.ts'
import { type Components, memoryComponents } from '../../src/server/components.ts'
import type { AccessControl, AccessOptions } from '../../src/service/access/access-control.ts'
import { can } from '../../src/service/access/policy.ts'
import { RegistryTokens } from '../../src/service/access/registry-tokens.ts'
import { RepositoryIds } from '../../src/service/access/repository-ids.ts'
import { accounts, START } from './access.ts'
import { Client } from './client.ts'

const PERMISSIONS: Record<string, Permission> = { pull: 'read', push: 'push', delete: 'delete' }

/** Asks for the permissions of the scopes; lists are open, as they are filtered. */
export function enforcing(access: AccessControl): AccessPolicy {
  return async (actor, { repository, action }) => {
    if (repository.includes(ALL) && action === 'pull') return undefined
    const [name = '', ...path] = repository.split('/')
    const target =
      repository === ALL
        ? EVERYTHING
        : { repository: name, package: path.length ? path.join('/') : undefined }
    const decision = can(await access.policy(), actor, PERMISSIONS[action] ?? 'admin', target)
    return decision.allowed ? undefined : `this needs the permission ${decision.missing}`
  }
}

export type RequiredApp = Awaited<ReturnType<typeof requiredApp>>

export async function requiredApp(
  options: Partial<AccessOptions> = {},
  { publicUrl = 'http://localhost:8080', start = START, change = (parts: Components) => parts } = {},
) {
  const made = await memoryComponents(pino({ level: 'silent' }))
  onTestFinished(() => made.close())
  const at = await accounts(options, { parts: made, start })
  const { access } = at
  const key = randomBytes(32)
  const authenticator = {
    access,
    registryTokens: await RegistryTokens.open(access, new RepositoryIds(at.ctx), key),
    failures: new FailureLimit(at.ctx.now),
  }
  const parts = change({ ...made, authenticator })
  const { hono } = await createApp(parts, new URL(publicUrl), enforcing(access))
  const send = async (path: string, init?: RequestInit) => hono.request(path, init)
  return {
    ...at,
    parts,
    key,
    hono,
    /** An anonymous client. */
    client: new Client(send),
    /** A GET with the header Authorization, or another method. */
    as: (authorization: string | undefined, path: string, init: RequestInit = {}) =>
      send(path, {
        ...init,
        headers: {
          ...(authorization !== undefined && { Authorization: authorization }),
          ...(init.headers as Record<string, string>),
        },
      }),
    /** A client that presents a token. */
    clientWith: (text: string) =>
      new Client((path, init = {}) =>
        send(path, { ...init, headers: { ...init.headers, Authorization: `Bearer ${text}` } }),
      ),
  }
}

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

export const bearer = (text: string) => `Bearer ${text}`
