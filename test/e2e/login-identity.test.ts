/** Who a person is, by what the identity provider says. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { forgingProvider, idToken } from '../support/forging-provider.ts'
import { type IdentityProvider, identityProvider } from '../support/identity-provider.ts'
import { loginApp } from '../support/login-app.ts'

const JSON_TYPE = { 'Content-Type': 'application/json' }

let idp: IdentityProvider

beforeAll(async () => {
  idp = await identityProvider()
})
afterAll(() => idp.close())

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

  it('gives no groups back in an older session, of which the provider only says that it still holds', async () => {
    const forging = await forgingProvider()
    const app = await loginApp(forging.client())
    const loggedIn = (groups: string[]) => {
      forging.forge((asked) => idToken(asked, { sub: 'ann', groups }))
      return app.loggedIn()
    }
    const older = await loggedIn(['corp:admins'])
    await loggedIn(['corp:staff'])
    let asked = 0
    forging.forge(() => {
      asked++
      return undefined
    })
    app.pass(15 * 60_000)
    const groups = async () => (await app.json(older, '/whoami')).groups
    expect(await groups()).toEqual(['corp:staff'])
    await expect.poll(() => asked).toBe(1)
    await groups()
    await app.settled()
    expect(await groups()).toEqual(['corp:staff'])
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

  it.each([
    ['empty', ''],
    ['longer than one can be', 'x'.repeat(256)],
    ['that the index would take for another', 'ann\ud800'],
  ])('refuses a subject %s', async (_, sub) => {
    const forging = await forgingProvider()
    const app = await loginApp(forging.client())
    forging.forge((asked) => idToken(asked, { sub }))
    const { response } = await app.browser().follow('/auth/login')
    expect(response.status).toBe(403)
    expect(await response.text()).toContain('ask its administrator')
    expect((await app.admin.ok('GET', '/users')).items).toEqual([])
  })

  it('has no group that the index would take for another', async () => {
    const { found } = await names([idp, 'ann', { groups: ['corp:one', 'corp:\ud800'] }])
    expect(found[0]?.groups).toEqual(['corp:one'])
  })

  it('uses no address as a name that the provider has not verified', async () => {
    const app = await loginApp(idp.client({ usernameClaim: 'email' }))
    idp.person('one', { email: 'root@example.com', email_verified: false })
    expect((await app.json(await app.loggedIn(), '/whoami')).name).toBe('one')
    idp.person('two', { email: 'two@example.com', email_verified: true })
    expect((await app.json(await app.loggedIn(), '/whoami')).name).toBe('two@example.com')
  })
})
