/** What the audit log has of accounts, rights and refusals. The titles with numbers are the security tests. */
import { pino } from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import type { Attributes, Span, Tracing } from '../../src/http/tracing.ts'
import { createApp } from '../../src/server/app.ts'
import { memoryComponents } from '../../src/server/components.ts'
import { exported, newTypes, problems } from '../support/audit.ts'
import { Client } from '../support/client.ts'
import { serving } from '../support/listening.ts'
import { protectedApp } from '../support/protected-app.ts'
import { basic } from '../support/required-app.ts'

const ANY = { 'If-Match': '*' }
const PATCH = { ...ANY, 'Content-Type': 'application/merge-patch+json' }

it('32. audit: has a record of each change of accounts, tokens and bindings, with the token that made it', async () => {
  const app = await protectedApp()
  const admin = await app.user('ann', 'admin')
  await app.user('bob')
  await admin.createRepository('a')
  const types = newTypes(admin)
  await types()
  await admin.ok('POST', '/serviceaccounts', { name: 'ci', scope: 'a' })
  await admin.ok('PATCH', '/serviceaccounts/ci', { displayName: 'CI' }, PATCH)
  const made = await admin.ok('POST', '/serviceaccounts/ci/tokens', { name: 'first', permissions: ['read'] })
  const subject = { kind: 'serviceaccount', name: 'ci' }
  const binding = await admin.ok('POST', '/bindings', { subject, role: 'reader', repositories: ['a', 'b*'] })
  const second = await admin.ok('POST', '/bindings', { subject, role: 'author', repositories: ['a'] })
  const rotated = await admin.ok('POST', `/tokens/${made.id}/rotate`, {})
  await admin.ok('DELETE', `/tokens/${rotated.id}?reason=lost`, undefined, ANY)
  await admin.ok('DELETE', '/repositories/a', undefined, ANY)
  await admin.ok('DELETE', `/bindings/${binding.id}`, undefined, ANY)
  await admin.ok('PATCH', '/users/bob', { disabled: true }, PATCH)
  await admin.ok('DELETE', '/serviceaccounts/ci', undefined, ANY)
  expect(await types()).toEqual([
    'serviceaccount.created',
    'serviceaccount.updated',
    'token.created',
    'binding.created',
    'binding.created',
    'token.rotated',
    'token.revoked',
    'binding.updated',
    'binding.deleted',
    'repository.deleted',
    'binding.deleted',
    'user.updated',
    'serviceaccount.deleted',
  ])
  const records = await exported(admin)
  const of = (type: string) => records.filter((record) => record.type === type)
  expect(of('token.created').at(-1)).toMatchObject({
    actor: { name: 'ann', kind: 'user' },
    via: { kind: 'token', tokenId: expect.any(String) },
    target: { name: made.id },
    details: { owner: 'serviceaccount:ci', permissions: 'read', repositories: '*' },
  })
  expect(of('token.rotated')[0]).toMatchObject({
    target: { name: made.id },
    details: { replacedBy: rotated.id },
  })
  expect(of('binding.updated')[0]).toMatchObject({
    target: { name: binding.id },
    details: { subject: 'serviceaccount ci', role: 'reader', repositories: 'b*' },
  })
  expect(of('binding.deleted')[0]).toMatchObject({ target: { name: second.id } })
  expect(await problems(admin)).toEqual([])
})

it('32. audit: has refused credentials, folded, with the id of the token that they once were', async () => {
  const app = await protectedApp()
  const admin = await app.user('ann', 'admin')
  const text = await app.tokenOf('ann')
  const { items } = await admin.ok('GET', '/tokens')
  const { id } = items.at(-1)
  await admin.ok('DELETE', `/tokens/${id}`, undefined, ANY)
  const types = newTypes(admin)
  await types()
  for (let time = 0; time < 3; time++) {
    expect((await app.bearer(text).call('GET', '/repositories')).status).toBe(401)
    expect((await app.bearer('nonsense').call('GET', '/repositories')).status).toBe(401)
    expect((await app.anonymous.call('GET', '/repositories')).status).toBe(401)
  }
  expect(await types()).toEqual(['access.denied', 'access.denied'])
  const [unknown, revoked] = (await admin.ok('GET', '/audit?type=access.denied')).items
  expect(revoked).toMatchObject({
    code: 'unauthenticated',
    actor: { id: null, name: 'anonymous' },
    via: { kind: 'token', tokenId: id },
    reason: 'the token was revoked',
  })
  expect(unknown).toMatchObject({
    via: { kind: 'none', tokenId: null },
    reason: 'credentials of no known form',
  })
})

