/**
 * Lists, searches and publications with a growing number of revisions. The rows are loaded in bulk into SQLite; the
 * requests go over a socket to a server process, one at a time.
 */
import { randomBytes } from 'node:crypto'
import { access, copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryOf } from '../test/support/memory.ts'
import { load, repositoryAt, sampleOf } from '../test/support/sample-index.ts'
import { BenchClient } from './client.ts'
import { type Query, queriesOf, seenByReader, tokenKeyOf } from './index/queries.ts'
import { LeanConnection } from './lean-connection.ts'
import { publish } from './publication.ts'
import { type BenchServer, startServer } from './server.ts'
import { median, percentile } from './statistics.ts'

/** The sizes of the index. `PKGSERVER_BENCH_REVISIONS=1000,10000` sets others. */
const SIZES = (process.env.PKGSERVER_BENCH_REVISIONS ?? '1000,10000,100000,1000000').split(',').map(Number)
/** A folder that keeps loaded databases for the next run, because loading a million rows takes minutes. */
const KEPT = process.env.PKGSERVER_BENCH_KEPT
const WARM_UP = 100
const REQUESTS = 1000
const CLIENTS = 16
const PUBLICATIONS = 200

/** The baseline: a request that reads nothing from the index. */
const BASELINE: Query = { what: 'no query, for comparison (/healthz)', path: () => '/healthz' }

type Measured = Map<string, string>

export async function benchIndex(): Promise<string[]> {
  console.log(
    'index: rows loaded in bulk into SQLite; requests over a socket, one at a time: median / p99 in ms',
  )
  const columns: Measured[] = []
  for (const size of SIZES) columns.push(await measure(size))
  const rows = [...(columns[0]?.keys() ?? [])]
  const header = SIZES.map((size) => size.toLocaleString('en').padStart(16)).join('')
  return [
    `${''.padEnd(60)}${header}`,
    ...rows.map(
      (row) => row.padEnd(60) + columns.map((column) => (column.get(row) ?? '').padStart(16)).join(''),
    ),
  ]
}

async function measure(size: number): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'pkgserver-bench-index-'))
  const measured: Measured = new Map()
  try {
    const file = join(folder, 'index.db')
    const loaded = await seconds(() => fill(file, size))
    await (await startServer(folder)).stop()
    let server: BenchServer | undefined
    const started = await seconds(async () => {
      server = await startServer(folder)
    })
    if (!server) throw new Error('the server did not start')
    try {
      await ask(server, queriesOf(sampleOf(size), tokenKeyOf(file)), measured)
      measured.set('publications of 20 files, per second', (await publications(server)).toFixed(0))
      const { now = 0, peak = 0 } = (await memoryOf(server.pid)) ?? {}
      measured.set('memory at the end / peak, MiB', `${now.toFixed(0)} / ${peak.toFixed(0)}`)
    } finally {
      await server.stop()
    }
    await askAsReader(folder, file, size, measured)
    measured.set('start, s', started.toFixed(2))
    measured.set(KEPT === undefined ? 'load, s' : 'load or copy, s', loaded.toFixed(0))
    return measured
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function fill(file: string, size: number): Promise<void> {
  if (KEPT === undefined) return load(file, sampleOf(size))
  await mkdir(KEPT, { recursive: true })
  const kept = join(KEPT, `${size}.db`)
  const isKept = await access(kept).then(
    () => true,
    () => false,
  )
  if (!isKept) {
    await load(`${kept}.part`, sampleOf(size))
    await rename(`${kept}.part`, kept)
  }
  await copyFile(kept, file)
}

async function ask(
  { port }: BenchServer,
  queries: readonly Query[],
  measured: Measured,
  { token, as = '' }: { token?: string; as?: string } = {},
): Promise<void> {
  const client = new LeanConnection(port, token)
  try {
    for (const { what, path } of [BASELINE, ...queries]) {
      const times: number[] = []
      for (let turn = 0; turn < WARM_UP + REQUESTS; turn++) {
        const url = path(turn).replaceAll(' ', '%20')
        const time = await seconds(() => client.get(url))
        if (turn >= WARM_UP) times.push(time * 1000)
      }
      measured.set(what + as, `${median(times).toFixed(2)} / ${percentile(times, 99).toFixed(2)}`)
    }
  } finally {
    client.close()
  }
}

/** Asks the same as an account that sees ten repositories. */
async function askAsReader(folder: string, file: string, size: number, measured: Measured): Promise<void> {
  const admin = randomBytes(32).toString('hex')
  const tokenFile = join(folder, 'admin-token')
  await writeFile(tokenFile, admin)
  const server = await startServer(folder, ['--auth', 'required', '--admin-token-file', tokenFile])
  const post = async (path: string, body: object) => {
    const response = await fetch(`http://127.0.0.1:${server.port}/api/v1${path}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${admin}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(await response.text())
    return response.json() as Promise<{ token: string }>
  }
  try {
    const seen = seenByReader(sampleOf(size))
    const subject = { kind: 'serviceaccount', name: 'reader' }
    await post('/serviceaccounts', { name: 'reader', scope: '*' })
    await post('/bindings', { subject, role: 'reader', repositories: seen.map(repositoryAt) })
    const { token } = await post('/serviceaccounts/reader/tokens', { name: 'bench' })
    const queries = queriesOf(sampleOf(size), tokenKeyOf(file), seen)
    await ask(server, queries, measured, { token, as: ', 10 repositories' })
  } finally {
    await server.stop()
  }
}

async function publications({ port }: BenchServer): Promise<number> {
  const client = new BenchClient(port, CLIENTS)
  try {
    await client.post('/api/v1/repositories', { name: 'bench', type: 'catalog' })
    let next = 0
    const worker = async (last: number): Promise<void> => {
      while (next < last) await publish(client, next++, 1)
    }
    const run = (last: number) => Promise.all(Array.from({ length: CLIENTS }, () => worker(last)))
    await run(PUBLICATIONS)
    return PUBLICATIONS / (await seconds(() => run(2 * PUBLICATIONS)))
  } finally {
    client.close()
  }
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}
