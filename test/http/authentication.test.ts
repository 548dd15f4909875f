/** Who sends a request. The titles with numbers are the security tests that every version must pass. */
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { BlockList } from 'node:net'
import { describe, expect, it } from 'vitest'
import { SYSTEM } from '../../src/service/access/actor.ts'
import { newTokenText } from '../../src/service/access/token-text.ts'
import { revokeToken } from '../../src/service/accounts/revoke-token.ts'
import { rotateToken } from '../../src/service/accounts/rotate-token.ts'
import { updateUser } from '../../src/service/accounts/update-user.ts'
import { DAY } from '../support/access.ts'
import { serving } from '../support/listening.ts'
import { basic, bearer, type RequiredApp, requiredApp } from '../support/required-app.ts'

const MANIFEST = '/v2/blueprints/nf/upf/manifests/v1'
const PATHS = ['/api/v1/packagerevisions/blueprints.nf.upf.ws1', MANIFEST]

/** A server with the published package blueprints/nf/upf, and a user ann who may read and push everything. */
async function server(options: Parameters<typeof requiredApp>[0] = {}) {
  const at = await requiredApp(options)
  const admin = await at.account('admin')
  await at.bind(admin, 'admin')
  const { text } = await at.withToken(SYSTEM, {
    owner: admin,
    permissions: ['read', 'draft', 'propose', 'review', 'publish', 'push', 'admin', 'server.admin'],
  })
  const adminClient = at.clientWith(text)
  await adminClient.createRepository()
  await adminClient.publish('ws1')
  const ann = await at.user('ann')
  await at.bind({ kind: 'user', name: 'ann' }, 'publisher', '*')
  return { ...at, adminClient, ann }
}

async function registryToken(at: RequiredApp, authorization: string | undefined, ...scopes: string[]) {
  const query = new URLSearchParams(scopes.map((scope): [string, string] => ['scope', scope]))
  const response = await at.as(authorization, `/auth/token?${query}`)
  expect(response.status).toBe(200)
  return ((await response.json()) as { token: string }).token
}

const challengeOf = (response: Response) => response.headers.get('WWW-Authenticate')

