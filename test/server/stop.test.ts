/** How a server ends: what it has taken on it finishes, and nothing else. */
import { Agent, type IncomingMessage, request } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type ServerProcess, startServer } from '../support/process.ts'
import { temporaryFolder } from '../support/temporary.ts'

type Outcome = { id: string; workspace: string; status?: number; failure?: string }

/** Makes drafts, one after the other, until nobody listens any more. */
async function keepCreating(url: URL, client: number, agent: Agent): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (let at = 0; ; at++) {
    const id = `client-${client}-${at}`
    const workspace = `c${client}-w${at}`
    const body = JSON.stringify({ repository: 'blueprints', package: 'p', workspace, source: { init: {} } })
    const outcome: Outcome = { id, workspace, ...(await post(url, body, id, agent)) }
    outcomes.push(outcome)
    if (outcome.failure) return outcomes
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

describe('a server under load that is told to stop', () => {
  it.each([
    ['keeps connections', true],
    ['makes a connection for each request', false],
  ])(
    'answers all that it has taken on, and has what it acknowledged: a client that %s',
    async (_, keepAlive) => {
      const data = await temporaryFolder()
      const server = await startServer(data)
      await server.client.createRepository()
      const agent = new Agent({ keepAlive })
      const clients = Array.from({ length: 16 }, (_, at) => keepCreating(server.url, at, agent))
      await setTimeout(1000)
      expect(await server.stop()).toBe(0)
      const outcomes = (await Promise.all(clients)).flat()
      agent.destroy()

      const requests = logged(server)
      expect(outcomes.filter(({ status }) => status === 201).length).toBeGreaterThan(16)
      // Whom it has let in it has answered, and with what the log says.
      for (const { id, status } of outcomes) {
        if (requests.has(id)) expect(status, id).toBe(requests.get(id))
      }
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
    60_000,
  )
})

describe('a server that is told to stop', () => {
  it('says so to load balancers first, for as long as it is told to, and serves meanwhile', async () => {
    const server = await startServer(await temporaryFolder(), ['--stop-delay', '2s'])
    expect((await server.client.send('/readyz')).status).toBe(200)
    const stopped = server.stop()
    await setTimeout(500)
    const unready = await server.client.send('/readyz')
    expect(unready.status).toBe(503)
    expect(unready.headers.get('Connection')).toBe('close')
    expect(await unready.json()).toMatchObject({
      status: 'not ready',
      parts: expect.arrayContaining([
        { name: 'server', status: 'failed', message: expect.stringContaining('stops') },
      ]),
    })
    await server.client.createRepository()
    expect(await stopped).toBe(0)
  })

  it('ends at once when it is told a second time, in whatever way', async () => {
    const server = await startServer(await temporaryFolder(), ['--stop-delay', '1h'])
    const stopped = server.stop('SIGTERM')
    await expect.poll(async () => (await server.client.send('/readyz')).status).toBe(503)
    expect(await server.stop('SIGINT')).toBe('SIGINT')
    expect(await stopped).toBe('SIGINT')
  })
})
