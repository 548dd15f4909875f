/** Upgrades: the merge alone, the whole request, `kpt pkg update` of the same package, and a thousand clones. */
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mergePackage } from '../src/domain/merge/merge-package.ts'
import { plainFiles } from '../src/domain/package-files.ts'
import { hasCorpus } from '../test/support/corpus.ts'
import {
  type CorpusUpgrade,
  corpusUpgrades,
  type Files,
  withLocalEdits,
} from '../test/support/corpus-upgrades.ts'
import { kpt, kptUpdates } from '../test/support/kpt.ts'
import { BenchClient } from './client.ts'
import { type BenchServer, startServer } from './server.ts'
import { format, median, type Row } from './statistics.ts'

const PACKAGE = 'nephio/core/porch'
const RUNS = 15
const KPT_RUNS = 5
const CLIENTS = 16
const CLONES = 1_000

export async function benchMerge(): Promise<string[]> {
  const upgrade = hasCorpus ? corpusUpgrades().find(({ path }) => path === PACKAGE) : undefined
  if (!upgrade)
    return [
      `SKIPPED: merge. There is no ${PACKAGE}: set PKGSERVER_TEST_CORPUS to the folder of the real packages`,
    ]
  const { files: local } = withLocalEdits(upgrade.original, upgrade.path)
  const name = `${PACKAGE}, ${upgrade.from} to ${upgrade.to}`
  const [first = 0, ...others] = timesOfMerge(upgrade, local)
  const rows: Row[] = [
    { what: `merge of ${name}, first run`, unit: 'ms', runs: [first] },
    { what: `merge of ${name}`, unit: 'ms', runs: others },
  ]
  const requests = await timesOfRequest(upgrade, local)
  rows.push({ what: 'whole request of the same upgrade', unit: 'ms', runs: requests })
  const lines: string[] = []
  if (kpt.found) {
    const runs = await timesOfKpt(upgrade)
    rows.push({ what: 'kpt pkg update of the same package', unit: 'ms', runs })
    lines.push(`pkgserver is ${(median(runs) / median(requests)).toFixed(1)} times as fast as kpt  (goal 20)`)
  } else lines.push(kpt.missing)
  return [...rows.map(format), ...lines, ...(await manyClones(upgrade))]
}

function timesOfMerge({ original, upstream }: CorpusUpgrade, local: Files): number[] {
  const versions = {
    original: plainFiles(original),
    local: plainFiles(local),
    upstream: plainFiles(upstream),
  }
  return Array.from({ length: RUNS }, () => {
    const start = performance.now()
    mergePackage({ ...versions, strategy: 'resource-merge', prefer: 'local' })
    return performance.now() - start
  })
}

async function timesOfKpt(upgrade: CorpusUpgrade): Promise<number[]> {
  const root = await mkdtemp(join(tmpdir(), 'pkgserver-bench-'))
  try {
    const same = Array.from({ length: KPT_RUNS }, () => upgrade)
    const updates = await kptUpdates(root, same, (files, { path }) => withLocalEdits(files, path).files)
    return updates.map(({ took }) => took)
  } finally {
    await rm(root, { recursive: true })
  }
}

async function timesOfRequest(upgrade: CorpusUpgrade, local: Files): Promise<number[]> {
  return onServer(async (api) => {
    await api.publishUpstream('v1', upgrade.original)
    await api.clone('site', local)
    await api.publishUpstream('v2', upgrade.upstream)
    const times: number[] = []
    for (let run = 0; run <= RUNS; run++) {
      const start = performance.now()
      await api.create('edge', 'site', `up-${run}`, { upgrade: {} })
      times.push(performance.now() - start)
    }
    // The first run starts the workers.
    return times.slice(1)
  })
}

/** Measures many clones of one package and their upgrades to its next revision. */
async function manyClones(upgrade: CorpusUpgrade): Promise<string[]> {
  return onServer(async (api, { data }) => {
    await api.publishUpstream('v1', upgrade.original)
    const size = (): number =>
      Number(execFileSync('du', ['-s', '--block-size=1', data], { encoding: 'utf8' }).split('\t')[0])
    const before = size()
    const all = Array.from({ length: CLONES }, (_, at) => `site-${at}`)
    const cloned = await perSecond(all, (name) =>
      api.create('edge', name, 'v1', { clone: { upstream: api.upstream } }),
    )
    const added = size() - before
    await perSecond(all, (name) => api.publish(`edge.${name}.v1`))
    await api.publishUpstream('v2', upgrade.upstream)
    const upgraded = await perSecond(all, (name) => api.create('edge', name, 'v2', { upgrade: {} }))
    return [
      `${CLONES} clones, ${CLIENTS} clients: ${Math.round(cloned)} /s, ${Math.round(added / CLONES)} bytes on disk each`,
      `${CLONES} upgrades of these clones, ${CLIENTS} clients: ${Math.round(upgraded)} /s`,
    ]
  })
}

async function perSecond(names: readonly string[], make: (name: string) => Promise<void>): Promise<number> {
  const start = performance.now()
  const left = [...names]
  const worker = async (): Promise<void> => {
    for (let name = left.pop(); name !== undefined; name = left.pop()) await make(name)
  }
  await Promise.all(Array.from({ length: CLIENTS }, worker))
  return names.length / ((performance.now() - start) / 1000)
}

async function onServer<T>(work: (api: Api, server: BenchServer) => Promise<T>): Promise<T> {
  const server = await startServer()
  const client = new BenchClient(server.port, CLIENTS)
  try {
    const api = new Api(client)
    await client.post('/api/v1/repositories', { name: 'blueprints', type: 'catalog' })
    await client.post('/api/v1/repositories', { name: 'edge', type: 'deployment' })
    return await work(api, server)
  } finally {
    client.close()
    await server.stop()
  }
}

class Api {
  readonly upstream = 'blueprints.porch.v1'
  readonly #client: BenchClient

  constructor(client: BenchClient) {
    this.#client = client
  }

  async create(repository: string, path: string, workspace: string, source: object): Promise<void> {
    await this.#client.post('/api/v1/packagerevisions', { repository, package: path, workspace, source })
  }

  async publish(name: string): Promise<void> {
    await this.#client.post(`/api/v1/packagerevisions/${name}/propose`)
    await this.#client.post(`/api/v1/packagerevisions/${name}/approve`)
  }

  async publishUpstream(workspace: string, files: Files): Promise<void> {
    await this.create('blueprints', 'porch', workspace, { resources: texts(files) })
    await this.publish(`blueprints.porch.${workspace}`)
  }

  /** Publishes a clone with these files, except for its own Kptfile. */
  async clone(path: string, files: Files): Promise<void> {
    await this.create('edge', path, 'v1', { clone: { upstream: this.upstream } })
    const { Kptfile: _, ...resources } = texts(files)
    const body = Buffer.from(JSON.stringify({ resources }))
    const headers = { 'Content-Type': 'application/json', 'If-Match': '*' }
    await this.#client.expect([200], 'PATCH', `/api/v1/packagerevisions/edge.${path}.v1/resources`, {
      headers,
      body,
    })
    await this.publish(`edge.${path}.v1`)
  }
}

function texts(files: Files): Record<string, string> {
  return Object.fromEntries([...files].map(([path, content]) => [path, content.toString()]))
}
