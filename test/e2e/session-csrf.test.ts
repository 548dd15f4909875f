/** Requests of other sites with the session of a person. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PERMISSIONS } from '../../src/domain/access/permission.ts'
import { type IdentityProvider, identityProvider, PUBLIC_URL } from '../support/identity-provider.ts'
import { loginApp, SESSION_COOKIE } from '../support/login-app.ts'

const JSON_TYPE = { 'Content-Type': 'application/json' }

let idp: IdentityProvider

beforeAll(async () => {
  idp = await identityProvider()
})
afterAll(() => idp.close())

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