describe('a caller', () => {
  it('is known by a token: as a bearer token, or as a password with any user name', async () => {
    const at = await server()
    const { text } = await at.withToken(at.ann)
    const accepted = [bearer(text), `bearer ${text}`, basic('', text), basic('ann', text), basic('x', text)]
    for (const path of PATHS) {
      for (const authorization of accepted) {
        expect((await at.as(authorization, path)).status, `${authorization} ${path}`).toBe(200)
      }
    }
  })

  it('18. is refused with invalid_token from the next request on: revoked, expired, rotated, disabled', async () => {
    const at = await server()
    const scope = 'repository:blueprints/nf/upf:pull'
    const statuses = async (text: string, registry: string) => {
      const answers = [
        await at.as(bearer(text), PATHS[0] as string),
        await at.as(bearer(text), MANIFEST),
        await at.as(bearer(registry), MANIFEST),
      ]
      for (const answer of answers) {
        if (answer.status === 401) expect(challengeOf(answer)).toContain('error="invalid_token"')
      }
      return answers.map(({ status }) => status)
    }

    const revoked = await at.withToken(at.ann)
    const registry = await registryToken(at, bearer(revoked.text), scope)
    expect(await statuses(revoked.text, registry)).toEqual([200, 200, 200])
    await revokeToken(at.access, at.ann, revoked.token.id, null)
    expect(await statuses(revoked.text, registry)).toEqual([401, 401, 401])

    const short = await at.withToken(at.ann, {
      expiresAt: new Date(at.ctx.now().getTime() + 60_000).toISOString(),
    })
    const shortRegistry = await registryToken(at, bearer(short.text), scope)
    at.pass(60_000)
    expect(await statuses(short.text, shortRegistry)).toEqual([401, 401, 401])

    const rotated = await at.withToken(at.ann)
    await rotateToken(at.access, at.ann, rotated.token.id, {})
    at.pass(DAY - 1000)
    const rotatedRegistry = await registryToken(at, bearer(rotated.text), scope)
    expect(await statuses(rotated.text, rotatedRegistry)).toEqual([200, 200, 200])
    at.pass(1000)
    expect(await statuses(rotated.text, rotatedRegistry)).toEqual([401, 401, 401])

    const { text } = await at.withToken(at.ann)
    const disabledRegistry = await registryToken(at, bearer(text), scope)
    await updateUser(at.access, SYSTEM, 'ann', { disabled: true }, undefined)
    expect(await statuses(text, disabledRegistry)).toEqual([401, 401, 401])
  })

  it('21. is anonymous with an empty user and password, and never with wrong credentials or two headers', async () => {
    const at = await server()
    await at.bind({ kind: 'anonymous' }, 'reader', 'blueprints')
    const { text } = await at.withToken(at.ann)
    for (const path of PATHS) {
      expect((await at.as('Basic Og==', path)).status).toBe(200)
      const refused = [
        basic('ann', ''),
        basic('ann', 'wrong'),
        basic('', newTokenText('personal')),
        bearer(newTokenText('personal')),
        bearer(`${text}x`),
        'Bearer ',
        'Basic abc',
        'Negotiate abc',
        `Token ${text}`,
        text,
        `${bearer(text)}, ${bearer(text)}`,
        `Basic Og==, ${bearer(text)}`,
      ]
      for (const authorization of refused) {
        expect((await at.as(authorization, path)).status, `${authorization} ${path}`).toBe(401)
        at.pass(6000)
      }
    }
  })

  it('21. is refused with two headers on the wire, also if both are right', async () => {
    const at = await server()
    const { text } = await at.withToken(at.ann)
    const { hostname, port } = await serving(at.hono)
    const headers = ['Host', 'localhost', 'Authorization', bearer(text), 'Authorization', bearer(text)]
    const sent = request({ hostname, port, path: MANIFEST, headers, agent: false })
    const [response] = (await once(sent.end(), 'response')) as [IncomingMessage]
    response.resume()
    expect(response.statusCode).toBe(401)
  })

  it('30. is not known by headers that proxies set, and neither is the realm', async () => {
    const at = await server()
    const claims = {
      'X-Forwarded-User': 'admin',
      'X-Remote-User': 'admin',
      'X-Remote-Group': 'system:masters',
      'Impersonate-User': 'admin',
      'X-Forwarded-For': '127.0.0.1',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': 'evil.example.com',
      Forwarded: 'host=evil.example.com;proto=https;for=127.0.0.1',
    }
    const { hostname, port } = await serving(at.hono)
    for (const path of PATHS) {
      const [plain, claiming] = [
        await fetch(`http://${hostname}:${port}${path}`),
        await fetch(`http://${hostname}:${port}${path}`, { headers: claims }),
      ]
      expect(claiming.status).toBe(401)
      expect(challengeOf(claiming)).toBe(challengeOf(plain))
      expect(await claiming.text()).toBe(await plain.text())
    }
  })

  it('33. is slowed down after ten wrong attempts, and others of the same network are not', async () => {
    const at = await server()
    const { text } = await at.withToken(at.ann)
    const attempt = () => at.as(bearer(newTokenText('personal')), MANIFEST)
    for (let number = 0; number < 10; number++) expect((await attempt()).status).toBe(401)
    const slowed = await attempt()
    expect([slowed.status, slowed.headers.get('Retry-After')]).toEqual([429, '6'])
    expect(await slowed.json()).toMatchObject({ errors: [{ code: 'TOOMANYREQUESTS' }] })
    const rest = await at.as('Basic !', PATHS[0] as string)
    expect([rest.status, await rest.json()]).toMatchObject([429, { code: 'throttled' }])
    for (const path of PATHS) expect((await at.as(bearer(text), path)).status).toBe(200)
    at.pass(6000)
    expect([(await attempt()).status, (await attempt()).status]).toEqual([401, 429])
  })

  it('33. with one revoked token does not slow down those with another', async () => {
    const at = await server()
    const one = await at.withToken(at.ann)
    const other = await at.withToken(at.ann)
    await revokeToken(at.access, at.ann, one.token.id, null)
    await revokeToken(at.access, at.ann, other.token.id, null)
    for (let number = 0; number < 10; number++) await at.as(bearer(one.text), MANIFEST)
    expect((await at.as(bearer(one.text), MANIFEST)).status).toBe(429)
    expect((await at.as(bearer(other.text), MANIFEST)).status).toBe(401)
    expect((await at.as(bearer('x'), MANIFEST)).status).toBe(401)
  })

  it('33. is slowed down with an expired token, but not with an expired registry token', async () => {
    const at = await server()
    const { text } = await at.withToken(at.ann, {
      expiresAt: new Date(at.ctx.now().getTime() + 310_000).toISOString(),
    })
    const registry = await registryToken(at, bearer(text), 'repository:blueprints/nf/upf:pull')
    at.pass(306_000)
    for (let number = 0; number < 20; number++) {
      expect((await at.as(bearer(registry), MANIFEST)).status).toBe(401)
    }
    at.pass(4000)
    for (let number = 0; number < 10; number++) await at.as(bearer(text), MANIFEST)
    expect((await at.as(bearer(text), MANIFEST)).status).toBe(429)
  })

  it('is not looked up for probes, which work while the index cannot be read', async () => {
    const at = await requiredApp()
    at.access.policy = () => Promise.reject(new Error('the index cannot be read'))
    expect((await at.as(bearer('x'), '/healthz')).status).toBe(200)
    expect((await at.as(undefined, PATHS[0] as string)).status).toBe(500)
    expect((await at.as(undefined, MANIFEST)).status).toBe(500)
  })

  it('needs no credentials in open mode, where none are looked at', async () => {
    const at = await requiredApp({ mode: 'open' })
    await at.client.createRepository()
    const { createdBy } = await at.client.publish('ws1')
    expect(createdBy).toBe('anonymous')
    for (const authorization of [undefined, 'Basic Og==', basic('a', 'b'), bearer('x'), 'x']) {
      for (const path of [...PATHS, '/v2/', '/v2/_catalog', '/auth/token']) {
        expect((await at.as(authorization, path)).status, `${authorization} ${path}`).toBe(200)
      }
    }
    expect(await at.client.ok('GET', '')).toMatchObject({ access: 'open' })
  })
})

