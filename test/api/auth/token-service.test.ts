/** The registry's token service. The titles with numbers are the security tests that every version must pass. */
import { createSecretKey } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, type JWTPayload, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { parseScopes } from '../../../src/api/auth/token-request.ts'
import { listTokens } from '../../../src/database/access/tokens.ts'
import { SYSTEM } from '../../../src/service/access/actor.ts'
import { newTokenText } from '../../../src/service/access/token-text.ts'
import { createToken } from '../../../src/service/accounts/create-token.ts'
import { deleteBinding } from '../../../src/service/accounts/delete-binding.ts'
import { revokeToken } from '../../../src/service/accounts/revoke-token.ts'
import type { Json } from '../../support/client.ts'
import { basic, bearer, requiredApp } from '../../support/required-app.ts'

const UPF = '/v2/blueprints/nf/upf/manifests/v1'
const PULL = 'repository:blueprints/nf/upf:pull'

/** A server with a package that every caller may read, and one that only ann may, who may push everywhere. */
async function server() {
  const at = await requiredApp()
  const admin = await at.account('admin')
  await at.bind(admin, 'admin')
  const permissions = [
    'draft',
    'propose',
    'review',
    'publish',
    'push',
    'delete',
    'admin',
    'server.admin',
  ] as const
  const { text } = await at.withToken(SYSTEM, { owner: admin, permissions })
  const adminClient = at.clientWith(text)
  await adminClient.createRepository()
  await adminClient.publish('ws1')
  await adminClient.createRepository('open')
  await adminClient.publish('ws1', { init: {} }, { repository: 'open', package: 'app' })
  await at.bind({ kind: 'anonymous' }, 'reader', 'open')
  const ann = await at.user('ann')
  const binding = await at.bind({ kind: 'user', name: 'ann' }, 'publisher', '*')
  const token = await at.withToken(ann)

  const ask = async (authorization: string | undefined, query: string) => {
    const response = await at.as(authorization, `/auth/token?${query}`)
    return { status: response.status, headers: response.headers, body: (await response.json()) as Json }
  }
  const post = async (form: Record<string, string>, headers: Record<string, string> = {}) => {
    const response = await at.as(undefined, '/auth/token', {
      method: 'POST',
      headers,
      body: new URLSearchParams(form),
    })
    return { status: response.status, headers: response.headers, body: (await response.json()) as Json }
  }
  return { ...at, ann, binding, text: token.text, token: token.token, adminClient, ask, post }
}

const accessOf = ({ body }: { body: Json }) => decodeJwt(body.access_token).access as Json

