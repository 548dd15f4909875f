/** GETs of a manifest by its tag, which every cluster makes every few seconds: without rights, and with a registry token. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BenchClient } from './client.ts'
import { type BenchServer, startServer } from './server.ts'
import type { Row } from './statistics.ts'
import { CONNECTIONS, hasWrk, requestsPerSecond } from './wrk.ts'

const LOAD = { seconds: 5 }
const RUNS = 5

type Measured = { server: BenchServer; authorization: string | undefined; runs: number[] }

export async function benchManifest(): Promise<Row[]> {
  if (!(await hasWrk('manifests by tag'))) return []
  const open: Measured = { server: await startServer(), authorization: undefined, runs: [] }
  const server = await startServer(undefined, ['--auth', 'required'])
  const guarded: Measured = { server, authorization: undefined, runs: [] }
  try {
    await publish(open.server)
    const admin = `Bearer ${(await readFile(join(server.data, 'bootstrap-token'), 'utf8')).trim()}`
    await publish(server, admin)
    guarded.authorization = `Bearer ${await registryToken(server, admin)}`
    // In turn, as the machine may be faster at one time than at another.
    for (let i = 0; i <= RUNS; i++) {
      for (const { server, authorization, runs } of [open, guarded]) {
        const rate = await requestsPerSecond(`${urlOf(server)}/v2/bench/app/manifests/latest`, {
          ...LOAD,
          authorization,
        })
        if (i > 0) runs.push(rate)
      }
    }
    const what = `GET of a manifest by tag, ${CONNECTIONS} connections`
    return [
      { what, unit: '/s', runs: open.runs, goal: 10_000 },
      { what: `${what}, with a registry token`, unit: '/s', runs: guarded.runs, goal: 9000 },
    ]
  } finally {
    await open.server.stop()
    await server.stop()
  }
}

function urlOf({ port }: BenchServer): string {
  return `http://127.0.0.1:${port}`
}

async function publish({ port }: BenchServer, authorization?: string): Promise<void> {
  const client = new BenchClient(port, 1)
  const post = (path: string, body?: object) => client.post(`/api/v1${path}`, body, authorization)
  await post('/repositories', { name: 'bench', type: 'catalog' })
  await post('/packagerevisions', {
    repository: 'bench',
    package: 'app',
    workspace: 'w1',
    source: { init: {} },
  })
  await post('/packagerevisions/bench.app.w1/propose')
  await post('/packagerevisions/bench.app.w1/approve')
  client.close()
}

async function registryToken(server: BenchServer, authorization: string): Promise<string> {
  const url = `${urlOf(server)}/auth/token?scope=repository:bench/app:pull`
  const response = await fetch(url, { headers: { Authorization: authorization } })
  return ((await response.json()) as { token: string }).token
}
