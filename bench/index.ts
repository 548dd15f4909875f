/**
 * Lists, searches and publications with a growing number of revisions. The rows are loaded in bulk into SQLite; the
 * requests go over a socket to a server process, one at a time.
 */
import { access, copyFile, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryOf } from '../test/support/memory.ts'
import { load, repositoryAt, sampleOf } from '../test/support/sample-index.ts'
import { BenchClient } from './client.ts'
import { type Query, queriesOf, tokenKeyOf } from './index/queries.ts'
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

/** Repositories that the partial reader sees, spread evenly. In brackets: the median in times of a caller who sees all. */
const SEEN = 10

/** The baseline: a request that reads nothing from the index. */
const BASELINE: Query = { what: 'no query, for comparison (/healthz)', path: () => '/healthz' }

/** By query: milliseconds, sorted. */
type Times = Map<string, number[]>
type Measured = Map<string, string>

export async function benchIndex(): Promise<string[]> {
  console.log(
    'index: rows loaded in bulk into SQLite; requests over a socket, one at a time: median / p99 in ms',
  )
  const columns: Measured[] = []
  for (const size of SIZES) columns.push(await measure(size))
  const rows = [...(columns[0]?.keys() ?? [])]
  const header = SIZES.map((size) => size.toLocaleString('en').padStart(20)).join('')
  return [
    `${''.padEnd(66)}${header}`,
    ...rows.map(
      (row) => row.padEnd(66) + columns.map((column) => (column.get(row) ?? '').padStart(20)).join(''),
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
      const sample = sampleOf(size)
      const repositories = Array.from({ length: sample.repositories }, (_, at) => repositoryAt(at))
      const all = await ask(server, [BASELINE, ...queriesOf(sample, repositories, tokenKeyOf(file))])
      for (const [what, times] of all) measured.set(what, inWords(times))
      measured.set('publications of 20 files, per second', (await publications(server)).toFixed(0))
      const { now = 0, peak = 0 } = (await memoryOf(server.pid)) ?? {}
      measured.set('memory at the end / peak, MiB', `${now.toFixed(0)} / ${peak.toFixed(0)}`)
      // The first account ends the open mode, so this comes last.
      const seen = repositories.filter((_, at) => at % (sample.repositories / SEEN) < 1)
      for (const [what, times] of await ask(server, queriesOf(sample, seen), await readerOf(server, seen))) {
        const ratio = median(times) / median(all.get(what) ?? [])
        measured.set(`${SEEN} repositories seen: ${what}`, `${inWords(times)} (${ratio.toFixed(1)})`)
      }
    } finally {
      await server.stop()
    }
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

async function ask({ port }: BenchServer, queries: readonly Query[], authorization?: string): Promise<Times> {
  const client = new LeanConnection(port)
  const all: Times = new Map()
  try {
    for (const { what, path } of queries) {
      const times: number[] = []
      for (let turn = 0; turn < WARM_UP + REQUESTS; turn++) {
        const url = path(turn).replaceAll(' ', '%20')
        const time = await seconds(() => client.get(url, authorization))
        if (turn >= WARM_UP) times.push(time * 1000)
      }
      all.set(what, times)
    }
  } finally {
    client.close()
  }
  return all
}

function inWords(times: number[]): string {
  return `${median(times).toFixed(2)} / ${percentile(times, 99).toFixed(2)}`
}

/** Creates a caller who may read some of the repositories only. Returns its header. */
async function readerOf({ port, data }: BenchServer, repositories: readonly string[]): Promise<string> {
  const post = async (path: string, body: object, authorization = '') => {
    const headers = {
      'Content-Type': 'application/json',
      ...(authorization && { Authorization: authorization }),
    }
    const url = `http://127.0.0.1:${port}/api/v1${path}`
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
    if (response.status !== 201) throw new Error(`POST ${path}: ${response.status}`)
    return (await response.json()) as { token: string }
  }
  await post('/serviceaccounts', { name: 'reader' })
  const admin = `Bearer ${(await readFile(join(data, 'bootstrap-token'), 'utf8')).trim()}`
  const subject = { kind: 'serviceaccount', name: 'reader' }
  await post('/bindings', { subject, role: 'author', repositories }, admin)
  return `Bearer ${(await post('/serviceaccounts/reader/tokens', { name: 'bench' }, admin)).token}`
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
