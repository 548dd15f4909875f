/** Tokens of issuers outside. The titles with numbers are the security tests that every version must pass. */
import type { webcrypto } from 'node:crypto'
import { decodeJwt, exportSPKI, importJWK, type JWTPayload, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { SYSTEM } from '../../../src/service/access/actor.ts'
import { deleteIssuer } from '../../../src/service/accounts/change-issuers.ts'
import { deleteTrust } from '../../../src/service/accounts/change-trusts.ts'
import { updateServiceAccount } from '../../../src/service/accounts/update-service-account.ts'
import { type FederatedApp, federatedApp } from '../../support/federated-app.ts'
import { claimsNow, exchange, GITHUB, githubClaims, signingKey } from '../../support/issuers.ts'
import { basic, bearer } from '../../support/required-app.ts'

const MINUTE = 60_000
const WHOAMI = '/api/v1/whoami'
const JWT_TYPE = 'urn:ietf:params:oauth:token-type:jwt'

function encoded(value: object | string): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
}

const jobToken = (at: FederatedApp, claims: JWTPayload = {}) => at.signer.sign(githubClaims(at, claims))

/** The error of an exchange, after which the next one is not throttled. */
async function refusal(at: FederatedApp, token: string, form?: Record<string, string>): Promise<string> {
  const { status, body } = await exchange(at, token, form)
  at.pass(6000)
  return status === 200 ? 'accepted' : body.error
}

