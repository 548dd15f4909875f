/** The real application, on real files or in memory, without or with a socket. */
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import { applicationOf, createApp } from '../../src/app.ts'
import { serve } from '../../src/cli/serve.ts'
import type { Pace } from '../../src/cli/slow-clients.ts'
import { readConfig } from '../../src/config.ts'
import type { DiskSpace } from '../../src/disk-space.ts'
import { memoryParts, openParts, type Parts } from '../../src/parts.ts'
import { IN_THIS_THREAD } from '../../src/service/work-pool.ts'
import { Client } from './client.ts'
import { sender } from './http.ts'
import { temporaryFolder } from './temporary.ts'

const silent = pino({ level: 'silent' })

export type TestApp = {
  client: Client
  parts: Parts
  /** How references of artifacts begin. */
  address: string
}

/** An app in memory, called without a socket. */
export async function memoryApp(
  change: (parts: Parts) => Parts = (parts) => parts,
  disk?: DiskSpace,
): Promise<TestApp> {
  const parts = change(await memoryParts(silent, disk))
  onTestFinished(() => parts.close())
  return appOf(parts)
}

/** An app on a data folder, called without a socket. `settings`: variables of the environment. */
export async function folderApp(
  data?: string,
  settings: Record<string, string> = {},
): Promise<TestApp & { data: string; close: () => Promise<void> }> {
  const folder = data ?? (await temporaryFolder())
  const parts = await openParts(readConfig({ data: folder }, settings), silent, () => IN_THIS_THREAD)
  let open = true
  const close = async () => {
    if (open) await parts.close()
    open = false
  }
  onTestFinished(close)
  return { ...(await appOf(parts)), data: folder, close }
}

/** A server on a free port of this machine, on a data folder. */
export async function folderServer(
  flags: Record<string, string> = {},
  pace?: Pace,
): Promise<{ url: URL; client: Client; data: string; parts: Parts }> {
  const data = await temporaryFolder()
  const config = readConfig({ data, listen: '127.0.0.1:0', ...flags }, {})
  const parts = await openParts(config, silent, () => IN_THIS_THREAD)
  const server = await serve(config, applicationOf(parts), pace)
  onTestFinished(() => server.close())
  const local = new URL(`http://127.0.0.1:${server.port}`)
  return { url: local, data, parts, client: new Client(sender(local)) }
}

async function appOf(parts: Parts): Promise<TestApp> {
  const { hono } = await createApp(parts, new URL('http://localhost:8080'))
  const address = parts.registryAddress ?? 'localhost:8080'
  return { parts, address, client: new Client(async (path, init) => hono.request(path, init)) }
}
