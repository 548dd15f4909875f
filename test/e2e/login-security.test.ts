/** Attacks on logins and sessions. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PERMISSIONS } from '../../src/domain/access/permission.ts'
import { type Forge, forgingProvider, idToken } from '../support/forging-provider.ts'
import { type IdentityProvider, identityProvider, PUBLIC_URL } from '../support/identity-provider.ts'
import { loginApp, SESSION_COOKIE } from '../support/login-app.ts'

const LOGIN_COOKIE = '__Host-pkgserver-login'
const JSON_TYPE = { 'Content-Type': 'application/json' }

let idp: IdentityProvider

beforeAll(async () => {
  idp = await identityProvider()
})
afterAll(() => idp.close())

/** An app and a browser that the provider has sent back, before it gets there. */
async function atCallback() {
  const app = await loginApp(idp.client())
  idp.person('ann')
  const browser = app.browser()
  const { urls } = await browser.follow('/auth/login', ({ pathname }) => pathname === '/auth/callback')
  return { app, browser, callback: urls.at(-1) ?? '' }
}

const changed = (url: string, change: (query: URLSearchParams) => void) => {
  const other = new URL(url)
  change(other.searchParams)
  return other.href
}

describe('28. login:', () => {
  it.each([
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    'https:evil.example',
    'https://evil.example/',
    'https://packages.example.com@evil.example/',
    'https://packages.example.com/docs',
    '/\t/evil.example',
    '/.//evil.example',
    '/docs/..//evil.example',
    'javascript:alert(1)',
    'docs',
    '',
    `/${'x'.repeat(1100)}`,
  ])('refuses an open redirect in the return path: %j', async (path) => {
    const app = await loginApp(idp.client())
    const answer = await app.browser().send(`/auth/login?${new URLSearchParams({ return: path })}`)
    expect(answer.status).toBe(400)
    expect(answer.headers.get('Location')).toBeNull()
  })

  it('refuses a missing or swapped state, and each callback after the first', async () => {
    const { app, browser, callback } = await atCallback()
    const sealed = browser.cookie(LOGIN_COOKIE) ?? ''
    const send = async (url: string, cookie = sealed) =>
      (await app.browser().send(url, { headers: { Cookie: `${LOGIN_COOKIE}=${cookie}` } })).status
    expect(await send(changed(callback, (query) => query.delete('state')))).toBe(401)
    expect(await send(changed(callback, (query) => query.set('state', 'another')))).toBe(401)
    const { callback: foreign } = await atCallback()
    expect(await send(foreign)).toBe(401)
    for (const forged of ['', 'x', `${sealed.slice(0, -4)}AAAA`, Buffer.alloc(200).toString('base64url')]) {
      expect(await send(callback, forged)).toBe(401)
    }
    expect(await send(callback)).toBe(303)
    expect(await send(callback)).toBe(401)
    expect((await app.audit('login.failed'))[0]).toMatchObject({
      outcome: 'denied',
      actor: { kind: 'anonymous' },
      reason: 'this login was used already: log in again',
    })
  })

  it('refuses a state without a login of this server, and one that took too long', async () => {
    const { app, browser, callback } = await atCallback()
    // Another server has another key, be it of the same settings.
    const other = await loginApp(idp.client())
    const headers = { Cookie: `${LOGIN_COOKIE}=${browser.cookie(LOGIN_COOKIE)}` }
    expect((await other.browser().send(callback, { headers })).status).toBe(401)
    app.pass(10 * 60_000)
    expect((await browser.send(callback)).status).toBe(401)
  })

  it('refuses a code without its verifier (PKCE)', async () => {
    const { callback } = await atCallback()
    const { app, browser } = await atCallback()
    const { urls } = await browser.follow('/auth/login', ({ pathname }) => pathname === '/auth/callback')
    const code = new URL(callback).searchParams.get('code') ?? ''
    const mixed = changed(urls.at(-1) ?? '', (query) => query.set('code', code))
    expect((await browser.send(mixed)).status).toBe(401)
    expect(browser.cookie(SESSION_COOKIE)).toBeUndefined()
    expect((await app.audit('login.failed'))[0].reason).toContain('invalid_grant')
  })

  it('refuses a callback from another browser', async () => {
    const { app, callback } = await atCallback()
    const victim = app.browser()
    const answer = await victim.send(callback)
    expect(answer.status).toBe(401)
    expect(await answer.text()).toContain('this browser has not begun this login')
    // Not even one that is logging in itself.
    await victim.send('/auth/login')
    expect((await victim.send(callback)).status).toBe(401)
    expect(victim.cookie(SESSION_COOKIE)).toBeUndefined()
  })

  it('gives a session another id at each login, and ends that of before', async () => {
    const { app, browser, callback } = await atCallback()
    const planted = 'a'.repeat(43)
    const headers = {
      Cookie: `${SESSION_COOKIE}=${planted}; ${LOGIN_COOKIE}=${browser.cookie(LOGIN_COOKIE)}`,
    }
    const fixed = app.browser()
    expect((await fixed.send(callback, { headers })).status).toBe(303)
    const first = fixed.cookie(SESSION_COOKIE)
    expect(first).not.toBe(planted)
    await fixed.follow('/auth/login?return=/docs', ({ pathname }) => pathname === '/docs')
    expect(fixed.cookie(SESSION_COOKIE)).not.toBe(first)
    for (const old of [planted, first]) {
      const answer = await app
        .browser()
        .send('/api/v1/whoami', { headers: { Cookie: `${SESSION_COOKIE}=${old}` } })
      expect(answer.status).toBe(401)
    }
    expect((await fixed.send('/api/v1/whoami')).status).toBe(200)
  })

  it('refuses an answer of another provider (mix-up)', async () => {
    const { browser, callback, app } = await atCallback()
    const evil = changed(callback, (query) => query.set('iss', 'https://evil.example'))
    expect((await browser.send(evil)).status).toBe(401)
    expect((await app.audit('login.failed'))[0].reason).toContain('not valid')
    const { browser: another, callback: stripped } = await atCallback()
    expect((await another.send(changed(stripped, (query) => query.delete('iss')))).status).toBe(401)
  })

  it('takes an ID token of its provider, and refuses forged ones', async () => {
    const evil = await forgingProvider()
    const app = await loginApp(evil.client())
    const attempt = async (forge: Forge) => {
      evil.forge(forge)
      const browser = app.browser()
      const { response } = await browser.follow(
        '/auth/login?return=/docs',
        ({ pathname }) => pathname === '/docs',
      )
      return { status: response.status, session: browser.cookie(SESSION_COOKIE) }
    }
    expect(await attempt((asked) => idToken(asked))).toMatchObject({
      status: 303,
      session: expect.any(String),
    })
    const unsigned = (header: object, claims: object) =>
      `${[header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.`
    const forgeries: Record<string, Forge> = {
      'another key': (asked) => idToken({ ...asked, key: asked.other }),
      'a key in the header': (asked) =>
        idToken({ ...asked, key: asked.other }, {}, { jku: `${asked.issuer}/x` }),
      'an unknown key': (asked) => idToken(asked, {}, { kid: 'two' }),
      'no signature': ({ nonce, issuer, now }) =>
        unsigned(
          { alg: 'none' },
          { iss: issuer, sub: 'ann', aud: 'pkgserver', nonce, iat: now, exp: now + 300 },
        ),
      'another nonce': (asked) => idToken(asked, { nonce: 'another' }),
      'no nonce': (asked) => idToken(asked, { nonce: undefined }),
      'another issuer': (asked) => idToken(asked, { iss: idp.issuer }),
      'another audience': (asked) => idToken(asked, { aud: 'another' }),
      'an audience beside it, for which it was issued': (asked) =>
        idToken(asked, { aud: ['pkgserver', 'another'], azp: 'another' }),
      'an end in the past': (asked) => idToken(asked, { iat: asked.now - 600, exp: asked.now - 300 }),
      'no end': (asked) => idToken(asked, { exp: undefined }),
      'a beginning in the future': (asked) => idToken(asked, { nbf: asked.now + 300 }),
      'no subject': (asked) => idToken(asked, { sub: undefined }),
      'a number as subject': (asked) => idToken(asked, { sub: 7 }),
      'no token': () => 'nothing',
    }
    for (const [name, forge] of Object.entries(forgeries)) {
      expect(await attempt(forge), name).toEqual({ status: 401, session: undefined })
      // Attempts are limited.
      app.pass(6000)
    }
  })

  it('limits failures, and what they write into the audit log', async () => {
    const app = await loginApp(idp.client())
    const statuses = []
    for (let count = 0; count < 12; count++) {
      statuses.push((await app.browser().send('/auth/callback?state=x&code=y')).status)
    }
    expect(statuses).toEqual([...Array(10).fill(401), 429, 429])
    expect(await app.audit('login.failed')).toHaveLength(10)
    idp.person('ann')
    expect(await app.json(await app.loggedIn(), '/whoami')).toMatchObject({ name: 'ann' })
  })
})