describe('an exchange', () => {
  it('gives a short token of the service account, which whoami and the audit log trace to the job', async () => {
    const at = await federatedApp()
    const claims = githubClaims(at)
    const { status, body, headers } = await exchange(at, await at.signer.sign(claims))
    expect(status).toBe(200)
    expect(headers.get('Cache-Control')).toBe('no-store')
    expect(body).toEqual({
      access_token: expect.stringMatching(/^pkgss_/),
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 300,
      scope: 'read draft.read draft propose publish attach push delete server.audit server.operate',
    })
    const client = at.clientWith(body.access_token)
    const who = await client.ok('GET', '/whoami')
    const federated = { issuer: 'github', subject: claims.sub, jti: claims.jti }
    expect(who).toMatchObject({ kind: 'serviceaccount', name: 'serviceaccount:ci', token: { federated } })

    const [record] = await at.records('token.exchanged')
    expect(record).toMatchObject({
      outcome: 'success',
      actor: { name: 'serviceaccount:ci', kind: 'serviceaccount' },
      via: { kind: 'federated', tokenId: who.token.id, ...federated },
      request: { route: '/auth/token' },
      target: { name: 'ci' },
      details: { kind: 'exchange', trust: at.madeTrust.id },
    })
    at.pass(301_000)
    expect((await client.call('GET', '/whoami')).status).toBe(401)
  })

  it('is listed with the tokens of the account, and in the records of what its bearer changes', async () => {
    const at = await federatedApp()
    const admin = await at.account('admin')
    await at.bind(admin, 'admin')
    const permissions = ['admin', 'server.audit', 'read'] as const
    const { text } = await at.withToken(SYSTEM, { owner: admin, permissions })
    const adminClient = at.clientWith(text)
    await adminClient.createRepository()
    const claims = githubClaims(at)
    const { body } = await exchange(at, await at.signer.sign(claims))
    await at.clientWith(body.access_token).createDraft('ws1')
    const federated = { issuer: 'github', subject: claims.sub, jti: claims.jti }
    const { items } = await adminClient.ok('GET', '/serviceaccounts/ci/tokens')
    expect(items).toMatchObject([{ kind: 'serviceaccount', createdBy: at.madeTrust.createdBy, federated }])
    const audit = await adminClient.ok('GET', '/audit?type=revision.created')
    expect(audit.items).toMatchObject([{ via: { kind: 'federated', tokenId: items[0].id, ...federated } }])
  })

  it('lasts 15 minutes at most, and can be for less than the trust gives', async () => {
    const at = await federatedApp()
    const exp = Math.floor(at.ctx.now().getTime() / 1000) + 3600
    const { body } = await exchange(at, await jobToken(at, { exp }), { scope: 'draft  admin' })
    expect(body).toMatchObject({ expires_in: 900, scope: 'read draft.read draft' })
    expect(await refusal(at, await jobToken(at), { scope: 'admin' })).toBe('invalid_grant')
    expect(await refusal(at, await jobToken(at), { scope: 'repository:a:pull' })).toBe('invalid_scope')
  })

  it('cannot make tokens, bindings and trusts with what it gives, whatever the account may', async () => {
    const at = await federatedApp()
    await at.bind(at.ci, 'admin')
    const { body } = await exchange(at, await jobToken(at))
    const client = at.clientWith(body.access_token)
    const { token } = await client.ok('GET', '/whoami')
    const binding = { subject: { kind: 'serviceaccount', name: 'ci' }, role: 'reader', repositories: ['a'] }
    for (const [method, path, given] of [
      ['POST', '/tokens', { name: 'more' }],
      ['POST', '/serviceaccounts/ci/tokens', { name: 'more' }],
      ['POST', `/tokens/${token.id}/rotate`, {}],
      ['POST', '/bindings', binding],
      ['POST', '/serviceaccounts/ci/trusts', { issuer: 'github', claims: { x: ['y'] } }],
      ['GET', '/issuers', undefined],
    ] as const) {
      const answer = await client.call(method, path, given)
      expect([403, 404], `${method} ${path}: ${answer.text}`).toContain(answer.status)
    }
    // Not even those who may make tokens of the account prolong it.
    const admin = await at.withToken(SYSTEM, {
      owner: at.ci,
      permissions: ['admin', 'server.admin', 'tokens', 'read', 'draft', 'publish', 'review', 'delete'],
    })
    const rotated = await at.clientWith(admin.text).call('POST', `/tokens/${token.id}/rotate`, {})
    expect([403, 409]).toContain(rotated.status)
  })

  it('ends with its trust, its issuer, its account, and when it is revoked', async () => {
    const at = await federatedApp()
    const given = async () => (await exchange(at, await jobToken(at))).body.access_token as string
    const status = async (text: string) => (await at.as(bearer(text), WHOAMI)).status
    const first = await given()
    const { token } = await at.clientWith(first).ok('GET', '/whoami')
    expect((await at.as(bearer(first), `/api/v1/tokens/${token.id}`, { method: 'DELETE' })).status).toBe(204)
    expect(await status(first)).toBe(401)

    const second = await given()
    await deleteTrust(at.access, SYSTEM, 'ci', at.madeTrust.id)
    expect(await status(second)).toBe(401)
    expect(await refusal(at, await jobToken(at))).toBe('invalid_grant')

    await at.trust()
    const third = await given()
    await updateServiceAccount(at.access, SYSTEM, 'ci', { disabled: true }, 'any')
    expect(await status(third)).toBe(401)
    expect(await refusal(at, await jobToken(at))).toBe('invalid_grant')
    await updateServiceAccount(at.access, SYSTEM, 'ci', { disabled: false }, 'any')

    const fourth = await given()
    await deleteIssuer(at.access, SYSTEM, 'github', 'any')
    expect(await status(fourth)).toBe(401)
    expect(await refusal(at, await jobToken(at))).toBe('invalid_grant')
  })

  it('refuses requests that are no exchange for this server, with the errors of OAuth', async () => {
    const at = await federatedApp()
    const cases: [Record<string, string>, string][] = [
      [{ subject_token: '' }, 'invalid_request'],
      [{ service_account: '' }, 'invalid_request'],
      [{ subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' }, 'invalid_request'],
      [{ requested_token_type: JWT_TYPE }, 'invalid_request'],
      [{ actor_token: 'x' }, 'invalid_request'],
      [{ audience: 'https://elsewhere.example' }, 'invalid_target'],
      [{ resource: 'https://elsewhere.example' }, 'invalid_target'],
      [{ service_account: 'unknown' }, 'invalid_grant'],
      [{ subject_token: 'a.b.c' }, 'invalid_grant'],
    ]
    for (const [form, error] of cases) {
      expect(await refusal(at, await jobToken(at), form), JSON.stringify(form)).toBe(error)
    }
    const twice = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange' })
    for (const value of ['ci', 'admin']) twice.append('service_account', value)
    const response = await at.as(undefined, '/auth/token', { method: 'POST', body: twice })
    expect([response.status, await response.json()]).toMatchObject([400, { error: 'invalid_request' }])
    const idToken = { subject_token_type: 'urn:ietf:params:oauth:token-type:id_token' }
    const forUs = { ...idToken, audience: 'http://localhost:8080/' }
    expect(await refusal(at, await jobToken(at), forUs)).toBe('accepted')
  })

  it('tells callers no more than that no trust fits, and the audit log why; repeats are counted', async () => {
    const at = await federatedApp()
    const texts = new Set<string>()
    for (const [claims, form] of [
      [{ repository_id: '75' }, {}],
      [{ environment: 'dev' }, {}],
      [{}, { service_account: 'unknown' }],
      [{ aud: 'https://elsewhere.example' }, {}],
    ] as const) {
      const { body } = await exchange(at, await jobToken(at, claims), form)
      texts.add(body.error_description)
    }
    const forged = await (await signingKey('one', 'RS256', 'stranger')).sign(githubClaims(at))
    for (const account of ['ci', 'unknown']) {
      const { body } = await exchange(at, forged, { service_account: account })
      texts.add(body.error_description)
    }
    const old = await jobToken(at, { exp: Math.floor(at.ctx.now().getTime() / 1000) - 60 })
    for (const account of ['ci', 'unknown']) {
      const { body } = await exchange(at, old, { service_account: account })
      expect(body.error_description).toContain('it has expired')
    }
    expect(texts.size).toBe(1)
    const [record, ...more] = await at.records('token.exchanged')
    expect(more).toEqual([])
    expect(record).toMatchObject({
      outcome: 'denied',
      actor: { kind: 'anonymous' },
      via: { kind: 'federated', issuer: 'github', subject: githubClaims(at).sub },
      target: { name: 'ci' },
      reason: 'its claim repository_id has another value',
    })
  })

  it('is throttled after ten refusals', async () => {
    const at = await federatedApp()
    const statuses: number[] = []
    for (let number = 0; number < 12; number++) statuses.push((await exchange(at, 'a.b.c')).status)
    expect(statuses.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 400))
    expect(statuses.slice(10)).toEqual([429, 429])
    expect((await exchange(at, await jobToken(at))).status).toBe(200)
  })
})

describe('a token of an issuer', () => {
  it('22. JWT: refuses each that is not made by the issuer, for us, just now', async () => {
    const at = await federatedApp()
    const { signer } = at
    const claims = githubClaims(at)
    const good = await signer.sign(claims)
    const [head = '', payload = '', signature = ''] = good.split('.')
    const seconds = Math.floor(at.ctx.now().getTime() / 1000)
    const without = (name: string): JWTPayload => {
      const { [name]: _, ...rest } = claims
      return rest
    }
    const header = { alg: 'RS256', kid: 'one', typ: 'JWT' }
    const publicKey = await importJWK(signer.jwk, 'RS256')
    const pem = new TextEncoder().encode(await exportSPKI(publicKey as webcrypto.CryptoKey))
    const hmac = (key: Uint8Array) =>
      new SignJWT(claims).setProtectedHeader({ ...header, alg: 'HS256' }).sign(key)
    const stranger = await signingKey('one', 'RS256', 'stranger')
    const twice = `{"sub":"x",${JSON.stringify(claims).slice(1)}`
    const escaped = `{"s\\u0075b":"x",${JSON.stringify(claims).slice(1)}`
    const signText = async (text: string) => {
      const data = `${encoded(header)}.${encoded(text)}`
      const key = signer.privateKey as webcrypto.CryptoKey
      const bytes = await crypto.subtle.sign('RSASSA-PKCS1-v1_5', key, new TextEncoder().encode(data))
      return `${data}.${Buffer.from(bytes).toString('base64url')}`
    }
    expect(await refusal(at, await signText(JSON.stringify(githubClaims(at))))).toBe('accepted')
    const bad: Record<string, string> = {
      'alg none': `${encoded({ alg: 'none' })}.${payload}.`,
      'alg none with a signature': `${encoded({ ...header, alg: 'none' })}.${payload}.${signature}`,
      'alg nOnE': `${encoded({ ...header, alg: 'nOnE' })}.${payload}.`,
      'HS256 with the RSA key as PEM': await hmac(pem),
      'HS256 with the RSA key as JWK': await hmac(new TextEncoder().encode(JSON.stringify(signer.jwk))),
      'another key under the kid': await stranger.sign(claims),
      'its key in the header': await stranger.sign(claims, { jwk: stranger.jwk }),
      'our key in the header': await signer.sign(claims, { jwk: signer.jwk }),
      jku: await signer.sign(claims, { jku: 'https://evil.example/jwks' }),
      x5u: await signer.sign(claims, { x5u: 'https://evil.example/x5u' }),
      x5c: await signer.sign(claims, { x5c: ['MIIB'] }),
      'kid with a path': await signer.sign(claims, { kid: '../../one' }),
      'kid with SQL': await signer.sign(claims, { kid: "' OR 1=1 --" }),
      'kid of another issuer': await stranger.sign(claims, { kid: 'two' }),
      'type of our registry tokens': await signer.sign(claims, { typ: 'pkgserver-registry+jwt' }),
      'type of access tokens': await signer.sign(claims, { typ: 'at+jwt' }),
      'critical extension': `${encoded({ ...header, crit: ['b64'], b64: false })}.${payload}.${signature}`,
      'no exp': await signer.sign(without('exp')),
      'no iat': await signer.sign(without('iat')),
      'no sub': await signer.sign(without('sub')),
      'no aud': await signer.sign(without('aud')),
      'no iss': await signer.sign(without('iss')),
      'empty sub': await signer.sign({ ...claims, sub: '' }),
      'another issuer': await signer.sign({ ...claims, iss: 'https://gitlab.com' }),
      'issuer with a slash': await signer.sign({ ...claims, iss: `${GITHUB}/` }),
      expired: await signer.sign({ ...claims, exp: seconds - 60 }),
      'not valid yet': await signer.sign({ ...claims, nbf: seconds + 600 }),
      'issued in the future': await signer.sign({ ...claims, iat: seconds + 600 }),
      'issued long ago': await signer.sign({ ...claims, iat: seconds - 700, nbf: seconds - 700 }),
      'texts as times': await signText(JSON.stringify({ ...claims, exp: String(claims.exp) })),
      'another audience': await signer.sign({ ...claims, aud: 'https://elsewhere.example' }),
      'audience with extras': await signer.sign({
        ...claims,
        aud: ['http://localhost:8080', 'https://elsewhere.example'],
      }),
      'audience twice': await signer.sign({
        ...claims,
        aud: ['http://localhost:8080', 'http://localhost:8080'],
      }),
      'no audience in the list': await signer.sign({ ...claims, aud: [] }),
      'a claim twice': await signText(twice),
      'a claim twice, spelled with an escape': await signText(escaped),
      'a list as claims': await signText('[]'),
      'broken JSON': await signText('{"sub":'),
      'changed claims': `${head}.${encoded({ ...claims, environment: 'other' })}.${signature}`,
      'no signature': `${head}.${payload}.`,
      'two parts': `${head}.${payload}`,
      'five parts': `${good}.x.y`,
      large: await signer.sign({ ...claims, more: 'x'.repeat(8192) }),
    }
    for (const [what, text] of Object.entries(bad)) {
      const { status, body } = await exchange(at, text)
      expect([status, body.error], what).toEqual([400, 'invalid_grant'])
      // Each for its own reason.
      if (what !== 'expired') expect(body.error_description, what).not.toMatch(/expired|before/)
      at.pass(6000)
    }
    at.pass(-6000 * (Object.keys(bad).length + 1))
    expect((await exchange(at, `${head}.${'a'.repeat(65_000)}.${signature}`)).status).toBe(413)
    expect((await exchange(at, 'a'.repeat(1024 * 1024))).status).toBe(413)
    expect(await refusal(at, good)).toBe('accepted')
  })

  it('22. JWT: takes those of elliptic curves, of one audience in a list, and of clocks that differ a little', async () => {
    const at = await federatedApp()
    const seconds = Math.floor(at.ctx.now().getTime() / 1000)
    for (const alg of ['ES256', 'EdDSA']) {
      const key = await signingKey(alg, alg)
      const iss = `https://${alg.toLowerCase()}.example`
      await at.issuer({ name: alg.toLowerCase(), issuer: iss, jwks: { keys: [key.jwk] } })
      await at.trust({ issuer: alg.toLowerCase(), claims: { sub: ['job'] } })
      const claims = { iss, sub: 'job', aud: ['http://localhost:8080'], iat: seconds + 20, nbf: seconds + 20 }
      expect(await refusal(at, await key.sign(claimsNow(at, claims), { typ: undefined })), alg).toBe(
        'accepted',
      )
      at.pass(-6000)
    }
  })

  it('19. with typ swapped: neither token is taken for the other', async () => {
    const at = await federatedApp()
    const scope = 'repository:blueprints/nf/upf:pull'
    const asked = await at.as(basic('ci', await jobToken(at)), `/auth/token?scope=${scope}`)
    const { token } = (await asked.json()) as { token: string }
    expect(await refusal(at, token)).toBe('invalid_grant')
    const access = decodeJwt(token).access
    for (const typ of ['JWT', 'pkgserver-registry+jwt']) {
      const forged = await at.signer.sign(
        { ...githubClaims(at), iss: 'pkgserver', aud: 'pkgserver', access },
        { typ },
      )
      expect((await at.as(bearer(forged), '/v2/blueprints/nf/upf/tags/list')).status).toBe(401)
      expect((await at.as(basic('ci', forged), '/auth/token')).status).toBe(401)
      at.pass(2 * 6000)
    }
    expect((await at.as(basic('ci', token), '/auth/token')).status).toBe(401)
  })

  it('is never accepted as a bearer token, and as a password by the token service alone', async () => {
    const at = await federatedApp()
    const text = await jobToken(at)
    for (const path of [WHOAMI, '/v2/', '/v2/a/b/tags/list', '/api/v1/repositories']) {
      for (const authorization of [bearer(text), basic('ci', text)]) {
        expect((await at.as(authorization, path)).status, path).toBe(401)
        at.pass(6000)
      }
    }
    expect((await at.as(bearer(text), '/auth/token')).status).toBe(401)
    const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: text })
    expect((await at.as(undefined, '/auth/token', { method: 'POST', body: form })).status).toBe(401)
    expect((await at.as(basic('ci', text), '/auth/token')).status).toBe(200)
  })
})

