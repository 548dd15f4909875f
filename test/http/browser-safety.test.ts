import { describe, expect, it } from 'vitest'
import { createApp } from '../../src/server/app.ts'
import { folderApp, memoryApp } from '../support/app.ts'

/** Proposes a draft through a URL and with some headers. Resolves to the status. */
async function propose(url: string, headers: Record<string, string>): Promise<number> {
  const { client } = await memoryApp()
  await client.createRepository()
  const { name } = await client.createDraft('ws1')
  const path = `/api/v1/packagerevisions/${name}/propose`
  const { status } = await client.send(url + path, { method: 'POST', headers })
  expect((await client.get(name)).lifecycle).toBe(status === 200 ? 'Proposed' : 'Draft')
  return status
}

const OWN = 'http://localhost:8080'

describe('changes requested through a browser', () => {
  it.each([
    ['another site', OWN, { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' }],
    ['another site that does not send its origin', OWN, { 'Sec-Fetch-Site': 'cross-site' }],
    [
      'another port of the same host',
      OWN,
      { 'Sec-Fetch-Site': 'same-site', Origin: 'http://localhost:9999' },
    ],
    ['another site, in an older browser', OWN, { Origin: 'http://localhost:9999' }],
    ['a sandbox', OWN, { Origin: 'null' }],
    [
      'a foreign name that resolves to this server',
      'http://evil.example',
      { Origin: 'http://evil.example', 'Sec-Fetch-Site': 'same-origin' },
    ],
    ['such a name without Origin', 'http://evil.example', { 'Sec-Fetch-Site': 'same-origin' }],
  ])('are refused from %s', async (_, url, headers) => {
    expect(await propose(url, headers as Record<string, string>)).toBe(403)
  })

  it.each([
    ['a page of this server', OWN, { 'Sec-Fetch-Site': 'same-origin', Origin: OWN }],
    ['the address bar', OWN, { 'Sec-Fetch-Site': 'none' }],
    ['a page of this server, in an older browser', OWN, { Origin: OWN }],
    ['a page of this server by its IP address', 'http://192.0.2.7:8080', { Origin: 'http://192.0.2.7:8080' }],
    [
      'a page of this server behind a proxy',
      'http://backend:1234',
      { Origin: OWN, 'Sec-Fetch-Site': 'same-origin' },
    ],
    ['a program, under any name', 'http://pkgserver.svc', {}],
  ])('are accepted from %s', async (_, url, headers) => {
    expect(await propose(url, headers as Record<string, string>)).toBe(200)
  })
})

it('refuses pushes from pages of other sites with an error of the registry', async () => {
  const { client } = await memoryApp()
  const headers = { 'Sec-Fetch-Site': 'cross-site' }
  const refused = await client.send('/v2/a/blobs/uploads/', { method: 'POST', headers })
  expect(refused.status).toBe(403)
  expect(await refused.json()).toMatchObject({ errors: [{ code: 'DENIED' }] })
})

it('allows links from pages of other sites', async () => {
  const { client } = await memoryApp()
  const { status } = await client.send('/docs', { headers: { 'Sec-Fetch-Site': 'cross-site' } })
  expect(status).toBe(200)
})

it('forbids browsers to guess the type of a file', async () => {
  const { client } = await memoryApp()
  await client.createRepository()
  const { name } = await client.createDraft('ws1')
  for (const path of [
    '/docs',
    `/api/v1/packagerevisions/${name}/resources/README.md`,
    '/v2/blueprints/nf/upf/manifests/draft-ws1',
    '/nowhere',
  ]) {
    const { headers } = await client.send(path)
    expect(headers.get('X-Content-Type-Options'), path).toBe('nosniff')
  }
})

describe('a server called by a name', () => {
  const READS = ['/', '/healthz', '/v2/', '/v2/a/tags/list', '/api/v1/repositories', '/nowhere']

  it.each([
    'evil.example',
    'evil.example:8080',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'pkgserver.svc.example',
    'svc.example',
    'rebind.local',
    'evil.example.',
  ])('that it does not know refuses reads, too: %s', async (host) => {
    const { client } = await memoryApp()
    for (const path of READS) {
      const answer = await client.send(`http://${host}${path}`)
      expect(answer.status, path).toBe(403)
      expect(await answer.text()).toContain('--hosts')
    }
  })

  it.each([
    'localhost:8080',
    'localhost.',
    'pkgserver',
    'pkgserver:9000',
    'pkgserver.localhost',
    'pkgserver.team.svc',
    'pkgserver.team.svc.cluster.local:80',
    'host.docker.internal:8080',
    '10.1.2.3',
    '[fd00::7]:8080',
  ])('that no other site can have answers: %s', async (host) => {
    const { client } = await memoryApp()
    expect((await client.send(`http://${host}/api/v1/repositories`)).status).toBe(200)
  })

  it.each([
    [{}, ['packages.example.com'], ['other.example.com']],
    [
      { PKGSERVER_HOSTS: 'one.example, Two.example:8443' },
      ['one.example:1', 'two.example:8443'],
      ['two.example'],
    ],
    [{ PKGSERVER_HOSTS: '*' }, ['any.example'], []],
    [{ PKGSERVER_LISTEN: 'own.example:8080' }, ['own.example'], ['two.example']],
  ])('answers to those in the settings: %j', async (settings, known, unknown) => {
    const { parts } = await folderApp(undefined, {
      ...(settings as Record<string, string>),
      PKGSERVER_AUTH: 'open',
    })
    const { hono } = await createApp(parts, new URL('https://packages.example.com'))
    const statusOf = async (host: string) => (await hono.request(`http://${host}/v2/`)).status
    expect(await Promise.all(known.map(statusOf))).toEqual(known.map(() => 200))
    expect(await Promise.all(unknown.map(statusOf))).toEqual(unknown.map(() => 403))
  })
})
