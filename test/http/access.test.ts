import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { pino } from 'pino'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { AccessPolicy } from '../../src/http/access.ts'
import type { Scope } from '../../src/http/scope.ts'
import { createApp } from '../../src/server/app.ts'
import { memoryComponents } from '../../src/server/components.ts'
import { Client } from '../support/client.ts'
import { serving } from '../support/listening.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`

describe('the scopes that a request needs', () => {
  it.each([
    ['GET', '/v2/', []],
    ['GET', '/v2/_catalog', ['pull *']],
    ['HEAD', '/v2/blueprints/nf/upf/manifests/latest', ['pull blueprints/nf/upf']],
    ['PUT', '/v2/a/manifests/v1', ['push a']],
    ['DELETE', `/v2/a/manifests/${DIGEST}`, ['delete a']],
    ['GET', `/v2/a/blobs/${DIGEST}`, ['pull a']],
    ['DELETE', `/v2/a/blobs/${DIGEST}`, ['delete a']],
    ['POST', '/v2/a/b/blobs/uploads/', ['push a/b']],
    ['POST', `/v2/a/blobs/uploads/?mount=${DIGEST}&from=c/d`, ['push a', 'pull c/d']],
    // Names of parameters may be encoded; the first one counts, for the handler too.
    ['POST', `/v2/a/blobs/uploads/?mount=${DIGEST}&fr%6Fm=e/f&from=c/d`, ['push a', 'pull e/f']],
    ['PATCH', '/v2/a/blobs/uploads/some-id', ['push a']],
    ['DELETE', '/v2/a/manifests/blobs/uploads/some-id', ['push a/manifests']],
    ['GET', '/v2/a/blobs/uploads/some-id', ['push a']],
    ['DELETE', '/v2/a/blobs/uploads/some-id', ['push a']],
    ['GET', '/v2/a/tags/list?n=5', ['pull a']],
    ['GET', `/v2/a/referrers/${DIGEST}`, ['pull a']],
    ['GET', '/v2/a/manifests/b/manifests/latest', ['pull a/manifests/b']],
    ['GET', '/v2/team%2Fa/manifests/latest', ['pull team/a']],
    ['GET', '/api/v1/packages', ['pull *']],
    ['GET', '/api/v1/packages?repository=blueprints', ['pull blueprints/*']],
    ['GET', '/api/v1/packagerevisions?repository=blueprints&package=nf/upf', ['pull blueprints/nf/upf']],
    ['GET', '/api/v1/packagerevisions/blueprints.nf.upf.ws1/resources', ['pull blueprints/nf/upf']],
    ['POST', '/api/v1/packagerevisions/blueprints.nf.upf.ws1/approve', ['push blueprints/nf/upf']],
    ['DELETE', '/api/v1/packagerevisions/blueprints.nf.upf.ws1', ['delete blueprints/nf/upf']],
    ['GET', '/api/v1/packagerevisions/blueprints.nf.upf.ws1/downstreams', ['pull blueprints/nf/upf']],
    ['GET', '/api/v1/packages/blueprints/nf/upf/graph', ['pull blueprints/nf/upf']],
    ['GET', '/api/v1/packages/blueprints/nf%2Fgraph/graph?depth=1', ['pull blueprints/nf/graph']],
    ['PATCH', '/api/v1/repositories/blueprints', ['push blueprints']],
    ['POST', '/api/v1/repositories/blueprints/sync', ['push blueprints']],
    ['DELETE', '/api/v1/repositories/blueprints', ['delete blueprints']],
    ['GET', '/api/v1/packagerevisions?watch=true', ['pull *']],
    ['GET', '/api/v1/packagerevisions?watch=true&repository=a&package=b', ['pull a/b']],
    ['GET', '/api/v1/webhooks', ['push *']],
    ['POST', '/api/v1/webhooks', ['push *']],
    ['DELETE', '/api/v1/webhooks/ci', ['push *']],
    ['GET', '/api/v1/webhooks/ci/deliveries', ['push *']],
    ['POST', '/api/v1/garbage-collections', ['delete *']],
    ['GET', '/api/v1/jobs', ['pull *']],
    ['GET', '/api/v1/jobs/17/events', ['pull *']],
    ['POST', '/api/v1/jobs/17/cancel', ['push *']],
    // Their target is in the body: the handlers ask for it.
    ['POST', '/api/v1/packagerevisions', []],
    ['POST', '/api/v1/repositories', []],
    ['POST', '/api/v1/clones', []],
    ['POST', '/api/v1/upgrades', []],
    ['GET', '/healthz', []],
  ])('%s %s', async (method, path, expected) => {
    const scopes: string[] = []
    const client = await clientUnder(async (_actor, { action, repository }) => {
      scopes.push(`${action} ${repository}`)
      return undefined
    })
    await (await client.send(path, { method })).body?.cancel()
    expect(scopes).toEqual(expected)
  })
})