describe('a token of an issuer as a password', () => {
  async function published() {
    const at = await federatedApp()
    const { text } = await at.withToken(SYSTEM, {
      owner: at.ci,
      permissions: ['read', 'draft', 'propose', 'review', 'publish', 'admin'],
    })
    await at.bind(at.ci, 'repository-admin', '*')
    const client = at.clientWith(text)
    await client.createRepository()
    await client.publish('ws1')
    return at
  }
  const SCOPE = 'scope=repository:blueprints/nf/upf:pull,push'
  const MANIFEST = '/v2/blueprints/nf/upf/manifests/v1'

  it('gives as many registry tokens as a client asks for, all for one token of ours', async () => {
    const at = await published()
    const text = await jobToken(at)
    const texts: string[] = []
    const all = await Promise.all([1, 2, 3].map(() => at.as(basic('ci', text), `/auth/token?${SCOPE}`)))
    for (const response of all) {
      expect(response.status).toBe(200)
      texts.push(((await response.json()) as { token: string }).token)
    }
    const form = { grant_type: 'password', username: 'ci', password: text, scope: SCOPE.slice(6) }
    const body = new URLSearchParams({ ...form, client_id: 'containerd-client', service: 'pkgserver' })
    const posted = await at.as(undefined, '/auth/token', { method: 'POST', body })
    texts.push(((await posted.json()) as { access_token: string }).access_token)
    expect(new Set(texts.map((each) => decodeJwt(each).tid)).size).toBe(1)
    for (const each of texts) expect((await at.as(bearer(each), MANIFEST)).status).toBe(200)
    expect(await at.records('token.exchanged')).toMatchObject([
      { details: { kind: 'password' }, via: { kind: 'federated', issuer: 'github' } },
    ])
    await deleteTrust(at.access, SYSTEM, 'ci', at.madeTrust.id)
    for (const each of texts) expect((await at.as(bearer(each), MANIFEST)).status).toBe(401)
  })

  it('needs the name of an account with a trust, and is for that alone', async () => {
    const at = await published()
    await at.account('other')
    const text = await jobToken(at)
    for (const name of ['other', '', 'unknown', '<token>']) {
      const response = await at.as(basic(name, text), '/auth/token')
      expect([response.status, await response.json()], name).toMatchObject([401, { error: 'invalid_grant' }])
    }
    expect((await at.as(basic('ci', text), '/auth/token')).status).toBe(200)
    await at.trust({}, 'other')
    // The same token as another account would be a second one.
    expect((await at.as(basic('other', text), '/auth/token')).status).toBe(401)
    expect((await at.as(basic('other', await jobToken(at)), '/auth/token')).status).toBe(200)
  })

  it('ends after ten minutes, as does what a client keeps in its place', async () => {
    const at = await published()
    const exp = Math.floor(at.ctx.now().getTime() / 1000) + 3600
    const text = await jobToken(at, { exp })
    const login = await at.as(basic('ci', text), '/auth/token?offline_token=true&client_id=docker')
    const { refresh_token } = (await login.json()) as { refresh_token: string }
    const renew = async () => {
      const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token })
      return (await at.as(undefined, '/auth/token', { method: 'POST', body })).status
    }
    at.pass(9 * MINUTE)
    expect((await at.as(basic('ci', text), '/auth/token')).status).toBe(200)
    expect(await renew()).toBe(200)
    at.pass(2 * MINUTE)
    expect((await at.as(basic('ci', text), '/auth/token')).status).toBe(401)
    expect(await renew()).toBe(200)
    at.pass(5 * MINUTE)
    expect(await renew()).toBe(401)
  })
})