it('32. audit: has refusals that only use cases know, the same for what is hidden and what is missing', async () => {
  const app = await protectedApp()
  const admin = await app.user('ann', 'admin')
  await admin.createRepository('a')
  const hook = {
    name: 'mine',
    url: 'https://example.com/',
    secret: 'a-secret-of-the-hook',
    events: ['published'],
  }
  await admin.ok('POST', '/webhooks', { ...hook, filter: { repository: 'a' } })
  const eve = await app.user('eve', 'repository-admin', 'b')
  const denied = async (method: string, path: string, body?: object) => {
    const { status } = await eve.call(method, path, body)
    const [record] = (await admin.ok('GET', '/audit?type=access.denied&limit=1')).items
    const { seq: _, time: __, hash: ___, prevHash: ____, request, ...rest } = record
    return { status, route: request.route, record: rest }
  }
  const binding = { subject: { kind: 'authenticated' }, role: 'reader', repositories: ['a'] }
  expect(await denied('POST', '/bindings', binding)).toMatchObject({
    status: 403,
    route: '/api/v1/bindings',
    record: { code: 'forbidden', actor: { name: 'eve' }, reason: expect.stringContaining('admin') },
  })
  app.parts.ctx.now = () => new Date(Date.now() + 120_000)
  const hidden = await denied('GET', '/webhooks/mine')
  app.parts.ctx.now = () => new Date(Date.now() + 240_000)
  expect(hidden).toMatchObject({
    status: 404,
    route: '/api/v1/webhooks/:name',
    record: { code: 'not_found' },
  })
  expect(await denied('GET', '/webhooks/none')).toEqual(hidden)
})

