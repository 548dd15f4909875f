/** Logins of command lines, which a person approves in the browser. */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DEVICE_GRANT } from '../../src/api/auth/device-grant.ts'
import { parseUserCode } from '../../src/domain/access/device-login.ts'
import { pruneLogins } from '../../src/service/login/prune-logins.ts'
import type { Browser } from '../support/browser.ts'
import type { Json } from '../support/client.ts'
import { type IdentityProvider, identityProvider, PUBLIC_URL } from '../support/identity-provider.ts'
import { loginApp } from '../support/login-app.ts'

let idp: IdentityProvider

beforeAll(async () => {
  idp = await identityProvider()
})
afterAll(() => idp.close())

async function deviceApp() {
  const app = await loginApp(idp.client())
  idp.person('ann')
  const post = async (
    path: string,
    fields: Record<string, string>,
  ): Promise<{ status: number; body: Json }> => {
    const answer = await app.hono.request(`${PUBLIC_URL}${path}`, {
      method: 'POST',
      body: new URLSearchParams(fields).toString(),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    })
    return { status: answer.status, body: await answer.json() }
  }
  const start = (fields: Record<string, string> = { client_id: 'pkgctl' }) => post('/auth/device', fields)
  return {
    ...app,
    post,
    start,
    begun: async (fields?: Record<string, string>) => (await start(fields)).body,
    poll: async (code: string) => {
      app.pass(5000)
      return post('/auth/token', { grant_type: DEVICE_GRANT, device_code: code, client_id: 'pkgctl' })
    },
    decide: (browser: Browser, code: string, decision = 'approve') =>
      browser.post('/auth/device/decision', { user_code: code, decision }),
  }
}

