/** Logins of people with a real OpenID provider. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copyIndex, indexFile } from '../../src/database/sqlite/index-file.ts'
import { SESSION_LIFETIME } from '../../src/domain/access/session.ts'
import { folderApp } from '../support/app.ts'
import { Browser } from '../support/browser.ts'
import { Client } from '../support/client.ts'
import {
  type IdentityProvider,
  identityProvider,
  PUBLIC_URL,
  providerClient,
} from '../support/identity-provider.ts'
import { loginApp, SESSION_COOKIE } from '../support/login-app.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { watch } from '../support/watch.ts'

const MINUTE = 60_000

let idp: IdentityProvider
let thin: IdentityProvider

beforeAll(async () => {
  idp = await identityProvider()
  thin = await identityProvider({ inIdToken: false })
})
afterAll(() => {
  idp.close()
  thin.close()
})

describe('a login', () => {
  it('begins a session with which the person may do what is bound to the groups', async () => {
    const app = await loginApp(idp.client())
    idp.person('ann', { groups: ['corp:readers'], name: 'Ann Other' })
    await app.admin.createRepository()
    await app.admin.publish('ws1')
    await app.bind({ kind: 'group', name: 'corp:readers' }, 'reader', 'blueprints')

    const browser = app.browser()
    const begun = await browser.send('/auth/login?return=/docs%23there')
    expect(begun.status).toBe(303)
    const asked = new URL(begun.headers.get('Location') ?? '')
    expect(asked.origin).toBe(idp.issuer)
    expect(Object.fromEntries(asked.searchParams)).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      redirect_uri: `${PUBLIC_URL}/auth/callback`,
      scope: 'openid profile email groups',
    })
    const { response, urls } = await browser.follow(asked.href, (url) => url.pathname === '/docs')
    expect(response.headers.get('Location')).toBe(`${PUBLIC_URL}/docs#there`)
    const [session] = response.headers.getSetCookie().filter((line) => line.startsWith(`${SESSION_COOKIE}=`))
    for (const attribute of ['Secure', 'HttpOnly', 'SameSite=Lax', 'Path=/', 'Max-Age=86400']) {
      expect(session).toContain(attribute)
    }
    expect(session).not.toContain('Domain')
    expect(browser.cookie('__Host-pkgserver-login')).toBeUndefined()

    expect(await app.json(browser, '/whoami')).toMatchObject({
      kind: 'user',
      name: 'ann',
      groups: ['corp:readers'],
      token: null,
    })
    expect((await app.json(browser, '/packagerevisions')).items).toHaveLength(1)
    expect(await app.admin.ok('GET', '/users/ann')).toMatchObject({ displayName: 'Ann Other' })
    const code = new URL(urls.at(-2) ?? '').searchParams.get('code') ?? ''
    const records = JSON.stringify(await app.admin.ok('GET', '/audit'))
    expect(code).not.toBe('')
    for (const secret of [code, browser.cookie(SESSION_COOKIE) ?? '']) expect(records).not.toContain(secret)
    expect((await app.audit('login.succeeded'))[0]).toMatchObject({
      actor: { name: 'ann' },
      via: { kind: 'session', issuer: idp.issuer, subject: 'ann' },
    })
  })

  it('reads the groups where the provider tells them, if the ID token has none', async () => {
    const app = await loginApp(thin.client())
    thin.person('ann', { groups: ['corp:a'] })
    const browser = await app.loggedIn()
    expect(await app.json(browser, '/whoami')).toMatchObject({ name: 'ann', groups: ['corp:a'] })
  })

  it('makes admins of the groups in the settings', async () => {
    const app = await loginApp(idp.client(), { adminGroups: ['corp:admins'] })
    idp.person('root', { groups: ['corp:admins'] })
    const browser = await app.loggedIn()
    expect((await browser.send('/api/v1/users')).status).toBe(200)
    idp.person('ann', { groups: ['corp:other'] })
    expect((await (await app.loggedIn()).send('/api/v1/users')).status).toBe(403)
  })

  it('is refused for a disabled user, whose sessions end at once and do not come back', async () => {
    const app = await loginApp(idp.client())
    idp.person('ann')
    const browser = await app.loggedIn()
    expect((await browser.send('/api/v1/whoami')).status).toBe(200)
    await app.admin.ok('PATCH', '/users/ann', { disabled: true }, { 'If-Match': '*' })
    expect((await browser.send('/api/v1/whoami')).status).toBe(401)
    const { response } = await app.browser().follow('/auth/login')
    expect(response.status).toBe(403)
    expect(await response.text()).toContain('this account is disabled')
    expect((await app.audit('login.failed'))[0]).toMatchObject({ outcome: 'denied', code: 'forbidden' })
    await app.admin.ok('PATCH', '/users/ann', { disabled: false }, { 'If-Match': '*' })
    expect((await browser.send('/api/v1/whoami')).status).toBe(401)
  })

  it('says what is missing while the provider is down, and works when it is back', async () => {
    const late = await identityProvider()
    late.close()
    const app = await loginApp(late.client())
    expect(await app.json(app.browser(), '')).toMatchObject({ login: { loginPath: '/auth/login' } })
    const answer = await app.browser().send('/auth/login')
    expect(answer.status).toBe(503)
    expect(await answer.text()).toContain('does not answer')
    late.open()
    late.person('ann')
    try {
      expect(await app.json(await app.loggedIn(), '/whoami')).toMatchObject({ name: 'ann' })
    } finally {
      late.close()
    }
  })

  it('needs no secret for a public client', async () => {
    const app = await loginApp(idp.client({ clientId: 'public', clientSecret: undefined }))
    idp.person('ann')
    expect(await app.json(await app.loggedIn(), '/whoami')).toMatchObject({ name: 'ann' })
  })

  it('is refused with a wrong secret of the client', async () => {
    const app = await loginApp(idp.client({ clientSecret: 'another' }))
    const { response } = await app.browser().follow('/auth/login')
    expect(response.status).toBe(503)
    expect(await response.text()).toContain('the secret of the client')
    expect(response.headers.get('Content-Security-Policy')).toContain("default-src 'none'")
  })

  it('needs an identity provider, https, and rights to log in for', async () => {
    const without = await loginApp(undefined)
    expect(await without.json(without.browser(), '')).toMatchObject({ access: 'required', login: null })
    const open = await loginApp(idp.client(), { mode: 'open' })
    const plain = await loginApp(idp.client(), { publicUrl: 'http://packages.example.com' })
    expect(await plain.json(plain.browser(), '')).toMatchObject({ login: null })
    for (const [app, text] of [
      [without, 'PKGSERVER_OIDC_ISSUER'],
      [open, 'every caller may do everything'],
      [plain, 'https'],
    ] as const) {
      for (const path of ['/auth/login', '/auth/callback', '/auth/device']) {
        const answer = await app.browser().send(path)
        expect(answer.status).toBe(409)
        expect(await answer.text()).toContain(text)
        expect(answer.headers.getSetCookie()).toEqual([])
      }
    }
  })

  it('uses a plain cookie on this machine', async () => {
    const publicUrl = 'http://localhost:8080'
    const app = await loginApp(idp.client(), { publicUrl })
    idp.person('ann')
    const browser = await app.loggedIn()
    expect(browser.cookie('pkgserver')).toMatch(/^[\w-]{43}$/)
    expect(await app.json(browser, '/whoami')).toMatchObject({ name: 'ann' })
  })

  it('fails where the provider and its configuration are of different names', async () => {
    const app = await loginApp(providerClient(idp.issuer.replace('127.0.0.1', 'localhost')))
    expect((await app.browser().send('/auth/login')).status).toBe(503)
  })
})

it('is set up by the settings, and asks for rights from the first start on', async () => {
  const secretFile = join(await temporaryFolder(), 'secret')
  await writeFile(secretFile, 'a-secret-of-the-client\n')
  const settings = {
    PKGSERVER_OIDC_ISSUER: thin.issuer,
    PKGSERVER_OIDC_CLIENT_ID: 'pkgserver',
    PKGSERVER_OIDC_CLIENT_SECRET_FILE: secretFile,
    PKGSERVER_OIDC_SCOPES: 'openid email',
    PKGSERVER_OIDC_GROUPS_CLAIM: 'teams',
    PKGSERVER_OIDC_USERNAME_CLAIM: 'email',
    PKGSERVER_ADMIN_GROUPS: 'corp:admins',
  }
  const { client, data } = await folderApp(undefined, settings)
  expect(await client.ok('GET', '')).toMatchObject({
    access: 'required',
    login: { issuer: `${thin.issuer}/`, loginPath: '/auth/login', devicePath: '/auth/device' },
  })
  thin.person('ann', { email: 'ann@example.com', email_verified: true, teams: ['corp:admins'] })
  const browser = new Browser('http://localhost:8080', (url, init) => client.send(url, init))
  await browser.follow('/auth/login?return=/docs', ({ pathname }) => pathname === '/docs')
  const own = new Client((path, init) => browser.send(path, init))
  expect(await own.ok('GET', '/whoami')).toMatchObject({ name: 'ann@example.com', groups: ['corp:admins'] })

  // A backup has no sessions: one that was ended since would come back with it.
  const sessions = (file: string) => {
    const database = new BetterSqlite3(file)
    try {
      return database.prepare('SELECT count(*) FROM sessions').pluck().get()
    } finally {
      database.close()
    }
  }
  expect(sessions(indexFile(data))).toBe(1)
  const copy = join(await temporaryFolder(), 'index.db')
  await copyIndex(data, copy, [])
  expect(sessions(copy)).toBe(0)

  await writeFile(secretFile, '\n')
  await expect(folderApp(undefined, settings)).rejects.toThrow('is empty')
})

describe('a session', () => {
  it('ends its streams with it', async () => {
    const app = await loginApp(idp.client())
    await app.bind({ kind: 'authenticated' }, 'reader', '*')
    idp.person('ann')
    const streams = []
    for (let count = 0; count < 3; count++) {
      const browser = await app.loggedIn()
      const stream = await watch(new Client((path, init) => browser.send(path, init)))
      expect((await stream.next()).event).toBe('BOOKMARK')
      streams.push({ browser, stream })
    }
    const [out, ended, idle] = streams
    await out?.browser.post('/auth/logout', {})
    await out?.stream.ended()
    const { items } = await app.admin.ok('GET', '/users/ann/sessions')
    await app.admin.ok('DELETE', `/sessions/${items[0].id}`)
    app.pass(SESSION_LIFETIME.idle)
    await Promise.all([ended?.stream.ended(), idle?.stream.ended()])
  })

  it('ends with the logout, here and at the provider', async () => {
    const app = await loginApp(idp.client())
    idp.person('ann')
    const browser = await app.loggedIn()
    const text = browser.cookie(SESSION_COOKIE)
    const out = await browser.post('/auth/logout', {})
    expect(out.status).toBe(303)
    expect(out.headers.get('Location')).toMatch(`${idp.issuer}/session/end?id_token_hint=`)
    expect(browser.cookie(SESSION_COOKIE)).toBeUndefined()
    const stolen = await app
      .browser()
      .send('/api/v1/whoami', { headers: { Cookie: `${SESSION_COOKIE}=${text}` } })
    expect(stolen.status).toBe(401)
    expect((await stolen.json()) as object).toMatchObject({ code: 'unauthenticated' })
    expect((await app.audit('session.ended'))[0]).toMatchObject({ actor: { name: 'ann' } })
    expect((await app.browser().post('/auth/logout', {})).status).toBe(303)
  })

  it('ends after 8 hours without use, and after 24 hours in any case', async () => {
    const app = await loginApp(idp.client())
    idp.person('ann')
    const idle = await app.loggedIn()
    const used = await app.loggedIn()
    const status = async (browser: typeof idle) => (await browser.send('/api/v1/whoami')).status
    for (let hours = 0; hours < 24; hours += 4) {
      expect(await status(used)).toBe(200)
      if (hours === 8) expect(await status(idle)).toBe(401)
      await app.settled()
      app.pass(SESSION_LIFETIME.idle / 2)
    }
    expect(await status(used)).toBe(401)
  })

  it('that has ended is no reason to refuse a page without rights, or another login', async () => {
    const app = await loginApp(idp.client())
    idp.person('ann')
    const browser = await app.loggedIn()
    app.pass(SESSION_LIFETIME.whole)
    expect((await browser.send('/api/v1/repositories')).status).toBe(401)
    for (const path of ['/docs', '/api/v1', '/healthz']) expect((await browser.send(path)).status).toBe(200)
    expect((await browser.send('/auth/login')).status).toBe(303)
  })

  it('is listed, and ended by its owner or an admin, and by no one else', async () => {
    const app = await loginApp(idp.client())
    idp.person('ann')
    const one = await app.loggedIn()
    app.pass(1000)
    const two = await app.loggedIn()
    idp.person('bob')
    const bob = await app.loggedIn()
    const { items } = await app.json(one, '/sessions')
    expect(items.map(({ current }: { current: boolean }) => current)).toEqual([true, false])
    expect((await app.json(bob, '/sessions')).items).toHaveLength(1)
    const [{ id: first }, { id: second }] = items
    const end = async (browser: typeof one, id: string) =>
      (await browser.send(`/api/v1/sessions/${id}`, { method: 'DELETE' })).status
    expect(await end(bob, second)).toBe(404)
    expect((await bob.send('/api/v1/users/ann/sessions')).status).toBe(403)
    expect(await end(one, second)).toBe(204)
    expect((await two.send('/api/v1/whoami')).status).toBe(401)
    const ann = await app.clientWith((await tokenOf(one)).token)
    expect((await ann.call('GET', '/sessions')).status).toBe(403)
    expect((await ann.call('DELETE', `/sessions/${first}`)).status).toBe(404)
    expect((await app.admin.ok('GET', '/users/ann/sessions')).items).toHaveLength(1)
    expect((await app.admin.call('GET', '/users/nix/sessions')).status).toBe(404)
    expect((await app.admin.call('GET', '/sessions')).status).toBe(403)
    await app.admin.ok('DELETE', `/sessions/${first}`)
    expect((await one.send('/api/v1/whoami')).status).toBe(401)
  })

  it('asks the provider for the groups every 15 minutes, and ends when that says so', async () => {
    const app = await loginApp(idp.client())
    idp.person('ann', { groups: ['corp:a', 'corp:b'] })
    const browser = await app.loggedIn()
    const groups = async () => (await app.json(browser, '/whoami')).groups
    idp.person('ann', { groups: ['corp:b'] })
    app.pass(14 * MINUTE)
    expect(await groups()).toEqual(['corp:a', 'corp:b'])
    app.pass(MINUTE)
    await expect.poll(groups).toEqual(['corp:b'])
    await idp.revokeAll()
    app.pass(15 * MINUTE)
    await expect.poll(async () => (await browser.send('/api/v1/whoami')).status).toBe(401)
    expect((await app.audit('session.ended'))[0]).toMatchObject({
      reason: 'the identity provider has ended the login',
    })
    expect(app.reported).toEqual([])
  })

  async function tokenOf(browser: Awaited<ReturnType<Awaited<ReturnType<typeof loginApp>>['loggedIn']>>) {
    const made = await browser.send('/api/v1/tokens', {
      method: 'POST',
      body: JSON.stringify({ name: 'test' }),
      headers: { 'Content-Type': 'application/json' },
    })
    expect(made.status).toBe(201)
    return (await made.json()) as { token: string }
  }
})
