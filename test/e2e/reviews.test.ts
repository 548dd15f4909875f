/** A review by people with browsers. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { PERMISSIONS } from '../../src/domain/access/permission.ts'
import type { Browser } from '../support/browser.ts'
import type { Json } from '../support/client.ts'
import { type IdentityProvider, identityProvider } from '../support/identity-provider.ts'
import { loginApp } from '../support/login-app.ts'

let idp: IdentityProvider

beforeAll(async () => {
  idp = await identityProvider()
})
afterAll(() => idp.close())

async function post(browser: Browser, path: string, body: object): Promise<{ status: number; body: Json }> {
  const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }
  const response = await browser.send(`/api/v1${path}`, init)
  return { status: response.status, body: await response.json() }
}

it('two people approve in browsers what a third has proposed', async () => {
  const app = await loginApp(idp.client())
  const person = async (name: string, ...groups: string[]) => {
    idp.person(name, { groups })
    const browser = await app.loggedIn()
    await app.bind({ kind: 'user', name }, 'maintainer', 'blueprints')
    return browser
  }
  const ann = await person('ann')
  const [bob, cem] = [await person('bob'), await person('cem', 'corp:security')]
  await app.admin.createRepository()
  const groups = [{ group: 'corp:security', count: 1 }]
  await app.admin.ok('POST', '/reviewpolicies', { name: 'votes', repositories: ['*'], approvals: 2, groups })

  const made = await post(ann, '/packagerevisions', {
    repository: 'blueprints',
    package: 'nf/upf',
    workspace: 'ws1',
    source: { init: {} },
  })
  const { name } = made.body
  const { digest } = (await post(ann, `/packagerevisions/${name}/propose`, {})).body.artifact
  const approve = (browser: Browser, more: object = { digest }) =>
    post(browser, `/packagerevisions/${name}/approve`, more)

  expect(await approve(ann)).toMatchObject({
    status: 403,
    body: { detail: expect.stringContaining('authors') },
  })
  expect(await approve(bob, {})).toMatchObject({ status: 400 })
  const token = await post(bob, '/tokens', { name: 'cli', permissions: PERMISSIONS })
  const byToken = await app
    .clientWith(token.body.token)
    .call('POST', `/packagerevisions/${name}/approve`, { digest })
  expect(byToken).toMatchObject({
    status: 403,
    body: { detail: expect.stringContaining('log in with a browser') },
  })
  expect((await app.admin.call('POST', `/packagerevisions/${name}/approve`, { digest })).status).toBe(403)

  expect(await approve(bob)).toMatchObject({
    status: 200,
    body: {
      lifecycle: 'Proposed',
      review: { missing: [{ rule: 'approvals', missing: 1 }, { rule: 'group' }] },
    },
  })
  expect(await app.json(cem, `/packagerevisions/${name}/review`)).toMatchObject({ digest, mayVote: true })
  expect(await app.json(ann, `/packagerevisions/${name}/review`)).toMatchObject({
    mayVote: false,
    problem: 'author',
  })
  expect(await approve(cem)).toMatchObject({
    status: 200,
    body: { lifecycle: 'Published', review: { missing: [] } },
  })
  expect(await app.audit('revision.voted')).toMatchObject([
    { actor: { name: 'cem', groups: ['corp:security'] }, via: { kind: 'session' } },
    { actor: { name: 'bob', groups: [] }, via: { kind: 'session' } },
  ])
})