describe('the answer to an anonymous caller', () => {
  it('is the same 401 for what is private and what is missing (3)', async () => {
    const at = await server()
    await at.adminClient.createRepository('secret')
    const seen = async (path: string, method = 'GET') => {
      const response = await at.as(undefined, path, { method })
      const headers = Object.fromEntries(response.headers)
      delete headers['x-request-id']
      return JSON.stringify([response.status, headers, await response.text()])
    }
    for (const [hidden, missing] of [
      ['blueprints', 'nothing'],
      ['secret', 'public'],
    ] as const) {
      for (const rest of ['manifests/v1', 'tags/list', `blobs/sha256:${'a'.repeat(64)}`]) {
        const one = await seen(`/v2/${hidden}/nf/upf/${rest}`)
        expect(one).toBe((await seen(`/v2/${missing}/nf/upf/${rest}`)).replaceAll(missing, hidden))
        expect(one).toContain('401')
      }
    }
    const revision = await seen('/api/v1/packagerevisions/blueprints.nf.upf.ws1')
    expect(revision).toBe(await seen('/api/v1/packagerevisions/blueprints.nf.upf.none'))
    expect(revision).toContain('401')
  })

  it('has exactly one challenge of the registry, with all that the request needs', async () => {
    const at = await server()
    const realm = 'Bearer realm="http://localhost:8080/auth/token",service="pkgserver"'
    for (const [method, path, scope] of [
      ['GET', '/v2/', undefined],
      ['GET', '/v2', undefined],
      ['GET', '/v2/_catalog', 'registry:catalog:*'],
      ['GET', '/v2/a/b/manifests/v1', 'repository:a/b:pull'],
      ['HEAD', '/v2/a/b/manifests/v1', 'repository:a/b:pull'],
      ['GET', '/v2/a%2Fb/tags/list', 'repository:a/b:pull'],
      ['PUT', '/v2/a/manifests/v1', 'repository:a:pull,push'],
      ['POST', '/v2/a/blobs/uploads/?mount=x&from=b', 'repository:a:pull,push'],
      ['PATCH', '/v2/a/blobs/uploads/x', 'repository:a:pull,push'],
      ['GET', '/v2/a/blobs/uploads/x', 'repository:a:pull,push'],
      ['DELETE', '/v2/a/manifests/v1', 'repository:a:pull,push,delete'],
    ] as const) {
      const response = await at.as(undefined, `http://localhost:8080${path}`, { method })
      expect(response.status).toBe(401)
      expect(challengeOf(response), path).toBe(scope ? `${realm},scope="${scope}"` : realm)
      expect(response.headers.get('Docker-Distribution-API-Version')).toBe('registry/2.0')
      if (method !== 'HEAD') {
        expect(await response.json()).toMatchObject({ errors: [{ code: 'UNAUTHORIZED' }] })
      }
    }
  })

  it('names the token service where the client has reached the server', async () => {
    const at = await requiredApp(
      {},
      {
        publicUrl: 'https://packages.example.com',
        change: (parts) => ({ ...parts, hosts: ['other.example.com'] }),
      },
    )
    const realm = async (url: string, headers: Record<string, string> = {}) => {
      const response = await at.as(undefined, url, { headers })
      return /realm="([^"]*)"/.exec(challengeOf(response) ?? '')?.[1]
    }
    const path = '/auth/token'
    expect(await realm('https://packages.example.com/v2/')).toBe(`https://packages.example.com${path}`)
    expect(await realm('http://10.0.0.7:8080/v2/')).toBe(`http://10.0.0.7:8080${path}`)
    expect(await realm('http://pkgserver.team.svc/v2/')).toBe(`http://pkgserver.team.svc${path}`)
    expect(await realm('http://other.example.com:444/v2/')).toBe(`https://other.example.com:444${path}`)
    expect((await at.as(undefined, 'http://evil.example.com/v2/')).status).toBe(403)
  })

  it('names the token service as a trusted proxy says that the client has come', async () => {
    const trustedProxies = new BlockList()
    trustedProxies.addAddress('127.0.0.1')
    const at = await requiredApp({}, { change: (parts) => ({ ...parts, trustedProxies }) })
    const { hostname, port } = await serving(at.hono)
    const headers = { Host: 'packages.team.svc', 'X-Forwarded-Proto': 'https' }
    const sent = request({ hostname, port, path: '/v2/', headers, agent: false })
    const [response] = (await once(sent.end(), 'response')) as [IncomingMessage]
    response.resume()
    expect(response.headers['www-authenticate']).toContain('realm="https://packages.team.svc/auth/token"')
  })
})
