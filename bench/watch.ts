/** The delay from a publication to its events at many watching clients, and the memory that they take. */
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import BetterSqlite3 from 'better-sqlite3'
import { memoryOf } from '../test/support/memory.ts'
import { BenchClient } from './client.ts'
import { publishFiles } from './publication.ts'
import { type BenchServer, startServer } from './server.ts'

const WATCHERS = 1000
const PACKAGES = 100
const SECONDS = 8
const CLIENTS = 32

type Scenario = { what: string; filter: (watcher: number) => string; perSecond: number }

const ofOnePackage = (watcher: number): string => `package=app/p${watcher % PACKAGES}`

const SCENARIOS: readonly Scenario[] = [
  { what: 'each watches one package of 100', filter: ofOnePackage, perSecond: 100 },
  { what: 'each watches one package of 100', filter: ofOnePackage, perSecond: 40 },
  { what: 'all watch all publications', filter: () => 'lifecycle=Published&latest=true', perSecond: 10 },
]

export async function benchWatch(): Promise<string[]> {
  const lines: string[] = []
  for (const scenario of SCENARIOS) lines.push(...(await measure(scenario)))
  return lines
}

async function measure({ what, filter, perSecond }: Scenario): Promise<string[]> {
  const server = await startServer()
  const client = new BenchClient(server.port, CLIENTS)
  const received: { id: number; at: number }[] = []
  const watchers: Socket[] = []
  try {
    await client.post('/api/v1/repositories', { name: 'bench', type: 'catalog' })
    for (let n = 0; n < PACKAGES; n++) await publish(client, n)
    const before = await memory(server.pid)
    for (let n = 0; n < WATCHERS; n++) watchers.push(await watch(server.port, filter(n), received))
    const watched = await memory(server.pid)
    received.length = 0
    const seconds = await publishAll(client, perSecond)
    await setTimeout(1000)
    const after = await memory(server.pid)
    const changedAt = times(server)
    const waits = received
      .filter(({ id }) => changedAt.has(id))
      .map(({ id, at }) => at - (changedAt.get(id) ?? 0))
      .sort((a, b) => a - b)
    const at = (part: number) => Math.round(waits[Math.floor((waits.length - 1) * part)] ?? 0)
    return [
      `${WATCHERS} clients, ${what}: ${Math.round((perSecond * SECONDS) / seconds)} of ${perSecond} publications /s, ${waits.length} events`,
      `  from the write to the event: median ${at(0.5)} ms, p99 ${at(0.99)} ms, maximum ${at(1)} ms`,
      `  memory: ${before} MiB without clients, ${watched} MiB with clients, ${after} MiB after the load`,
    ]
  } finally {
    for (const socket of watchers) socket.destroy()
    client.close()
    await server.stop()
  }
}

/** Opens a watch and waits for its first event. */
async function watch(port: number, filter: string, received: { id: number; at: number }[]): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').setEncoding('latin1')
  socket.write(`GET /api/v1/packagerevisions?watch=true&${filter} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  let rest = ''
  await new Promise<void>((resolve) => {
    socket.on('data', (text: string) => {
      const at = performance.timeOrigin + performance.now()
      const all = rest + text
      const ids = all.matchAll(/\nid: (\d+)\n/g)
      let end = 0
      for (const { 1: id, index } of ids) {
        received.push({ id: Number(id), at })
        end = index + 1
        resolve()
      }
      rest = end > 0 ? all.slice(all.indexOf('\n', end)) : all
    })
  })
  return socket
}

/** Starts publications at a fixed rate, without waiting for earlier ones. Returns the seconds that all took. */
async function publishAll(client: BenchClient, perSecond: number): Promise<number> {
  const start = performance.now()
  const all: Promise<void>[] = []
  for (let n = 0; n < perSecond * SECONDS; n++) {
    const due = start + (n * 1000) / perSecond
    if (due > performance.now()) await setTimeout(due - performance.now())
    all.push(publish(client, PACKAGES + n))
  }
  await Promise.all(all)
  return (performance.now() - start) / 1000
}

async function publish(client: BenchClient, n: number): Promise<void> {
  const resources = {
    'config.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  n: "${n}"\n`,
  }
  await publishFiles(client, `app/p${n % PACKAGES}`, `w${n}`, resources)
}

/** Returns the time of each change, just before its commit. */
function times({ data }: BenchServer): Map<number, number> {
  const database = new BetterSqlite3(join(data, 'index.db'), { readonly: true })
  const rows = database.prepare('SELECT resource_version, changed_at FROM changes').all() as {
    resource_version: number
    changed_at: string
  }[]
  database.close()
  return new Map(rows.map((row) => [row.resource_version, Date.parse(row.changed_at)]))
}

/** Returns the resident memory of a process in whole MiB. */
async function memory(pid: number): Promise<number> {
  return Math.round((await memoryOf(pid))?.now ?? 0)
}