describe('29. CSRF:', () => {
  async function loggedIn() {
    const app = await loginApp(idp.client(), { adminGroups: ['corp:admins'] })
    idp.person('ann', { groups: ['corp:admins'] })
    const browser = await app.loggedIn()
    await app.admin.createRepository()
    const { name } = await app.admin.createDraft('ws1')
    await app.admin.verb(name, 'propose')
    // Not as the browser for tests does it, which names its origin.
    const post = async (path: string, headers: Record<string, string>, body?: string) => {
      const Cookie = `${SESSION_COOKIE}=${browser.cookie(SESSION_COOKIE)}`
      const init = { method: 'POST', headers: { Cookie, ...headers }, ...(body !== undefined && { body }) }
      return (await app.hono.request(`${PUBLIC_URL}${path}`, init)).status
    }
    return { app, browser, name, post }
  }

  it('refuses approvals, tokens and logouts that no page of this site asks for', async () => {
    const { app, browser, name, post } = await loggedIn()
    const foreign: Record<string, string>[] = [
      {},
      { Origin: 'null' },
      { Origin: 'https://evil.example' },
      { Origin: 'http://packages.example.com' },
      { Origin: 'https://packages.example.com:8443' },
      { Origin: 'https://evil.packages.example.com' },
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site', Origin: PUBLIC_URL },
      { 'Sec-Fetch-Site': 'none' },
      { 'Sec-Fetch-Site': 'same-origin', Origin: 'https://evil.example' },
      { 'X-Forwarded-Host': 'packages.example.com', 'X-Forwarded-Proto': 'https' },
    ]
    for (const headers of foreign) {
      const text = JSON.stringify(headers)
      expect(await post(`/api/v1/packagerevisions/${name}/approve`, headers), text).toBe(403)
      expect(await post('/api/v1/tokens', { ...headers, ...JSON_TYPE }, '{"name":"x"}'), text).toBe(403)
      expect(await post('/api/v1/tokens', { ...headers, 'Content-Type': 'text/plain' }, '{"name":"x"}')).toBe(
        403,
      )
      expect(await post('/auth/logout', headers), text).toBe(403)
      expect(await post('/auth/device/decision', headers, 'decision=approve'), text).toBe(403)
    }
    expect(await app.json(browser, '/whoami')).toMatchObject({ name: 'ann' })
    expect((await app.json(browser, '/tokens')).items).toEqual([])
    expect((await app.admin.get(name)).lifecycle).toBe('Proposed')
  })

  it('allows what a page of this site asks for', async () => {
    const { app, name, post } = await loggedIn()
    expect(await post('/api/v1/tokens', { Origin: PUBLIC_URL, ...JSON_TYPE }, '{"name":"x"}')).toBe(201)
    expect(await post(`/api/v1/packagerevisions/${name}/approve`, { 'Sec-Fetch-Site': 'same-origin' })).toBe(
      200,
    )
    expect((await app.admin.get(name)).lifecycle).toBe('Published')
  })

  it('takes no cookie in the registry and at its token service', async () => {
    const { app, browser, post } = await loggedIn()
    expect((await browser.send('/v2/')).status).toBe(401)
    expect((await browser.send('/v2/blueprints/nf/upf/tags/list')).status).toBe(401)
    expect(await post('/v2/blueprints/x/blobs/uploads/', { Origin: PUBLIC_URL })).toBe(401)
    const scope = 'scope=repository:blueprints/nf/upf:pull'
    const { token } = (await (await browser.send(`/auth/token?${scope}`)).json()) as { token: string }
    const [, claims = ''] = token.split('.')
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({ sub: '', access: [] })
    expect(await app.json(browser, '/whoami')).toMatchObject({ name: 'ann' })
  })

  it('uses the token of a request that has one, and not its cookie', async () => {
    const { app, browser } = await loggedIn()
    const bearer = (text: string) => ({ headers: { Authorization: `Bearer ${text}` } })
    expect((await browser.send('/api/v1/whoami', bearer('wrong'))).status).toBe(401)
    const { text } = await app.withToken(await app.user('bob'), { permissions: PERMISSIONS })
    const answer = await browser.send('/api/v1/whoami', bearer(text))
    expect((await answer.json()) as object).toMatchObject({ name: 'bob' })
  })
})

