/** An app that requires rights, with accounts on a clock that tests move. */
import { randomBytes } from 'node:crypto'
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import { FailureLimit } from '../../src/http/failure-limit.ts'
import { recordRefusals } from '../../src/server/access.ts'
import { createApp } from '../../src/server/app.ts'
import { type Components, memoryComponents } from '../../src/server/components.ts'
import type { AccessOptions } from '../../src/service/access/access-control.ts'
import { RegistryTokens } from '../../src/service/access/registry-tokens.ts'
import { RepositoryIds } from '../../src/service/access/repository-ids.ts'
import { Federation } from '../../src/service/federation/federation.ts'
import { KeySets } from '../../src/service/federation/key-sets.ts'
import { accounts, START } from './access.ts'
import { Client } from './client.ts'

export type RequiredApp = Awaited<ReturnType<typeof requiredApp>>

export async function requiredApp(
  options: Partial<AccessOptions> = {},
  {
    publicUrl = 'http://localhost:8080',
    start = START,
    change = (parts: Components) => parts,
    /** Components of another app, whose index this one uses. */
    index = undefined as Components | undefined,
  } = {},
) {
  const made = index ?? (await memoryComponents(pino({ level: 'silent' })))
  if (!index) onTestFinished(() => made.close())
  const at = await accounts(options, { parts: made, start })
  const { access } = at
  made.ctx.policyOf = at.ctx.policyOf
  const key = randomBytes(32)
  const authenticator = {
    access,
    registryTokens: await RegistryTokens.open(access, new RepositoryIds(at.ctx), key),
    failures: new FailureLimit(at.ctx.now),
    federation: new Federation(
      access,
      new KeySets({ now: at.ctx.now, report: access.options.report, timeout: 1000 }),
    ),
    onRefused: recordRefusals(at.ctx, pino({ level: 'silent' })),
  }
  const parts = change({ ...made, authenticator })
  const { hono } = await createApp(parts, new URL(publicUrl))
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
