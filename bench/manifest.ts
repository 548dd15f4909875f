/** What every cluster asks for every few seconds: a manifest by its tag, through /v2. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { BenchClient } from './client.ts'
import { startServer } from './server.ts'
import type { Row } from './statistics.ts'

const CONNECTIONS = 10
const SECONDS = 5
const RUNS = 5

const run = promisify(execFile)

export async function benchManifest(): Promise<Row[]> {
  if (!(await hasWrk())) {
    console.error('SKIPPED: manifests by tag. wrk makes the load, and is missing: apt-get install wrk')
    return []
  }
  const server = await startServer()
  const client = new BenchClient(server.port, 1)
  try {
    await client.post('/api/v1/repositories', { name: 'bench', type: 'catalog' })
    const revision = { repository: 'bench', package: 'app', workspace: 'w1', source: { init: {} } }
    await client.post('/api/v1/packagerevisions', revision)
    await client.post('/api/v1/packagerevisions/bench.app.w1/propose')
    await client.post('/api/v1/packagerevisions/bench.app.w1/approve')
    const url = `http://127.0.0.1:${server.port}/v2/bench/app/manifests/latest`
    await requestsPerSecond(url)
    const runs: number[] = []
    for (let i = 0; i < RUNS; i++) runs.push(await requestsPerSecond(url))
    return [{ what: `GET of a manifest by tag, ${CONNECTIONS} connections`, unit: '/s', runs, goal: 10_000 }]
  } finally {
    client.close()
    await server.stop()
  }
}

async function requestsPerSecond(url: string): Promise<number> {
  const { stdout } = await run('wrk', ['-t1', `-c${CONNECTIONS}`, `-d${SECONDS}s`, url])
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]
  if (rate === undefined || stdout.includes('Non-2xx')) throw new Error(`wrk failed:\n${stdout}`)
  return Number(rate)
}

async function hasWrk(): Promise<boolean> {
  return run('wrk', ['--version']).then(
    () => true,
    // It prints its version and ends with 1.
    (error: { code?: unknown }) => error.code === 1,
  )
}
