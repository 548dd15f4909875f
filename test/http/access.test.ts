import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { Client } from '../support/client.ts'
import { serving } from '../support/listening.ts'
import { protectedApp } from '../support/protected-app.ts'
import { watch } from '../support/watch.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`

/** Sends a request as a user without rights. */
async function appWithoutRights() {
  const app = await protectedApp()
  const headers = { Authorization: `Bearer ${await app.tokenOf('eve')}` }
  return { hono: app.hono, headers }
}

/** What an answer says that the caller lacks; its status if it says nothing of that kind. */
function lacking(status: number, body: string): string | number {
  const [, permission, place] =
    /needs the permission ([\w.]+)(?: for ([^ ,"]+))?, which (?:the token of eve, or )?eve,? lacks/.exec(
      body,
    ) ?? []
  const [, hidden] = /there is no ([^ ,"]+), or eve may not read it/.exec(body) ?? []
  if (status === 403 && permission) return [permission, place].filter(Boolean).join(' ')
  return status === 404 && hidden ? `read ${hidden}` : status
}

describe('what a request needs', () => {
  it.each([
    ['GET', '/v2/', 200],
    ['GET', '/v2/_catalog', 200],
    ['GET', '/v2/blueprints/nf/upf/manifests/latest', 'read blueprints/nf/upf'],
    ['PUT', '/v2/a/manifests/v1', 'push a'],
    ['DELETE', `/v2/a/manifests/${DIGEST}`, 'delete a'],
    ['GET', `/v2/a/blobs/${DIGEST}`, 'read a'],
    ['DELETE', `/v2/a/blobs/${DIGEST}`, 'delete a'],
    ['POST', '/v2/a/b/blobs/uploads/', 'push a/b'],
    ['PATCH', '/v2/a/blobs/uploads/some-id', 'push a'],
    ['DELETE', '/v2/a/manifests/blobs/uploads/some-id', 'push a/manifests'],
    ['GET', '/v2/a/blobs/uploads/some-id', 'push a'],
    ['DELETE', '/v2/a/blobs/uploads/some-id', 'push a'],
    ['GET', '/v2/a/tags/list?n=5', 'read a'],
    ['GET', `/v2/a/referrers/${DIGEST}`, 'read a'],
    ['GET', '/v2/a/manifests/b/manifests/latest', 'read a/manifests/b'],
    ['GET', '/v2/team%2Fa/manifests/latest', 'read team/a'],
    ['GET', '/api/v1/packages', 200],
    ['GET', '/api/v1/packages?repository=blueprints', 200],
    ['GET', '/api/v1/packagerevisions?repository=blueprints&package=nf/upf', 200],
    ['GET', '/api/v1/packagerevisions/blueprints.nf.upf.ws1/resources', 'read blueprints.nf.upf.ws1'],
    ['POST', '/api/v1/packagerevisions/blueprints.nf.upf.ws1/propose', 'propose blueprints/nf/upf'],
    ['POST', '/api/v1/packagerevisions/blueprints.nf.upf.ws1/approve', 'review blueprints/nf/upf'],
    ['POST', '/api/v1/packagerevisions/blueprints.nf.upf.ws1/reject', 'review blueprints/nf/upf'],
    ['DELETE', '/api/v1/packagerevisions/blueprints.nf.upf.ws1', 'draft blueprints/nf/upf'],
    ['GET', '/api/v1/packages/blueprints/nf/upf/graph', 'read blueprints/nf/upf'],
    ['GET', '/api/v1/packages/blueprints/nf%2Fgraph/graph?depth=1', 'read blueprints/nf/graph'],
    ['PATCH', '/api/v1/repositories/blueprints', 'admin blueprints'],
    ['POST', '/api/v1/repositories/blueprints/sync', 'publish blueprints'],
    ['DELETE', '/api/v1/repositories/blueprints', 'admin blueprints'],
    ['GET', '/api/v1/webhooks', 'admin'],
    ['DELETE', '/api/v1/webhooks/ci', 'admin'],
    ['POST', '/api/v1/garbage-collections', 'server.operate'],
    ['GET', '/metrics', 'server.operate'],
    ['GET', '/api/v1/jobs', 200],
    ['POST', '/api/v1/jobs/17/cancel', 'draft'],
    // Their target is in the body: who may do it nowhere is refused at once.
    ['POST', '/api/v1/packagerevisions', 'draft'],
    ['POST', '/api/v1/repositories', 'admin'],
    ['POST', '/api/v1/clones', 'draft'],
    ['POST', '/api/v1/upgrades', 'draft'],
    ['GET', '/healthz', 200],
  ])('%s %s', async (method, path, expected) => {
    const { hono, headers } = await appWithoutRights()
    const response = await hono.request(path, { method, headers })
    expect(lacking(response.status, await response.text())).toBe(expected)
  })
})

describe('5. path tricks: the policy', () => {
  it.each([
    ['GET', '/v%32/secret/manifests/latest', 'read secret'],
    ['GET', '/v2/secret/manifests/x#/manifests/y', 'read secret'],
    ['GET', '/v2/secret/manifests/x?/manifests/y', 'read secret'],
    ['GET', '/v2/sec%72et/tags/list', 'read secret'],
    ['GET', '/v2/secret%2Fa/t%61gs/list', 'read secret/a'],
    ['GET', '/v2/secret/tags%2Flist/tags/list', 'read secret/tags/list'],
    ['GET', '/v2/x/../secret/tags/list', 'read secret'],
    ['GET', '/v2/x/%2e%2E/secret/tags/list', 'read secret'],
    ['GET', '/v2//secret/tags/list', 'read /secret'],
    ['GET', '/v2/secret./tags/list', 'read secret.'],
    ['GET', '/v2/SECRET/tags/list', 'read SECRET'],
    ['GET', '/v2/secret%00/tags/list', 'read secret\\u0000'],
    ['PUT', '/%76%32/secret/manifests/x', 'push secret'],
    ['GET', '/%61pi/v1/packagerevisions/secret.a.b', 'read secret.a.b'],
    ['GET', '/api/v1/packagerevisions/secret%2Ea.b/resources', 'read secret.a.b'],
    ['GET', '/api/v1/packagerevisions/secret.a.b/resources/x%2Fy', 'read secret.a.b'],
    ['POST', '/api/v1/%70ackagerevisions/secret.a.b/propose', 'propose secret/a'],
    ['POST', '/api/v1/packagerevisions/secret.a.b/%70ropose', 'propose secret/a'],
    ['GET', '/api/v1/packages/secret/a/gr%61ph', 'read secret/a'],
    ['GET', '/api/v1/packages/secret/a%2Fgraph/graph#/x/graph', 'read secret/a/graph'],
    ['DELETE', '/api/v1/repositories/s%65cret', 'admin secret'],
    ['DELETE', '/api/v1/repositories/secret%252F', 'admin secret%2F'],
    ['GET', 'http://localhost/v%32/secret/tags/list', 'read secret'],
  ])('decides about what is served: %s %s', async (method, path, expected) => {
    const { hono, headers } = await appWithoutRights()
    const { hostname, port } = await serving(hono)
    const sent = request({ hostname, port, method, path, headers, agent: false })
    const [response] = (await once(sent.end(), 'response')) as [IncomingMessage]
    expect(lacking(response.statusCode ?? 0, await text(response))).toBe(expected)
  })
})

describe('a reader', () => {
  it('is refused pushes and deletions through /v2 and REST, and pulls', async () => {
    const app = await protectedApp()
    const admin = await app.user('ann', 'admin')
    await admin.createRepository()
    const { name } = await admin.publish('ws1')
    const reader = await app.user('eve', 'reader', '*')
    const draft = { repository: 'blueprints', package: 'nf/upf', workspace: 'ws2', source: { init: {} } }
    for (const [method, path, body, permission] of [
      ['POST', '/repositories', { name: 'more', type: 'catalog' }, 'admin'],
      ['POST', '/packagerevisions', draft, 'draft'],
      ['POST', `/packagerevisions/${name}/propose-deletion`, undefined, 'propose'],
      ['POST', '/garbage-collections', {}, 'server.operate'],
    ] as const) {
      const { status, body: answer } = await reader.call(method, path, body)
      expect(status).toBe(403)
      expect(answer).toMatchObject({
        code: 'forbidden',
        detail: expect.stringContaining(`the permission ${permission}`),
      })
    }
    for (const [method, path] of [
      ['POST', '/v2/a/blobs/uploads/'],
      ['PUT', '/v2/a/manifests/v1'],
      ['DELETE', '/v2/blueprints/nf/upf/manifests/v1'],
    ] as const) {
      const response = await reader.send(path, { method })
      expect(response.status).toBe(403)
      expect(await response.json()).toMatchObject({ errors: [{ code: 'DENIED' }] })
    }
    expect((await reader.get(name)).lifecycle).toBe('Published')
    expect(await reader.resolve('v1')).toMatch(/^sha256:/)
    expect(await reader.tags()).toEqual(['latest', 'v1', 'v1.0.0'])
  })

  it('11. confused deputy: compares, copies, clones, upgrades and syncs nothing that is hidden from it', async () => {
    const app = await protectedApp()
    const admin = await app.user('ann', 'admin')
    await admin.createRepository()
    const { name } = await admin.publish('ws1')
    const { name: secret } = await admin.publish('ws1', { init: {} }, { package: 'secret/smf' })
    const author = await app.user('eve', 'author', 'blueprints/nf/**')

    for (const against of [secret, 'blueprints.secret.smf.gone']) {
      const refused = await author.call('GET', `/packagerevisions/${name}/diff?against=${against}`)
      expect(refused).toMatchObject({ status: 404, body: { code: 'not_found' } })
      expect(refused.body.detail).toBe(`there is no ${against}, or eve may not read it`)
    }
    for (const source of [
      { copy: { from: secret } },
      { clone: { upstream: secret } },
      { clone: { upstream: { repository: 'blueprints', package: 'secret/smf' } } },
      { upgrade: { from: secret } },
      { upgrade: { from: 'blueprints.secret.smf.gone' } },
      { upgrade: { to: secret } },
    ]) {
      const draft = { repository: 'blueprints', package: 'nf/other', workspace: 'ws1', source }
      expect(await author.call('POST', '/packagerevisions', draft)).toMatchObject({
        status: 404,
        body: { code: 'not_found' },
      })
    }
    for (const path of [`/packagerevisions/${secret}/downstreams`, '/packages/blueprints/secret/smf/graph']) {
      expect((await author.send(`/api/v1${path}`)).status).toBe(404)
    }
    await author.createDraft('ws1', { clone: { upstream: name } }, { package: 'nf/other' })
    await app.bind({ kind: 'user', name: 'eve' }, 'repository-admin', 'mirror')
    const mirror = { name: 'mirror', type: 'catalog', source: { url: 'oci://localhost:8080/blueprints' } }
    expect(await author.call('POST', '/repositories', mirror)).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining("this server's own registry") },
    })
  })

  it('sees no draft, and learns not even its name', async () => {
    const app = await protectedApp()
    const admin = await app.user('ann', 'admin')
    await admin.createRepository()
    await admin.publish('ws1')
    const { name } = await admin.createDraft('ws2')
    const reader = await app.user('eve', 'reader', '*')
    const answers = async (revision: string) => {
      const found = await reader.call('GET', `/packagerevisions/${revision}`)
      return { status: found.status, text: found.text.replaceAll(revision, 'X') }
    }
    expect(await answers(name)).toEqual(await answers('blueprints.nf.upf.ws3'))
    expect((await answers(name)).status).toBe(404)
    await admin.verb(name, 'propose')
    expect((await answers(name)).status).toBe(404)
    await admin.verb(name, 'approve')
    expect((await answers(name)).status).toBe(200)
  })
})

describe('a caller without an account', () => {
  it('is asked to log in, whatever exists, unless all callers may read it', async () => {
    const app = await protectedApp()
    const admin = await app.user('ann', 'admin')
    await admin.createRepository()
    await admin.createRepository('public')
    await admin.publish('ws1')
    const { name } = await admin.publish('ws1', { init: {} }, { repository: 'public' })
    await app.bind({ kind: 'anonymous' }, 'reader', 'public')
    const { anonymous } = app
    expect((await anonymous.get(name)).name).toBe(name)
    const paths = [
      '/repositories/blueprints',
      '/repositories/nowhere',
      '/packagerevisions/blueprints.nf.upf.ws1',
    ]
    const answers = await Promise.all(paths.map((path) => anonymous.call('GET', path)))
    for (const { status, text: body } of answers) {
      expect({ status, body }).toEqual({ status: 401, body: answers[0]?.text })
    }
    expect(await anonymous.call('POST', `/packagerevisions/${name}/propose-deletion`)).toMatchObject({
      status: 401,
      body: { code: 'unauthenticated' },
    })
    expect((await anonymous.call('GET', '/packagerevisions/public.nf.upf.ws9')).status).toBe(404)
    expect((await anonymous.send('/v2/blueprints/nf/upf/tags/list')).status).toBe(401)
    expect((await anonymous.send('/v2/public/nf/upf/tags/list')).status).toBe(200)
  })
})

describe('a caller who deletes', () => {
  it('needs another permission for what was published than for drafts', async () => {
    const app = await protectedApp()
    const admin = await app.user('ann', 'admin')
    await admin.createRepository()
    const { name } = await admin.publish('ws1')
    await admin.verb(name, 'propose-deletion')
    const author = await app.user('eve', 'author', '*')
    const { name: draft } = await author.createDraft('ws2')
    const any = { 'If-Match': '*' }
    const refused = await author.call('DELETE', `/packagerevisions/${name}`, undefined, any)
    expect(refused).toMatchObject({
      status: 403,
      body: { detail: expect.stringContaining('the permission delete') },
    })
    await author.ok('DELETE', `/packagerevisions/${draft}`, undefined, any)
    const maintainer = await app.user('bob', 'maintainer', '*')
    await maintainer.ok('DELETE', `/packagerevisions/${name}`, undefined, any)
  })
})

describe('2. fail closed', () => {
  it('2. fail closed: refuses while the rights cannot be read, also streams and clients of the registry, and answers probes', async () => {
    const app = await protectedApp()
    const admin = await app.user('ann', 'admin')
    await admin.createRepository()
    await admin.publish('ws1')
    await app.bind({ kind: 'anonymous' }, 'reader', '*')
    const stream = await watch(admin)
    expect((await stream.next()).event).toBe('BOOKMARK')
    expect(await app.anonymous.resolve('v1')).toBeDefined()
    await app.parts.ctx.commits.run((transaction) => transaction.schema.dropTable('bindings').execute())
    // Forgets the policy in memory.
    await app.access.changing(async () => undefined)
    expect(await Promise.race([stream.ended(), setTimeout(2000, 'goes on')])).toBe(true)
    for (const client of [admin, app.anonymous]) {
      for (const path of ['/repositories', '/packagerevisions/a.b.c', '/webhooks']) {
        expect(await client.call('GET', path)).toMatchObject({ status: 503, body: { code: 'unavailable' } })
      }
      expect((await client.call('GET', '/packagerevisions?watch=true')).status).toBe(503)
      for (const path of ['tags/list', 'manifests/v1', `blobs/sha256:${'0'.repeat(64)}`])
        expect((await client.send(`/v2/blueprints/nf/upf/${path}`)).status).toBe(503)
      for (const path of ['/v2/', '/v2/_catalog', '/auth/token?scope=repository:blueprints/nf/upf:pull'])
        expect((await client.send(path)).status).toBe(503)
      const upload = await client.send('/v2/blueprints/nf/upf/blobs/uploads/', { method: 'POST' })
      expect(upload.status).toBe(503)
      expect((await client.send('/healthz')).status).toBe(200)
    }
  })

  it('2. fail closed: refuses all where a binding in the index is damaged', async () => {
    const app = await protectedApp()
    const admin = await app.user('ann', 'admin')
    await app.parts.ctx.commits.run((transaction) =>
      transaction.updateTable('bindings').set({ role: 'emperor' }).execute(),
    )
    // Forgets the policy in memory.
    await app.access.changing(async () => undefined)
    expect((await admin.call('GET', '/repositories')).status).toBe(503)
  })
})

it('answers everything to everybody while it is open', async () => {
  const app = await protectedApp('open-at-first')
  await app.anonymous.createRepository()
  const { name } = await app.anonymous.publish('ws1')
  expect((await app.anonymous.get(name)).lifecycle).toBe('Published')
  const client = new Client(app.anonymous.send)
  expect((await client.ok('GET', '/webhooks')).items).toEqual([])
})