describe('the token service', () => {
  it('20. refuses a wrong password, and gives an anonymous caller a token for what all may do', async () => {
    const { ask, post, text } = await server()
    for (const authorization of [
      basic('ann', 'wrong'),
      basic('ann', ''),
      basic('ann', newTokenText('personal')),
      bearer('x'),
    ]) {
      const { status, body, headers } = await ask(authorization, `service=pkgserver&scope=${PULL}`)
      expect([status, body.errors[0].code, body.error]).toEqual([401, 'UNAUTHORIZED', 'invalid_grant'])
      expect(headers.get('Cache-Control')).toBe('no-store')
    }
    const refused: Record<string, string>[] = [
      { grant_type: 'password', username: 'ann', password: 'wrong' },
      { grant_type: 'password', username: 'ann', password: '' },
      { grant_type: 'refresh_token', refresh_token: newTokenText('registry') },
    ]
    for (const form of refused) expect((await post(form)).status).toBe(401)
    const none = await ask(undefined, 'service=pkgserver')
    expect(none).toMatchObject({ status: 200, body: { expires_in: 300 } })
    expect(none.body.token).toBe(none.body.access_token)
    expect(none.body).not.toHaveProperty('refresh_token')
    expect(accessOf(none)).toEqual([])
    for (const authorization of [undefined, 'Basic Og==']) {
      const given = await ask(authorization, `scope=${PULL}&scope=repository:open/app:pull,push`)
      expect(accessOf(given)).toMatchObject([{ name: 'open/app', actions: ['pull'] }])
    }
    expect((await ask(basic('ann', text), '')).status).toBe(200)
  })

  it('20. gives a part of what was asked for, with POST as with GET', async () => {
    const { ask, post, text } = await server()
    const cases: [string[], Json[]][] = [
      [[PULL], [{ name: 'blueprints/nf/upf', actions: ['pull'] }]],
      [['repository:blueprints/nf/upf:pull,push,delete'], [{ actions: ['pull', 'push'] }]],
      [['repository:blueprints/nf/upf:*'], [{ actions: ['pull', 'push'] }]],
      [['repository:blueprints/nf/upf:delete'], []],
      [['repository:new/app:push,pull'], [{ name: 'new/app', actions: ['pull', 'push'] }]],
      [['registry:catalog:*'], [{ type: 'registry', name: 'catalog', actions: ['*'] }]],
      [
        ['repository:a:pull', 'repository:b:push,pull'],
        [{ name: 'a' }, { name: 'b' }],
      ],
      [['repository:a:pull repository:b:pull'], [{ name: 'a' }, { name: 'b' }]],
      // Duplicates, an old class, and what cannot be granted.
      [['repository:a:pull', 'repository:a:push', 'repository:a:pull'], [{ actions: ['pull', 'push'] }]],
      [['repository(plugin):a:pull'], [{ type: 'repository', name: 'a' }]],
      [['repository:host:5000/a:pull'], [{ name: 'host:5000/a' }]],
      [['unknown:a:pull', 'repository', ':::', 'repository:a:', 'repository:a:PULL', ''], []],
    ]
    for (const [scopes, expected] of cases) {
      const query = new URLSearchParams(scopes.map((scope): [string, string] => ['scope', scope]))
      const got = await ask(basic('ann', text), query.toString())
      expect(got.status).toBe(200)
      expect(accessOf(got), scopes.join()).toMatchObject(expected)
      const form = { grant_type: 'password', username: 'ann', password: text, scope: scopes.join(' ') }
      const posted = await post({ ...form, service: 'pkgserver', client_id: 'test' })
      expect(posted.status).toBe(200)
      expect(accessOf(posted)).toEqual(accessOf(got))
      expect(posted.body).toMatchObject({
        token_type: 'Bearer',
        expires_in: 300,
        issued_at: expect.any(String),
      })
    }
    const granted = await post({ grant_type: 'password', username: '', password: text, scope: PULL })
    expect(granted.body.scope).toBe(PULL)
  })

  it('20. refuses more than 32 scopes, large forms, and grants that it does not have', async () => {
    const { ask, post, as, text } = await server()
    const many = (count: number) =>
      Array.from({ length: count }, (_, number) => `scope=repository:a${number}:pull`).join('&')
    expect((await ask(basic('', text), many(32))).status).toBe(200)
    expect(await ask(basic('', text), many(33))).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    })
    const form = { grant_type: 'password', username: 'ann', password: text }
    expect((await post({ ...form, more: 'x'.repeat(65 * 1024) })).status).toBe(413)
    expect(await post({ ...form, grant_type: 'client_credentials' })).toMatchObject({
      status: 400,
      body: { error: 'unsupported_grant_type' },
    })
    expect((await post({ grant_type: 'password', username: 'ann' })).status).toBe(400)
    expect((await post(form, { 'Content-Type': 'application/json' })).status).toBe(400)
    const notAForm = await as(undefined, '/auth/token', { method: 'PUT' })
    expect(notAForm.status).toBe(404)
  })

  it('names in its tokens whom they are for, for how long, and by which credentials', async () => {
    const { ask, text, token, ann, ctx } = await server()
    const { body } = await ask(basic('ann', text), `scope=${PULL}`)
    const issued = Math.floor(ctx.now().getTime() / 1000)
    expect(decodeProtectedHeader(body.token)).toEqual({ alg: 'HS256', typ: 'pkgserver-registry+jwt' })
    expect(decodeJwt(body.token)).toMatchObject({
      iss: 'pkgserver',
      aud: 'pkgserver',
      sub: ann.principalId,
      tid: token.id,
      iat: issued,
      nbf: issued,
      exp: issued + 300,
      jti: expect.any(String),
    })
  })
})