describe('a device login', () => {
  it('gives a program a token of the person who approves it, once', async () => {
    const app = await deviceApp()
    const { status, body: begun } = await app.start({ client_id: 'pkgctl on laptop' })
    expect(status).toBe(200)
    expect(begun).toEqual({
      device_code: expect.stringMatching(/^[\w-]{43}$/),
      user_code: expect.stringMatching(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/),
      verification_uri: `${PUBLIC_URL}/auth/device`,
      verification_uri_complete: `${PUBLIC_URL}/auth/device?user_code=${begun.user_code}`,
      expires_in: 600,
      interval: 5,
    })
    const pending = { status: 400, body: { error: 'authorization_pending' } }
    expect(await app.poll(begun.device_code)).toMatchObject(pending)

    const browser = app.browser()
    const { response, urls } = await browser.follow(begun.verification_uri_complete)
    expect(urls.at(-1)).toBe(begun.verification_uri_complete)
    expect(response.status).toBe(200)
    const page = await response.text()
    for (const text of [begun.user_code, 'pkgctl on laptop', 'ann', '2026', 'draft.read']) {
      expect(page).toContain(text)
    }
    expect(page).not.toContain('<script')
    const [, style = ''] = /<style>([^<]*)<\/style>/.exec(page) ?? []
    const styleHash = createHash('sha256').update(style).digest('base64')
    expect(response.headers.get('Content-Security-Policy')).toBe(
      `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
    )
    expect(await app.poll(begun.device_code)).toMatchObject(pending)

    const approved = await app.decide(browser, begun.user_code)
    expect(approved.status).toBe(200)
    const { status: got, body: issued } = await app.poll(begun.device_code)
    expect(got).toBe(200)
    expect(issued).toMatchObject({
      access_token: expect.stringMatching(/^pkgsd_/),
      token_type: 'Bearer',
      expires_in: 90 * 24 * 3600,
    })
    expect(await app.poll(begun.device_code)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })

    const program = app.clientWith(issued.access_token)
    const whoami = await program.ok('GET', '/whoami')
    expect(whoami).toMatchObject({ kind: 'user', name: 'ann' })
    expect(whoami.token.permissions).not.toContain('review')
    const { items } = await app.json(browser, '/tokens')
    expect(items).toMatchObject([{ kind: 'device', name: 'pkgctl on laptop', id: whoami.token.id }])
    const revoked = await browser.send(`/api/v1/tokens/${items[0].id}`, { method: 'DELETE' })
    expect(revoked.status).toBe(204)
    expect((await program.call('GET', '/whoami')).status).toBe(401)

    for (const type of ['device_login.approved', 'device_login.completed']) {
      expect(await app.audit(type)).toMatchObject([
        { actor: { name: 'ann' }, target: { name: 'pkgctl on laptop' } },
      ])
    }
    expect(JSON.stringify(await app.admin.ok('GET', '/audit'))).not.toContain(begun.device_code)
  })

  it('can ask for permissions, which the page shows', async () => {
    const app = await deviceApp()
    const begun = await app.begun({ client_id: 'pkgctl', scope: 'review tokens' })
    const browser = await app.loggedIn()
    const page = await (await browser.send(begun.verification_uri_complete)).text()
    expect(page).toContain('read, draft.read, review, tokens')
    await app.decide(browser, begun.user_code)
    const { body } = await app.poll(begun.device_code)
    expect(body.scope).toBe('read draft.read review tokens')
    expect(await app.start({ client_id: 'x', scope: 'everything' })).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    })
  })

  it('is denied', async () => {
    const app = await deviceApp()
    const begun = await app.begun()
    const browser = await app.loggedIn()
    expect((await app.decide(browser, begun.user_code, 'deny')).status).toBe(200)
    expect(await app.poll(begun.device_code)).toMatchObject({ status: 400, body: { error: 'access_denied' } })
    expect((await app.decide(browser, begun.user_code)).status).toBe(404)
    expect(await app.audit('device_login.denied')).toHaveLength(1)
  })

  it('ends after ten minutes', async () => {
    const app = await deviceApp()
    const begun = await app.begun()
    const browser = await app.loggedIn()
    app.pass(10 * 60_000)
    expect((await browser.send(begun.verification_uri_complete)).status).toBe(404)
    expect((await app.decide(browser, begun.user_code)).status).toBe(404)
    expect(await app.poll(begun.device_code)).toMatchObject({ status: 400, body: { error: 'expired_token' } })
    await pruneLogins(app.ctx)
    expect(await app.poll(begun.device_code)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  })

  it('gives no token to a user who is disabled meanwhile', async () => {
    const app = await deviceApp()
    const begun = await app.begun()
    await app.decide(await app.loggedIn(), begun.user_code)
    await app.admin.ok('PATCH', '/users/ann', { disabled: true }, { 'If-Match': '*' })
    expect(await app.poll(begun.device_code)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  })

  it('slows down programs that ask too often', async () => {
    const app = await deviceApp()
    const { device_code } = await app.begun()
    const ask = async () =>
      (await app.post('/auth/token', { grant_type: DEVICE_GRANT, device_code })).body.error
    expect(await ask()).toBe('authorization_pending')
    expect(await ask()).toBe('slow_down')
    app.pass(5000)
    expect(await ask()).toBe('slow_down')
    app.pass(15_000)
    expect(await ask()).toBe('authorization_pending')
  })

  it('is decided by a person with a session only, on a page of this site', async () => {
    const app = await deviceApp()
    const begun = await app.begun()
    const browser = await app.loggedIn()
    const { text } = await app.withToken(await app.user('bob'))
    const decision = { user_code: begun.user_code, decision: 'approve' }
    const Authorization = `Bearer ${text}`
    expect((await app.browser().post('/auth/device/decision', decision, { Authorization })).status).toBe(401)
    expect((await browser.post('/auth/device/decision', decision, { Authorization })).status).toBe(401)
    expect((await app.browser().post('/auth/device/decision', decision)).status).toBe(401)
    expect(
      (await browser.post('/auth/device/decision', decision, { Origin: 'https://evil.example' })).status,
    ).toBe(403)
    expect((await browser.post('/auth/device/decision', { ...decision, decision: 'maybe' })).status).toBe(400)
    expect(await app.poll(begun.device_code)).toMatchObject({ body: { error: 'authorization_pending' } })
  })

  it('takes a code as people type it', async () => {
    const app = await deviceApp()
    const begun = await app.begun()
    const browser = await app.loggedIn()
    expect(await (await browser.send('/auth/device')).text()).toContain('name="user_code"')
    const typed = begun.user_code.toLowerCase().replace('-', ' ')
    const page = await browser.send(`/auth/device?${new URLSearchParams({ user_code: ` ${typed} ` })}`)
    expect(page.status).toBe(200)
    expect(parseUserCode('BCDF-GHJA')).toBeUndefined()
    expect(parseUserCode('BCDF-GHJ')).toBeUndefined()
  })

  it('shows the name of a program as text', async () => {
    const app = await deviceApp()
    const begun = await app.begun({ client_id: '<script>alert(1)</script>"\u202e' })
    const page = await (await (await app.loggedIn()).send(begun.verification_uri_complete)).text()
    expect(page).toContain('scriptalert(1)/script')
    const nameless = await app.begun({ client_id: '\u202e' })
    const other = await (await (await app.loggedIn()).send(nameless.verification_uri_complete)).text()
    expect(other).toContain('a program without a name')
  })
})

describe('guessing', () => {
  it('a code that a person types is limited for the session, and for the network', async () => {
    const app = await deviceApp()
    const begun = await app.begun()
    const guesser = await app.loggedIn()
    const guess = async (browser: Browser, code = 'BBBB-BBBB') =>
      (await browser.send(`/auth/device?user_code=${code}`)).status
    for (let count = 0; count < 20; count++) expect(await guess(guesser, begun.user_code)).toBe(200)
    const statuses = await Promise.all(Array.from({ length: 20 }, () => guess(guesser)))
    expect(statuses.filter((status) => status === 404)).toHaveLength(10)
    expect(statuses.filter((status) => status === 429)).toHaveLength(10)
    // A right guess is none of the attempts that are left.
    expect(await guess(guesser, begun.user_code)).toBe(429)
    expect((await app.decide(guesser, begun.user_code)).status).toBe(429)
    const again = await app.loggedIn()
    expect(await guess(again, begun.user_code)).toBe(429)
    app.pass(6000)
    expect(await guess(again, begun.user_code)).toBe(200)
  })

  it('a code that a program has is limited', async () => {
    const app = await deviceApp()
    const statuses = []
    for (let count = 0; count < 12; count++) {
      const code = { grant_type: DEVICE_GRANT, device_code: `guess-${count}` }
      statuses.push((await app.post('/auth/token', code)).status)
    }
    expect(statuses).toEqual([...Array(10).fill(400), 429, 429])
  })

  it('is made harder by a limit of logins that are begun', async () => {
    const app = await deviceApp()
    const statuses = []
    for (let count = 0; count < 12; count++) statuses.push((await app.start()).status)
    expect(statuses).toEqual([...Array(10).fill(200), 429, 429])
    expect((await app.start()).body).toMatchObject({ error: 'slow_down' })
  })
})

it('refuses device logins where people cannot log in', async () => {
  const app = await loginApp(undefined)
  const answer = await app.browser().post('/auth/device', { client_id: 'pkgctl' })
  expect(answer.status).toBe(400)
  expect((await answer.json()) as object).toMatchObject({
    error_description: expect.stringContaining('PKGSERVER_OIDC_ISSUER'),
  })
})

it('refuses questions without a code', async () => {
  const app = await deviceApp()
  const none = await app.post('/auth/token', { grant_type: DEVICE_GRANT })
  expect(none).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
})
