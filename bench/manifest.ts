/** GETs of a manifest by its tag, which every cluster makes every few seconds. */
import { BenchClient } from './client.ts'
import { startServer } from './server.ts'
import type { Row } from './statistics.ts'
import { CONNECTIONS, hasWrk, requestsPerSecond } from './wrk.ts'

const LOAD = { seconds: 5 }
const RUNS = 5

export async function benchManifest(): Promise<Row[]> {
  if (!(await hasWrk('manifests by tag'))) return []
  const server = await startServer()
  const client = new BenchClient(server.port, 1)
  try {
    await client.post('/api/v1/repositories', { name: 'bench', type: 'catalog' })
    const revision = { repository: 'bench', package: 'app', workspace: 'w1', source: { init: {} } }
    await client.post('/api/v1/packagerevisions', revision)
    await client.post('/api/v1/packagerevisions/bench.app.w1/propose')
    await client.post('/api/v1/packagerevisions/bench.app.w1/approve')
    const url = `http://127.0.0.1:${server.port}/v2/bench/app/manifests/latest`
    await requestsPerSecond(url, LOAD)
    const runs: number[] = []
    for (let i = 0; i < RUNS; i++) runs.push(await requestsPerSecond(url, LOAD))
    return [{ what: `GET of a manifest by tag, ${CONNECTIONS} connections`, unit: '/s', runs, goal: 10_000 }]
  } finally {
    client.close()
    await server.stop()
  }
}