describe('a registry token', () => {
  it('19. is refused with another audience, type, key or algorithm, changed, expired, or from the future', async () => {
    const at = await server()
    const { body } = await at.ask(basic('ann', at.text), `scope=${PULL}`)
    const good: string = body.token
    const status = async (text: string) => (await at.as(bearer(text), UPF)).status
    expect(await status(good)).toBe(200)
    const claims = decodeJwt(good)
    const header = { alg: 'HS256', typ: 'pkgserver-registry+jwt' }
    const signed = (change: JWTPayload = {}, head: object = {}, key = at.key) =>
      new SignJWT({ ...claims, ...change })
        .setProtectedHeader({ ...header, ...head })
        .sign(createSecretKey(key))
    expect(await status(await signed())).toBe(200)
    const seconds = Math.floor(at.ctx.now().getTime() / 1000)
    const { exp: _, ...endless } = claims
    const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const [head, payload, signature] = good.split('.')
    const bad: Record<string, string> = {
      audience: await signed({ aud: 'other' }),
      issuer: await signed({ iss: 'other' }),
      'type of a login': await signed({}, { typ: 'JWT' }),
      'no type': await signed({}, { typ: undefined }),
      'another key': await signed({}, {}, Buffer.alloc(32)),
      'another algorithm': await signed({}, { alg: 'HS512' }, Buffer.alloc(64)),
      'not valid yet': await signed({ nbf: seconds + 60 }),
      'issued in the future': await signed({ iat: seconds + 60 }),
      'issued long ago': await signed({ iat: seconds - 400 }),
      endless: await new SignJWT(endless).setProtectedHeader(header).sign(createSecretKey(at.key)),
      'no access': await signed({ access: undefined }),
      unsigned: `${encoded({ ...header, alg: 'none' })}.${payload}.`,
      widened: `${head}.${encoded({ ...claims, access: [{ type: 'repository', name: '*', actions: ['*'] }] })}.${signature}`,
      'of no account': await signed({ tid: 'x' }),
      large: `${head}.${'a'.repeat(8000)}.${signature}`,
      empty: '..',
    }
    for (const [what, text] of Object.entries(bad)) {
      const response = await at.as(bearer(text), UPF)
      expect(response.status, what).toBe(401)
      expect(response.headers.get('WWW-Authenticate'), what).toContain('error="invalid_token"')
      at.pass(6000)
    }
    expect(await status(good)).toBe(200)
  })

  it('19. ends after 300 seconds, and its expiry is not counted as a failure', async () => {
    const at = await server()
    const { body } = await at.ask(basic('ann', at.text), `scope=${PULL}`)
    const status = async () => (await at.as(bearer(body.token), UPF)).status
    at.pass(299_000)
    expect(await status()).toBe(200)
    at.pass(7000)
    for (let number = 0; number < 20; number++) expect(await status()).toBe(401)
  })

  it('19. is refused for a repository that was deleted and made again under the name', async () => {
    const at = await server()
    await at.adminClient.createRepository('again')
    const { body } = await at.ask(basic('ann', at.text), 'scope=repository:again/app:pull,push')
    const start = async () =>
      (await at.as(bearer(body.token), '/v2/again/app/blobs/uploads/', { method: 'POST' })).status
    expect(await start()).toBe(202)
    await at.adminClient.ok('DELETE', '/repositories/again', undefined, { 'If-Match': '*' })
    expect(await start()).toBe(401)
    await at.adminClient.createRepository('again')
    expect(await start()).toBe(401)
    const fresh = await at.ask(basic('ann', at.text), 'scope=repository:again/app:pull,push')
    expect(
      (await at.as(bearer(fresh.body.token), '/v2/again/app/blobs/uploads/', { method: 'POST' })).status,
    ).toBe(202)
  })

  it('can be used for what it was given for, and otherwise says what is missing', async () => {
    const at = await server()
    const { body } = await at.ask(basic('ann', at.text), `scope=${PULL}`)
    const send = (path: string, method = 'GET') => at.as(bearer(body.token), path, { method })
    expect((await send('/v2/')).status).toBe(200)
    expect((await send(UPF)).status).toBe(200)
    for (const [method, path, scope] of [
      ['GET', '/v2/open/app/manifests/v1', 'repository:open/app:pull'],
      ['POST', '/v2/blueprints/nf/upf/blobs/uploads/', 'repository:blueprints/nf/upf:pull,push'],
      ['GET', '/v2/_catalog', 'registry:catalog:*'],
    ] as const) {
      const response = await send(path, method)
      expect(response.status, path).toBe(401)
      expect(response.headers.get('WWW-Authenticate')).toContain(
        `scope="${scope}",error="insufficient_scope"`,
      )
    }
    // Without the right, another token would not help.
    expect((await send(UPF, 'DELETE')).status).toBe(403)
    expect((await at.as(bearer(body.token), '/api/v1/repositories')).status).toBe(401)
  })

  it('for deletions alone is enough for them', async () => {
    const at = await server()
    await at.bind({ kind: 'user', name: 'ann' }, 'maintainer', 'copies')
    const { text } = await createToken(at.access, at.ann, { name: 'cleaner', permissions: ['delete'] })
    const { body } = await at.ask(basic('', text), 'scope=repository:copies/a:pull,push,delete')
    expect(accessOf({ body })).toMatchObject([{ actions: ['pull', 'delete'] }])
    const status = async (method: string) =>
      (await at.as(bearer(body.token), '/v2/copies/a/manifests/old', { method })).status
    expect([await status('DELETE'), await status('GET'), await status('PUT')]).toEqual([404, 404, 403])
  })

  it('is worth no more than the rights of the moment', async () => {
    const at = await server()
    const { body } = await at.ask(basic('ann', at.text), `scope=${PULL}`)
    expect((await at.as(bearer(body.token), UPF)).status).toBe(200)
    await deleteBinding(at.access, SYSTEM, at.binding.id)
    expect((await at.as(bearer(body.token), UPF)).status).toBe(404)
  })

  it('of a token that is limited has no more than that', async () => {
    const at = await server()
    const { text } = await createToken(at.access, at.ann, {
      name: 'flux',
      permissions: ['read'],
      repositories: ['blueprints'],
    })
    const { body } = await at.ask(
      basic('flux', text),
      'scope=repository:blueprints/nf/upf:pull,push&scope=repository:other/a:pull',
    )
    expect(accessOf({ body })).toMatchObject([{ name: 'blueprints/nf/upf', actions: ['pull'] }])
  })

  it('mounts a blob only from a repository that it was given for; otherwise the client uploads', async () => {
    const at = await server()
    const manifest = (await (await at.as(basic('', at.text), UPF)).json()) as Json
    const { digest } = manifest.layers[0]
    const mount = async (scopes: string) => {
      const { body } = await at.ask(basic('ann', at.text), scopes)
      const path = `/v2/copies/a/blobs/uploads/?mount=${digest}&from=blueprints/nf/upf`
      return (await at.as(bearer(body.token), path, { method: 'POST' })).status
    }
    expect(await mount('scope=repository:copies/a:pull,push')).toBe(202)
    expect(await mount(`scope=repository:copies/a:pull,push&scope=${PULL}`)).toBe(201)
  })
})

