import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { CONNECTION_LIMITS, type ConnectionLimits } from '../../src/server/connections.ts'
import { serve } from '../../src/server/serve.ts'
import { until } from '../support/until.ts'

type Work = { path: string; finish: (answer: Response) => void }

/** A server whose requests are answered by the test. */
async function server(limits: Partial<ConnectionLimits> = {}, settings: Record<string, string> = {}) {
  const inWork: Work[] = []
  let ended = false
  const fetch = (request: Request) =>
    new Promise<Response>((finish) => {
      if (ended) finish(new Response())
      inWork.push({ path: new URL(request.url).pathname, finish })
    })
  const running = await serve(
    readConfig({ listen: '127.0.0.1:0' }, settings),
    {
      mount: async () => fetch,
      announceStop: () => undefined,
      drain: () => undefined,
      report: (error) => {
        throw error
      },
      close: async () => undefined,
    },
    undefined,
    { ...CONNECTION_LIMITS, ...limits },
  )
  onTestFinished(async () => {
    ended = true
    for (const { finish } of inWork) finish(new Response())
    await running.close()
  })
  const open = async () => {
    const socket = connect(running.port, '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    return socket
  }
  return { inWork, open }
}

function get(socket: Socket, ...paths: string[]): void {
  socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''))
}

/** Collects what the server sends. */
function received(socket: Socket): () => string {
  let text = ''
  socket.setEncoding('utf8').on('data', (more: string) => {
    text += more
  })
  return () => text
}

/** Sends requests on new connections until one is accepted, and disconnects when the first request is in work. */
async function tried(open: () => Promise<Socket>, inWork: Work[], ...paths: string[]): Promise<void> {
  await until(async () => {
    const socket = (await open()).resume()
    get(socket, ...paths)
    await until(() => socket.closed || inWork.some(({ path }) => path === paths[0]))
    const accepted = !socket.closed
    socket.destroy()
    return accepted
  })
}

const PATHS = Array.from({ length: 5000 }, (_, at) => `/${at}`)

describe('requests that a client sends without waiting for answers', () => {
  it('are worked on one after the other, and answered in order', async () => {
    const { inWork, open } = await server()
    const socket = await open()
    const answers = received(socket)
    get(socket, ...PATHS)
    let most = 0
    for (let done = 0; done < PATHS.length; ) {
      await setImmediate()
      most = Math.max(most, inWork.length)
      for (const { path, finish } of inWork.splice(0)) {
        finish(new Response(`<${path}>`))
        done++
      }
    }
    expect(most).toBe(1)
    await until(() => answers().includes(`<${PATHS.at(-1)}>`))
    expect(answers().match(/<[^>]+>/g)).toEqual(PATHS.map((path) => `<${path}>`))
  })

  it('wait until the answer before them is sent, however large it is', async () => {
    const { inWork, open } = await server()
    const socket = await open()
    socket.pause()
    get(socket, '/large', '/next')
    await until(() => inWork.length > 0)
    inWork.pop()?.finish(new Response(new Uint8Array(64 * 1024 * 1024)))
    // Another connection is served meanwhile.
    const other = await open()
    get(other, '/other')
    await until(() => inWork.length > 0)
    expect(inWork.map(({ path }) => path)).toEqual(['/other'])
    socket.resume()
    await until(() => inWork.length > 1)
    expect(inWork.map(({ path }) => path)).toEqual(['/other', '/next'])
  })

  it('are forgotten when the client disconnects', async () => {
    const { inWork, open } = await server({ waiting: 2 })
    for (const path of ['/1', '/2', '/3']) {
      // Until the server knows that the one before is gone.
      await tried(open, inWork, path, '/waits', '/waits')
    }
  })

  it('cost the client its connection when too many wait in all', async () => {
    const { inWork, open } = await server({ waiting: 10 })
    const few = await open()
    get(few, ...PATHS.slice(0, 5))
    await until(() => inWork.length === 1)
    const many = await open()
    get(many, ...PATHS.slice(0, 100))
    await once(many, 'close')
    expect(few.closed).toBe(false)
  })
})

describe('the connections of one client', () => {
  it('are limited, and one more is refused, to be tried later', async () => {
    const { inWork, open } = await server({ client: 2 })
    const [first] = [await open(), await open()]
    const third = await open()
    const answer = received(third)
    await once(third, 'close')
    expect(answer()).toMatch(/^HTTP\/1\.1 503 .*Retry-After: /s)
    if (first) get(first, '/1')
    await until(() => inWork.length === 1)
    first?.destroy()
    await tried(open, inWork, '/2')
  })

  it('are not limited behind a trusted proxy, which has those of many clients', async () => {
    const { inWork, open } = await server({ client: 1 }, { PKGSERVER_TRUSTED_PROXIES: '127.0.0.0/8' })
    for (const path of ['/1', '/2', '/3']) get(await open(), path)
    await until(() => inWork.length === 3)
  })
})

it('limits the connections of all clients', async () => {
  const { inWork, open } = await server({ all: 1 }, { PKGSERVER_TRUSTED_PROXIES: '127.0.0.0/8' })
  get(await open(), '/1')
  await until(() => inWork.length === 1)
  await once(await open(), 'close')
})
