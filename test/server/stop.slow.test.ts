/** How a server stops: it finishes the requests it has accepted, and takes no more. */
import { execFileSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { Agent, type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { lockFolder } from '../../src/database/sqlite/folder-lock.ts'
import { type ServerProcess, startServer } from '../support/process.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { until } from '../support/until.ts'

type Outcome = { id: string; workspace: string; status?: number; failure?: string }

/** Makes drafts, one after the other, until the server refuses connections. */
async function keepCreating(url: URL, client: number, agent: Agent, outcomes: Outcome[]): Promise<void> {
  for (let at = 0; ; at++) {
    const id = `client-${client}-${at}`
    const workspace = `c${client}-w${at}`
    const body = JSON.stringify({ repository: 'blueprints', package: 'p', workspace, source: { init: {} } })
    const outcome: Outcome = { id, workspace, ...(await post(url, body, id, agent)) }
    outcomes.push(outcome)
    if (outcome.failure) return
  }
}

function post(
  url: URL,
  body: string,
  id: string,
  agent: Agent,
): Promise<{ status: number } | { failure: string }> {
  return new Promise((resolve) => {
    const headers = {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
      'X-Request-Id': id,
    }
    const sent = request(new URL('/api/v1/packagerevisions', url), { method: 'POST', headers, agent })
    sent.on('error', (error: NodeJS.ErrnoException) => resolve({ failure: error.code ?? error.message }))
    sent.on('response', (response: IncomingMessage) => {
      response.resume()
      response.on('error', (error) => resolve({ failure: `in the answer: ${error.message}` }))
      response.on('end', () => resolve({ status: response.statusCode ?? 0 }))
    })
    sent.end(body)
  })
}

function logged(server: ServerProcess): Map<string, number> {
  const lines = server
    .log()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  return new Map(lines.filter(({ msg }) => msg === 'request').map((line) => [line.requestId, line.status]))
}

const CLIENTS = 16

describe('a server that gets a signal to stop under load', () => {
  it.each([
    ['keeps connections', true],
    ['makes a connection for each request', false],
  ])(
    'answers every request it has accepted, and keeps what it acknowledged: a client that %s',
    async (_, keepAlive) => {
      const data = await temporaryFolder()
      const server = await startServer(data)
      await server.client.createRepository()
      const agent = new Agent({ keepAlive })
      const outcomes: Outcome[] = []
      const made = () => outcomes.filter(({ status }) => status === 201).length
      const clients = Array.from({ length: CLIENTS }, (_, at) =>
        keepCreating(server.url, at, agent, outcomes),
      )
      await until(() => made() > 4 * CLIENTS)
      expect(await server.stop()).toBe(0)
      await Promise.all(clients)
      agent.destroy()

      // Each accepted request was answered with the status in the log.
      const requests = logged(server)
      const accepted = outcomes.filter(({ id }) => requests.has(id))
      expect(accepted.length).toBeGreaterThan(4 * CLIENTS)
      for (const { id, status } of accepted) expect(status, id).toBe(requests.get(id))
      expect(server.log()).not.toContain('"level":50')

      const again = await startServer(data)
      const kept = new Set<string>()
      let token = ''
      do {
        const page = await again.client.ok('GET', `/packagerevisions?limit=1000${token}`)
        for (const { workspace } of page.items) kept.add(workspace)
        token = page.continue ? `&continue=${page.continue}` : ''
      } while (token)
      for (const { workspace, status } of outcomes) {
        expect(kept.has(workspace), `${workspace} ${status}`).toBe(status === 201)
      }
      await again.stop()
    },
  )
})

describe('a server that gets a signal to stop', () => {
  it('first tells load balancers that it is not ready, and serves on for --stop-delay', async () => {
    const server = await startServer(await temporaryFolder(), ['--stop-delay', '3s'])
    const ready = async () => (await server.client.send('/readyz')).status
    expect(await ready()).toBe(200)
    const stopped = server.stop()
    await until(async () => (await ready()) === 503)
    const unready = await server.client.send('/readyz')
    expect(unready.status).toBe(503)
    expect(unready.headers.get('Connection')).toBe('close')
    expect(await unready.json()).toMatchObject({
      status: 'not ready',
      parts: expect.arrayContaining([
        { name: 'server', status: 'failed', message: expect.stringContaining('is stopping') },
      ]),
    })
    await server.client.createRepository()
    expect(await stopped).toBe(0)
  })

  it('exits at once on a second signal of either kind', async () => {
    const server = await startServer(await temporaryFolder(), ['--stop-delay', '1h'])
    const stopped = server.stop('SIGTERM')
    await expect.poll(async () => (await server.client.send('/readyz')).status).toBe(503)
    expect(await server.stop('SIGINT')).toBe('SIGINT')
    expect(await stopped).toBe('SIGINT')
  })
})

/** The write end of a pipe that nothing reads. */
async function stuckPipe(): Promise<number> {
  const path = join(await temporaryFolder(), 'pipe')
  execFileSync('mkfifo', [path])
  const end = openSync(path, 'r+')
  onTestFinished(() => closeSync(end))
  return end
}

describe('a server that npm runs', () => {
  it.each([
    ['npm start', ['npm', 'start', '--']],
    ['npm run pkgserver', ['npm', 'run', 'pkgserver', '--', 'serve']],
  ])('stops when npm gets a signal to stop: %s', async (_, command) => {
    const data = await temporaryFolder()
    const server = await startServer(data, [], {}, { command })
    expect(await server.stop()).toBe(0)
    // The server has it while it runs.
    lockFolder(data).release()
  })
})

describe('a server whose log is not read', () => {
  it.each([
    ['a pipe', stuckPipe],
    ['a socket', async () => 'pipe' as const],
  ])('answers, and ends when it gets a signal to stop: %s', async (_, stderr) => {
    const server = await startServer(await temporaryFolder(), [], {}, { stderr: await stderr() })
    server.process.stderr?.pause()
    // A multiple of what a pipe or a socket holds.
    const path = `/api/v1/${'x'.repeat(1000)}`
    for (let at = 0; at < 1000; at++) expect((await server.client.send(path)).status).toBe(404)
    expect(await server.stop()).toBe(0)
  })

  it('says how many lines were dropped once it is read again', async () => {
    const server = await startServer(await temporaryFolder(), ['--log-level', 'debug'])
    server.process.stderr?.pause()
    const path = `/api/v1/${'x'.repeat(4000)}`
    const asked = 3000
    for (let at = 0; at < asked; at++) await server.client.send(path)
    server.process.stderr?.resume()
    await expect.poll(server.log).toContain('log lines were dropped')
    expect(await server.stop()).toBe(0)
    const lines = server
      .log()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    const requests = lines.filter(({ msg }) => msg === 'request').length
    const { dropped } = lines.find((line) => line.dropped)
    expect(requests).toBeLessThan(asked)
    expect(requests + dropped).toBe(asked)
  })
})
