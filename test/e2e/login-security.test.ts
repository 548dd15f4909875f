/** Attacks on logins and sessions. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Forge, forgingProvider, idToken } from '../support/forging-provider.ts'
import { type IdentityProvider, identityProvider, PUBLIC_URL } from '../support/identity-provider.ts'
import { loginApp, SESSION_COOKIE } from '../support/login-app.ts'

const LOGIN_COOKIE = '__Host-pkgserver-login'

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
    // Failures of the same minute are counted together.
    app.pass(60_000)
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

  it('tells that the provider has refused, in words of its own', async () => {
    for (const [error, shown] of [
      ['access_denied', 'access_denied'],
      ['<b>pkgsp_secret</b>', 'error'],
    ] as const) {
      const { app, browser, callback } = await atCallback()
      const refused = changed(callback, (query) => {
        query.delete('code')
        query.set('error', error)
        query.set('error_description', '<b>pkgsp_secret</b>')
      })
      const answer = await browser.send(refused)
      expect(answer.status).toBe(401)
      expect(await answer.text()).toContain(`refuses the login (${shown})`)
      expect(JSON.stringify(await app.audit('login.failed'))).not.toContain('<b>')
    }
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
    expect(await app.audit('session.ended')).toMatchObject([{ actor: { name: 'ann' } }])
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
    expect(await app.audit('login.failed')).toHaveLength(1)
    idp.person('ann')
    expect(await app.json(await app.loggedIn(), '/whoami')).toMatchObject({ name: 'ann' })
  })
})

it('asks the provider no more for a network that has sent too many wrong codes', async () => {
  const provider = await forgingProvider()
  const app = await loginApp(provider.client())
  let asked = 0
  provider.forge(() => {
    asked++
    return 'nothing'
  })
  const statuses = []
  for (let count = 0; count < 12; count++) {
    statuses.push((await app.browser().follow('/auth/login')).response.status)
  }
  expect(statuses).toEqual([...Array(10).fill(401), 429, 429])
  expect(asked).toBe(10)
  provider.forge((given) => idToken(given))
  app.pass(6000)
  const { urls } = await app
    .browser()
    .follow('/auth/login?return=/docs', ({ pathname }) => pathname === '/docs')
  expect(urls.at(-1)).toBe(`${PUBLIC_URL}/docs`)
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