describe('a policy that refuses everything', () => {
  it.each([
    ['GET', '/v%32/secret/manifests/latest', 'pull secret'],
    ['GET', '/v2/secret/manifests/x#/manifests/y', 'pull secret'],
    ['GET', '/v2/secret/manifests/x?/manifests/y', 'pull secret'],
    ['GET', '/v2/sec%72et/tags/list', 'pull secret'],
    ['GET', '/v2/secret%2Fa/t%61gs/list', 'pull secret/a'],
    ['GET', '/v2/secret/tags%2Flist/tags/list', 'pull secret/tags/list'],
    ['GET', '/v2/x/../secret/tags/list', 'pull secret'],
    ['GET', '/v2/x/%2e%2E/secret/tags/list', 'pull secret'],
    ['PUT', '/%76%32/secret/manifests/x', 'push secret'],
    ['GET', '/%61pi/v1/packagerevisions/secret.a.b', 'pull secret/a'],
    ['GET', '/api/v1/packagerevisions/secret%2Ea.b/resources', 'pull secret/a'],
    ['GET', '/api/v1/packagerevisions/secret.a.b/resources/x%2Fy', 'pull secret/a'],
    ['POST', '/api/v1/%70ackagerevisions/secret.a.b/propose', 'push secret/a'],
    ['POST', '/api/v1/packagerevisions/secret.a.b/%70ropose', 'push secret/a'],
    ['GET', '/api/v1/packages/secret/a/gr%61ph', 'pull secret/a'],
    ['GET', '/api/v1/packages/secret/a%2Fgraph/graph#/x/graph', 'pull secret/a/graph'],
    ['GET', '/api/v1/packages?repository=secret&repo%73itory=open', 'pull secret/*'],
    ['GET', 'http://localhost/v%32/secret/tags/list', 'pull secret'],
  ])('is asked about what is served: %s %s', async (method, path, expected) => {
    const asked: string[] = []
    const parts = await memoryComponents(pino({ level: 'silent' }))
    onTestFinished(() => parts.close())
    const { hono } = await createApp(parts, new URL('http://localhost'), async (_actor, scope) => {
      asked.push(`${scope.action} ${scope.repository}`)
      return 'no'
    })
    const { hostname, port } = await serving(hono)
    const sent = request({ hostname, port, method, path, agent: false })
    const [response] = (await once(sent.end(), 'response')) as [IncomingMessage]
    response.resume()
    expect({ status: response.statusCode, asked }).toEqual({ status: 403, asked: [expected] })
  })
})

async function clientUnder(policy: AccessPolicy): Promise<Client> {
  const parts = await memoryComponents(pino({ level: 'silent' }))
  onTestFinished(() => parts.close())
  const { hono } = await createApp(parts, new URL('http://localhost:8080'), policy)
  return new Client(async (path, init) => hono.request(path, init))
}

describe('a policy', () => {
  it('can refuse pushes and deletions through /v2 and REST, and still allow pulls', async () => {
    const asked: Scope[] = []
    let closed = false
    const client = await clientUnder(async (actor, scope) => {
      asked.push(scope)
      return closed && scope.action !== 'pull' ? `${actor.name} may not ${scope.action}` : undefined
    })
    await client.createRepository()
    const { name } = await client.publish('ws1')
    closed = true

    const refused = [
      await client.call('POST', '/repositories', { name: 'more', type: 'catalog' }),
      await client.call('POST', '/packagerevisions', {
        repository: 'blueprints',
        package: 'nf/upf',
        workspace: 'ws2',
        source: { init: {} },
      }),
      await client.call('POST', `/packagerevisions/${name}/propose-deletion`),
      await client.call('POST', '/garbage-collections', {}),
    ]
    for (const { status, body } of refused) {
      expect(status).toBe(403)
      expect(body).toMatchObject({ code: 'forbidden', detail: expect.stringContaining('anonymous may not') })
    }
    expect(asked).toContainEqual({ repository: 'more', action: 'push' })
    for (const [method, path] of [
      ['POST', '/v2/a/blobs/uploads/'],
      ['PUT', '/v2/a/manifests/v1'],
      ['DELETE', '/v2/blueprints/nf/upf/manifests/v1'],
    ] as const) {
      const response = await client.send(path, { method })
      expect(response.status).toBe(403)
      expect(await response.json()).toMatchObject({ errors: [{ code: 'DENIED' }] })
    }
    expect((await client.get(name)).lifecycle).toBe('Published')
    expect(await client.resolve('v1')).toMatch(/^sha256:/)
    expect(await client.tags()).toEqual(['latest', 'v1', 'v1.0.0'])
  })

  it('is also asked for the package that a revision is compared with, before a response discloses anything about it', async () => {
    let hidden = ''
    const client = await clientUnder(async (_actor, { repository, action }) =>
      repository === hidden && action === 'pull' ? `${repository} is hidden` : undefined,
    )
    await client.createRepository()
    const { name } = await client.publish('ws1')
    const { name: other } = await client.publish('ws1', { init: {} }, { package: 'nf/smf' })
    hidden = 'blueprints/nf/smf'
    for (const against of [other, 'blueprints.nf.smf.gone']) {
      const refused = await client.call('GET', `/packagerevisions/${name}/diff?against=${against}`)
      expect(refused).toMatchObject({ status: 403, body: { code: 'forbidden' } })
    }
    hidden = ''
    await client.ok('GET', `/packagerevisions/${name}/diff?against=${other}`)
  })

  it('refuses to copy or clone files that the caller may not read', async () => {
    let closed = false
    const client = await clientUnder(async (_actor, { repository, action }) => {
      const secret = closed && action === 'pull' && repository === 'blueprints/nf/upf'
      return secret ? 'it is secret' : undefined
    })
    await client.createRepository()
    const { name } = await client.publish('ws1')
    closed = true
    for (const source of [
      { copy: { from: name } },
      { clone: { upstream: name } },
      { clone: { upstream: { repository: 'blueprints', package: 'nf/upf' } } },
    ]) {
      const answer = await client.call('POST', '/packagerevisions', {
        repository: 'blueprints',
        package: 'nf/other',
        workspace: 'ws1',
        source,
      })
      expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden', detail: 'it is secret' } })
    }
    for (const path of [`/packagerevisions/${name}/downstreams`, '/packages/blueprints/nf/upf/graph']) {
      expect((await client.send(`/api/v1${path}`)).status).toBe(403)
    }
  })
})
