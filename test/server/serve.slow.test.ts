import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { type Application, serve } from '../../src/server/serve.ts'
import { folderServer } from '../support/app.ts'
import { runCommand, startServer } from '../support/process.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { until } from '../support/until.ts'

const NOTHING_TO_STOP = {
  announceStop: () => undefined,
  drain: () => undefined,
  report: () => undefined,
  close: async () => undefined,
}

describe('pkgserver serve', () => {
  it('prints its addresses, and commands that work', async () => {
    const data = join(await temporaryFolder(), 'made/by/it')
    const server = await startServer(data)
    const text = server.output()
    expect(text).toContain(`API            http://localhost:${server.url.port}/api/v1`)
    expect(text).toContain(`documentation  http://localhost:${server.url.port}/docs`)
    expect(text).toContain(
      `registry       localhost:${server.url.port} (http://localhost:${server.url.port}/v2/)`,
    )
    expect(text).toContain(`data           ${data}`)
    expect(existsSync(join(data, 'index.db'))).toBe(true)

    const curls = text.split('\n').filter((line) => line.startsWith('  curl '))
    expect(curls).toHaveLength(3)
    for (const line of curls) {
      const [, address = '', body] =
        /^ {2}curl (\S+)(?: -H 'Content-Type: application\/json' -d '(.*)')?$/.exec(line) ?? []
      const url = address.replace('localhost', '127.0.0.1')
      const init =
        body === undefined ? {} : { method: 'POST', body, headers: { 'Content-Type': 'application/json' } }
      const response = await fetch(url, init)
      expect(response.status, `${line}: ${await response.text()}`).toBeLessThan(300)
    }
    expect(await server.stop()).toBe(0)
  })

  it.each([
    ['127.0.0.1:0', 'localhost'],
    ['[::1]:0', '[::1]'],
    ['[::]:0', 'localhost'],
  ])('listens on %s, and says so', async (listen, host) => {
    const config = readConfig({ listen }, {})
    const application = { mount: async () => () => new Response('here') } as unknown as Application
    const server = await serve(config, { ...application, ...NOTHING_TO_STOP })
    onTestFinished(() => server.close())
    expect(server.url.hostname).toBe(host)
    const own = server.url.href.replace('localhost', listen.replace(/:0$/, ''))
    expect(await (await fetch(own)).text()).toBe('here')
  })

  it('logs each request as a line of JSON, without bodies', async () => {
    const server = await startServer(await temporaryFolder())
    await server.client.createRepository('very-secret')
    await server.client.send('/healthz')
    await server.stop()
    const lines = server
      .log()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.filter(({ msg }) => msg === 'request')).toEqual([
      expect.objectContaining({
        method: 'POST',
        path: '/api/v1/repositories',
        status: 201,
        requestId: expect.any(String),
        client: '127.0.0.1',
        userAgent: 'node',
      }),
    ])
    expect(server.log()).not.toContain('very-secret')
  })

  it('uses its public URL in references', async () => {
    const { client } = await folderServer({ 'public-url': 'https://packages.example.com' })
    await client.createRepository()
    expect((await client.createDraft('ws1')).artifact.reference).toBe(
      'packages.example.com/blueprints/nf/upf:draft-ws1',
    )
  })

  it('finishes the requests in flight when it gets a signal to stop', async () => {
    const server = await startServer(await temporaryFolder())
    await server.client.createRepository()
    const body = JSON.stringify({
      repository: 'blueprints',
      package: 'p',
      workspace: 'w',
      source: { init: {} },
    })
    const sending = request(new URL('/api/v1/packagerevisions', server.url), {
      method: 'POST',
      // The server says so once it has the head of the request.
      headers: { 'Content-Type': 'application/json', 'Content-Length': body.length, Expect: '100-continue' },
    })
    const answer = once(sending, 'response')
    const received = once(sending, 'continue')
    sending.flushHeaders()
    await received
    sending.write(body.slice(0, 10))
    const stopped = server.stop('SIGINT')
    await until(() =>
      server.client.send('/healthz').then(
        () => false,
        () => true,
      ),
    )
    sending.end(body.slice(10))
    const [response] = (await answer) as [IncomingMessage]
    expect(response.statusCode).toBe(201)
    response.resume()
    expect(await stopped).toBe(0)
  })

  it('refuses a data folder that another server uses', async () => {
    const data = await temporaryFolder()
    const server = await startServer(data)
    const second = await runCommand(['serve', '--listen', '127.0.0.1:0', '--data', data])
    expect(second).toMatchObject({
      code: 1,
      output: '',
      log: expect.stringContaining(`another pkgserver is using ${data}`),
    })
    await server.stop('SIGKILL')
    expect(await (await startServer(data)).stop()).toBe(0)
  })

  it('reports a port that is in use', async () => {
    const server = await startServer(await temporaryFolder())
    const second = await runCommand([
      'serve',
      '--listen',
      `127.0.0.1:${server.url.port}`,
      '--data',
      await temporaryFolder(),
    ])
    expect(second).toMatchObject({ code: 2, log: expect.stringMatching(/^pkgserver: .*EADDRINUSE/) })
  })
})

describe('the command line', () => {
  it('says in a sentence why a data folder cannot be used', async () => {
    const file = join(await temporaryFolder(), 'file')
    await writeFile(file, '')
    for (const data of [file, join(file, 'below')]) {
      const { code, log } = await runCommand(['serve', '--data', data])
      expect(code).toBe(2)
      expect(log).toMatch(/^pkgserver: E(EXIST|NOTDIR): .*\n$/)
    }
  })

  it('prints its usage and its version', async () => {
    for (const args of [[], ['--help'], ['serve', '--help']]) {
      const { code, output } = await runCommand(args)
      expect(code).toBe(0)
      expect(output).toMatch(/^Usage: pkgserver <command>/)
      for (const name of [
        '--listen',
        'PKGSERVER_DATA',
        '--public-url',
        'PKGSERVER_REGISTRY',
        '--blobs',
        'PKGSERVER_LOG_LEVEL',
      ]) {
        expect(output).toContain(name)
      }
    }
    expect(await runCommand(['version'])).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    })
  })

  it('reports unknown commands, flags and values in one line', async () => {
    expect(await runCommand(['dance'])).toMatchObject({
      code: 2,
      log: expect.stringContaining('there is no command "dance"'),
    })
    expect(await runCommand(['serve', '--colour', 'red'])).toMatchObject({
      code: 2,
      log: expect.stringMatching(/^pkgserver: .*--colour/),
    })
    expect(await runCommand(['serve'], { PKGSERVER_LISTEN: 'nowhere' })).toMatchObject({
      code: 2,
      log: expect.stringContaining('PKGSERVER_LISTEN (--listen) "nowhere": must be <host>:<port>'),
    })
  })
})