describe('31. identity:', () => {
  async function names(...logins: [IdentityProvider, string, Record<string, unknown>][]) {
    const app = await loginApp(idp.client())
    const found = []
    for (const [from, id, claims] of logins) {
      from.person(id, claims)
      const { name, groups } = await app.json(await app.loggedIn(), '/whoami')
      found.push({ name, groups })
    }
    return { app, found }
  }

  it('takes people of the same address or name for different ones', async () => {
    const same = { email: 'ann@example.com', email_verified: true, preferred_username: 'ann' }
    const { found, app } = await names([idp, 'one', same], [idp, 'two', same], [idp, 'one', same])
    expect(found.map(({ name }) => name)).toEqual(['ann', 'ann-2', 'ann'])
    await app.bind({ kind: 'user', name: 'ann' }, 'admin')
    idp.person('two', same)
    expect((await (await app.loggedIn()).send('/api/v1/users')).status).toBe(403)
  })

  it('takes the same subject of another issuer for another person', async () => {
    const other = await identityProvider()
    try {
      idp.person('ann')
      other.person('ann')
      const app = await loginApp(idp.client())
      await app.loggedIn()
      const moved = await loginApp(other.client(), { at: app })
      expect(await moved.json(await moved.loggedIn(), '/whoami')).toMatchObject({ name: 'ann-2' })
    } finally {
      other.close()
    }
  })

  it('keeps the person whose name and address change', async () => {
    const { found } = await names(
      [idp, 'one', { preferred_username: 'ann', email: 'ann@example.com' }],
      [idp, 'one', { preferred_username: 'root', email: 'root@example.com' }],
    )
    expect(found.map(({ name }) => name)).toEqual(['ann', 'ann'])
  })

  it('takes a group away at the next login after the provider has, also from tokens', async () => {
    const app = await loginApp(idp.client())
    await app.bind({ kind: 'group', name: 'corp:audit' }, 'auditor')
    idp.person('ann', { groups: ['corp:audit', 'corp:x'] })
    const first = await app.loggedIn()
    const made = await first.send('/api/v1/tokens', {
      method: 'POST',
      body: '{"name":"test"}',
      headers: JSON_TYPE,
    })
    const { token } = (await made.json()) as { token: string }
    expect((await app.clientWith(token).call('GET', '/users')).status).toBe(200)
    idp.person('ann', { groups: ['corp:x'] })
    const second = await app.loggedIn()
    for (const browser of [first, second]) {
      expect((await app.json(browser, '/whoami')).groups).toEqual(['corp:x'])
      expect((await browser.send('/api/v1/users')).status).toBe(403)
    }
    expect((await app.clientWith(token).call('GET', '/users')).status).toBe(403)
  })

  it.each([
    ['absent', undefined],
    ['empty', []],
    ['of another kind', { 'corp:admins': true }],
    ['a number', 7],
    ['one text', 'corp:one', ['corp:one']],
    ['partly of another kind', ['corp:one', 7, null, ['corp:two'], ''], ['corp:one']],
    ['too long', ['x'.repeat(257)]],
  ])('has no groups but those in a list of texts: %s', async (_, groups, expected: string[] = []) => {
    const { found } = await names([idp, 'ann', { groups: ['corp:old'] }], [idp, 'ann', { groups }])
    expect(found[1]?.groups).toEqual(expected)
  })

  it('refuses more groups than a person can have', async () => {
    const app = await loginApp(idp.client())
    idp.person('ann', { groups: Array.from({ length: 1001 }, (_, at) => `group-${at}`) })
    const { response } = await app.browser().follow('/auth/login')
    expect(response.status).toBe(403)
    expect(await response.text()).toContain('1000 is the limit')
  })

  it.each([
    ['system:root', 'system-root'],
    ['serviceaccount:flux', 'serviceaccount-flux'],
    ['pkgserver', 'pkgserver-2'],
    ['system', 'system-2'],
    ['anonymous', 'anonymous-2'],
    ['root:settings', 'root-settings'],
    ['../../etc', 'etc'],
    ['\u0430nn', 'nn'],
    ['a\u202enna', 'a-nna'],
    ['x'.repeat(500), 'x'.repeat(100)],
  ])('lets no name imitate those of the server: %j', async (wanted, expected) => {
    const { found } = await names([idp, 'someone', { preferred_username: wanted }])
    expect(found[0]?.name).toBe(expected)
  })

  it('uses no address as a name that the provider has not verified', async () => {
    const app = await loginApp(idp.client({ usernameClaim: 'email' }))
    idp.person('one', { email: 'root@example.com', email_verified: false })
    expect((await app.json(await app.loggedIn(), '/whoami')).name).toBe('one')
    idp.person('two', { email: 'two@example.com', email_verified: true })
    expect((await app.json(await app.loggedIn(), '/whoami')).name).toBe('two@example.com')
  })
})

it('30. headers: believes no proxy that it does not trust about where people log in', async () => {
  const app = await loginApp(idp.client())
  const headers = {
    'X-Forwarded-Host': 'evil.example',
    'X-Forwarded-Proto': 'http',
    Forwarded: 'host=evil.example',
  }
  const begun = await app.browser().send('/auth/login', { headers })
  const { searchParams } = new URL(begun.headers.get('Location') ?? '')
  expect(searchParams.get('redirect_uri')).toBe(`${PUBLIC_URL}/auth/callback`)
  expect(begun.headers.getSetCookie().join()).toContain('Secure')
})