it('32. audit: no log, record, metric, trace or error has a token that was sent to the server', async () => {
  const lines: string[] = []
  const log = pino({ level: 'trace' }, { write: (line) => lines.push(line) })
  const made = await memoryComponents(log, undefined, { mode: 'required', adminGroups: [] })
  onTestFinished(() => made.close())
  const traced: unknown[] = []
  const span: Span = {
    rename: (name) => traced.push(name),
    set: (attributes: Attributes) => traced.push(attributes),
    fail: () => undefined,
  }
  const tracing: Tracing = {
    inSpan: (name, work) => {
      traced.push(name)
      return work(span)
    },
    record: (...all) => void traced.push(all),
    close: async () => undefined,
  }
  const { hono } = await createApp({ ...made, tracing }, new URL('http://localhost:8080'))
  const root = `root${'Q7'.repeat(20)}`
  made.authenticator.access.rootTokens.add('root:settings', root)
  const errors: string[] = []
  const send = async (path: string, init: RequestInit = {}) => hono.request(path, init)
  const refused = async (path: string, init: RequestInit = {}) => {
    const response = await send(path, init)
    expect(response.status).toBeGreaterThanOrEqual(400)
    // The client's own.
    response.headers.delete('X-Request-Id')
    errors.push(`${await response.text()} ${JSON.stringify([...response.headers])}`)
  }
  const as = (text: string) =>
    new Client((path, init = {}) =>
      send(path, { ...init, headers: { ...init.headers, Authorization: `Bearer ${text}` } }),
    )
  const admin = as(root)
  await admin.createRepository('a')
  await admin.ok('POST', '/serviceaccounts', { name: 'ci', scope: '*' })
  const { id, token } = await admin.ok('POST', '/serviceaccounts/ci/tokens', { name: 'ci' })
  const form = new URLSearchParams({ grant_type: 'password', service: 'pkgserver', client_id: 'x' })
  form.append('username', 'ci')
  form.append('password', token)
  form.append('access_type', 'offline')
  const { access_token: jwt, refresh_token: refresh } = (await (
    await send('/auth/token', { method: 'POST', body: form })
  ).json()) as { access_token: string; refresh_token: string }
  const strange = { 'User-Agent': `x ${token}`, 'X-Request-Id': token, Cookie: `a=${token}` }
  await as(token).call('GET', '/whoami')
  await as(token).call('GET', '/repositories', undefined, strange)
  await admin.call('POST', '/packagerevisions/a.b.c/propose', { reason: `with ${token}` })
  for (const authorization of [
    `Bearer ${refresh}`,
    `Bearer ${jwt}x`,
    basic('ci', `${token}x`),
    `Basic ${token}`,
  ]) {
    await refused('/api/v1/repositories', { headers: { Authorization: authorization, ...strange } })
    await refused('/v2/a/b/tags/list', { headers: { Authorization: authorization } })
  }
  await refused(`/auth/token?password=${token}&scope=x`, { headers: { Authorization: `Bearer ${token}y` } })
  await send(`/api/v1/tokens/${token}`, { headers: { Authorization: `Bearer ${root}` } })
  await admin.ok('DELETE', `/tokens/${id}`, undefined, ANY)
  await refused('/api/v1/repositories', { headers: { Authorization: `Bearer ${token}`, ...strange } })
  await refused('/v2/', { headers: { Authorization: `Bearer ${jwt}` } })
  await refused('/auth/token', { method: 'POST', body: form })

  const places = {
    log: lines.join('\n'),
    audit: JSON.stringify(await exported(admin)),
    metrics: await made.metrics.registry.metrics(),
    traces: JSON.stringify(traced),
    errors: errors.join('\n'),
  }
  for (const [place, text] of Object.entries(places)) {
    expect(text.length, place).toBeGreaterThan(100)
    for (const secret of [root, token, refresh, jwt]) {
      expect(text.includes(secret.slice(5, 30)), `${secret.slice(0, 5)} in ${place}`).toBe(false)
    }
  }
  expect(places.audit).toContain(id)
})

it('30. is not changed by headers of proxies that are not trusted: identity, links and the address in the audit log', async () => {
  const app = await protectedApp()
  const token = await app.tokenOf('ann')
  await app.bind({ kind: 'user', name: 'ann' }, 'admin')
  const url = await serving(app.hono)
  const claims = {
    'X-Forwarded-User': 'root',
    'X-Remote-User': 'root',
    'X-Remote-Group': 'system:masters',
    'Impersonate-User': 'root',
    'X-Forwarded-For': '203.0.113.9',
    'X-Forwarded-Proto': 'https',
    'X-Forwarded-Host': 'evil.example.com',
    Forwarded: 'for=203.0.113.9;host=evil.example.com;proto=https',
  }
  const client = new Client((path, init = {}) =>
    fetch(new URL(path, url), {
      ...init,
      headers: { ...init.headers, ...claims, Authorization: `Bearer ${token}` },
    }),
  )
  expect(await client.ok('GET', '/whoami')).toMatchObject({ name: 'ann' })
  const { text, headers } = await client.call('POST', '/repositories', { name: 'a', type: 'catalog' })
  await client.publish('v1', { init: {} }, { repository: 'a' })
  await client.publish('v1', { init: {} }, { repository: 'a', package: 'b' })
  const { text: listed } = await client.call('GET', '/packagerevisions?limit=1')
  const tags = await client.send('/v2/a/b/tags/list?n=1')
  const shown = [text, listed, await tags.text(), ...headers.values(), ...tags.headers.values()].join(' ')
  expect(shown).not.toMatch(/evil|203\.0\.113\.9|root/)
  for (const record of await exported(client))
    expect(JSON.stringify(record)).not.toMatch(/203\.0\.113\.9|evil/)
  const [last] = (await client.ok('GET', '/audit?type=repository.created')).items
  expect(last).toMatchObject({ actor: { name: 'ann' }, source: { address: '127.0.0.1' } })
})
