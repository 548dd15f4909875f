/** The real application, on real files or in memory, with or without a socket. */
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { applicationOf, createApp } from '../../src/server/app.ts'
import { type Components, memoryComponents, openComponents } from '../../src/server/components.ts'
import type { DiskSpace } from '../../src/server/disk-space.ts'
import { serve } from '../../src/server/serve.ts'
import type { Pace } from '../../src/server/slow-clients.ts'
import type { Actor } from '../../src/service/access/actor.ts'
import type { Caller } from '../../src/service/access/policy.ts'
import { IN_THIS_THREAD } from '../../src/service/workers/worker-pool.ts'
import { Client } from './client.ts'
import { sender } from './http.ts'
import { temporaryFolder } from './temporary.ts'

const silent = pino({ level: 'silent' })

export type TestApp = {
  client: Client
  parts: Components
  /** The host and prefix of artifact references. */
  address: string
}

/** Opens an app in memory, called without a socket. */
export async function memoryApp(
  change: (parts: Components) => Components = (parts) => parts,
  disk?: DiskSpace,
): Promise<TestApp> {
  const parts = change(await memoryComponents(silent, disk))
  onTestFinished(() => parts.close())
  return appOf(parts)
}

/** Opens an app on a data folder, called without a socket. `settings` are environment variables. */
export async function folderApp(
  data?: string,
  settings: Record<string, string> = {},
): Promise<TestApp & { data: string; close: () => Promise<void> }> {
  const folder = data ?? (await temporaryFolder())
  const parts = await openComponents(readConfig({ data: folder }, settings), silent, () => IN_THIS_THREAD)
  let open = true
  const close = async () => {
    if (open) await parts.close()
    open = false
  }
  onTestFinished(close)
  return { ...(await appOf(parts)), data: folder, close }
}

/** Starts a server on a new data folder and a free local port. */
export async function folderServer(
  flags: Record<string, string> = {},
  pace?: Pace,
  change: (parts: Components) => Components = (parts) => parts,
): Promise<{ url: URL; client: Client; data: string; parts: Components }> {
  const data = await temporaryFolder()
  const config = readConfig({ data, listen: '127.0.0.1:0', ...flags }, {})
  const parts = change(await openComponents(config, silent, () => IN_THIS_THREAD))
  const server = await serve(config, applicationOf(parts), pace)
  onTestFinished(() => server.close())
  const local = new URL(`http://127.0.0.1:${server.port}`)
  return { url: local, data, parts, client: new Client(sender(local)) }
}

/** An actor, as use cases know it that decide about it. */
export async function callerOf({ parts }: Pick<TestApp, 'parts'>, actor: Actor): Promise<Caller> {
  return { policy: await parts.access.policy(), actor }
}

async function appOf(parts: Components): Promise<TestApp> {
  const { hono } = await createApp(parts, new URL('http://localhost:8080'))
  const address = parts.registryAddress ?? 'localhost:8080'
  return { parts, address, client: new Client(async (path, init) => hono.request(path, init)) }
}
