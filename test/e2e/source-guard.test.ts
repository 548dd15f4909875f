/** A source leads the server to no address that the operator has not allowed, whatever the names in URLs. */
import type { RequestListener } from 'node:http'
import type { MiddlewareHandler } from 'hono'
import { expect, it } from 'vitest'
import { folderApp } from '../support/app.ts'
import type { Json } from '../support/client.ts'
import { files, register, sync } from '../support/discovery.ts'
import { elsewhere } from '../support/elsewhere.ts'
import { listening } from '../support/listening.ts'
import { resolving } from '../support/names.ts'

const NAME = 'evil.example'

/** Starts a server that must not be reached. Returns it under a name for its address. */
async function inside(): Promise<{ url: URL; asked: string[] }> {
  const asked: string[] = []
  const answer: RequestListener = (request, response) => {
    asked.push(`${request.method} ${request.url}`)
    response.end('{"token": "x"}')
  }
  const url = await listening(answer)
  return { url: new URL(`http://${NAME}:${url.port}`), asked }
}

it.each([
  '127.0.0.1',
  '10.1.2.3',
  '::1',
  '::ffff:127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b:1::a00:1',
  '2002:7f00:1::',
  '169.254.169.254',
])('is not filled from a name for %s', async (address) => {
  resolving({ [NAME]: () => address })
  const { url, asked } = await inside()
  const { client } = await folderApp()
  await register(client, { url }, { interval: '0' })
  const status = await sync(client)
  expect(status).toMatchObject({ state: 'Failed', revisions: 0 })
  expect(status.error).toContain(`${url.host} leads to ${address}, which is not a public address`)
  expect(status.error).toContain('PKGSERVER_SOURCE_HOSTS')
  expect(asked).toEqual([])
})

it('is not filled from a name whose address changes after a first look', async () => {
  const addresses = ['8.8.8.8', '127.0.0.1']
  resolving({ [NAME]: () => addresses.shift() ?? '127.0.0.1' })
  const { url, asked } = await inside()
  const { client } = await folderApp(undefined, {
    HTTP_PROXY: url.origin.replace(NAME, '127.0.0.1'),
    NO_PROXY: NAME,
  })
  await register(client, { url }, { interval: '0' })
  expect((await sync(client)).error).toContain('not a public address')
  expect(asked).toEqual([])
})

it('is filled from a name for a private address that the operator has named', async () => {
  resolving({ [NAME]: () => '127.0.0.1' })
  const there = await elsewhere()
  await there.flux('team/upf', 'v1.0.0', files(1))
  const url = new URL(`http://${NAME}:${there.url.port}`)
  for (const PKGSERVER_SOURCE_HOSTS of ['*', NAME, url.host]) {
    const { client, close } = await folderApp(undefined, { PKGSERVER_SOURCE_HOSTS })
    await register(client, { url }, { interval: '0' })
    expect(await sync(client), PKGSERVER_SOURCE_HOSTS).toMatchObject({ state: 'Succeeded', revisions: 1 })
    await close()
  }
})

const redirect =
  (what: RegExp, to: () => URL): MiddlewareHandler =>
  async (c, next) =>
    what.test(c.req.path) ? c.redirect(new URL('/secret?q=1', to()).href, 307) : next()
const challenge =
  (to: () => URL): MiddlewareHandler =>
  async (c) =>
    c.text('', 401, { 'WWW-Authenticate': `Bearer realm="${new URL('/secret?q=1', to())}"` })

it.each([
  ['redirects blobs to', (to: () => URL) => redirect(/\/blobs\//, to)],
  ['redirects manifests to', (to: () => URL) => redirect(/\/manifests\//, to)],
  ['names a token service under', challenge],
] as const)('does not follow a registry that %s a name for a private address', async (_, leading) => {
  resolving({ [NAME]: () => '127.0.0.1' })
  const { url, asked } = await inside()
  const there = await elsewhere([leading(() => url)])
  await there.flux('team/upf', 'v1.0.0', files(1))
  // Neither a registry that is named, nor "*", allows the hosts to which it leads.
  for (const PKGSERVER_SOURCE_HOSTS of [there.url.host, '*']) {
    const { client, close } = await folderApp(undefined, { PKGSERVER_SOURCE_HOSTS })
    await register(client, there, { packages: ['upf'], interval: '0' })
    const { state, problems } = await sync(client)
    expect(state).toBe('Failed')
    expect(problems.map(({ reason }: Json) => reason)).toEqual([
      expect.stringContaining('not a public address'),
    ])
    await close()
  }
  expect(asked).toEqual([])
  const { client } = await folderApp(undefined, { PKGSERVER_SOURCE_HOSTS: `${there.url.host},${NAME}` })
  await register(client, there, { packages: ['upf'], interval: '0' })
  await sync(client)
  expect(asked.length).toBeGreaterThan(0)
})