describe('a refresh token', () => {
  const tokensOf = async (at: Awaited<ReturnType<typeof server>>) =>
    (await listTokens(at.ctx.db, at.ann.principalId, { limit: 1000 })).filter(
      ({ kind }) => kind === 'registry',
    )

  it('is given only if asked for, as a row that can be listed and revoked', async () => {
    const at = await server()
    expect((await at.ask(basic('ann', at.text), `scope=${PULL}`)).body).not.toHaveProperty('refresh_token')
    expect((await at.ask(undefined, 'offline_token=true')).body).not.toHaveProperty('refresh_token')
    expect(await tokensOf(at)).toEqual([])
    const { body } = await at.ask(basic('ann', at.text), 'offline_token=true&client_id=docker')
    const [row] = await tokensOf(at)
    expect(row).toMatchObject({ name: 'registry login of docker', expiresAt: at.token.expiresAt })

    const form = { grant_type: 'refresh_token', refresh_token: body.refresh_token, scope: PULL }
    const renewed = await at.post({ ...form, service: 'pkgserver', client_id: 'docker' })
    expect(accessOf(renewed)).toMatchObject([{ name: 'blueprints/nf/upf', actions: ['pull'] }])
    expect((await at.as(bearer(renewed.body.access_token), UPF)).status).toBe(200)
    await revokeToken(at.access, at.ann, row?.id ?? '', null)
    expect((await at.post(form)).status).toBe(401)
    expect((await at.as(bearer(renewed.body.access_token), UPF)).status).toBe(401)
  })

  it('is worth nothing elsewhere, and makes no other', async () => {
    const at = await server()
    const { body } = await at.post({
      grant_type: 'password',
      username: 'ann',
      password: at.text,
      access_type: 'offline',
    })
    const refresh: string = body.refresh_token
    for (const path of [UPF, '/v2/', '/api/v1/repositories']) {
      for (const authorization of [bearer(refresh), basic('ann', refresh)]) {
        expect((await at.as(authorization, path)).status).toBe(401)
      }
    }
    const form = { grant_type: 'refresh_token', refresh_token: refresh, access_type: 'offline' }
    expect((await at.post(form)).body).not.toHaveProperty('refresh_token')
    expect((await at.ask(basic('<token>', refresh), 'offline_token=true')).body).not.toHaveProperty(
      'refresh_token',
    )
    expect(await tokensOf(at)).toHaveLength(1)
  })

  it('is recorded as one of its account', async () => {
    const at = await server()
    const { text } = await at.withToken(SYSTEM, { owner: await at.account('flux') })
    await at.ask(basic('flux', text), 'offline_token=true')
    const { record } = await at.ctx.db
      .selectFrom('audit')
      .select('record')
      .orderBy('seq', 'desc')
      .limit(1)
      .executeTakeFirstOrThrow()
    expect(JSON.parse(record)).toMatchObject({
      type: 'token.created',
      details: { kind: 'registry', owner: 'serviceaccount:flux' },
    })
  })

  it('ends with the token that it was got with', async () => {
    const at = await server()
    const { text, token } = await at.withToken(at.ann)
    const { body } = await at.ask(basic('ann', text), 'offline_token=true')
    const form = { grant_type: 'refresh_token', refresh_token: body.refresh_token, scope: PULL }
    const renewed = await at.post(form)
    expect(renewed.status).toBe(200)
    await revokeToken(at.access, at.ann, token.id, null)
    expect((await at.post(form)).status).toBe(401)
    expect((await at.as(bearer(renewed.body.access_token), UPF)).status).toBe(401)
  })

  it('is not given where there are many, which leaves the client with what it has', async () => {
    const at = await server()
    for (let number = 0; number < 100; number++) await at.ask(basic('ann', at.text), 'offline_token=true')
    const more = await at.ask(basic('ann', at.text), `offline_token=true&scope=${PULL}`)
    expect(more.status).toBe(200)
    expect(more.body).not.toHaveProperty('refresh_token')
    await createToken(at.access, at.ann, { name: 'another' })
  })
})

it('parses scopes in linear time', () => {
  const started = performance.now()
  parseScopes([
    `repository:${'a:'.repeat(200_000)}`,
    `repository(${'a'.repeat(200_000)}`,
    ':'.repeat(200_000),
  ])
  expect(performance.now() - started).toBeLessThan(2000)
})
