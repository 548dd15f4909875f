/** Tokens, accounts and bindings, as clients of the API have them. */
import { describe, expect, it } from 'vitest'
import { PERMISSIONS } from '../../src/domain/access/permission.ts'
import type { Client } from '../support/client.ts'
import { protectedApp } from '../support/protected-app.ts'

const ANY = { 'If-Match': '*' }

async function prepared() {
  const app = await protectedApp()
  const admin = await app.user('ann', 'admin')
  await admin.createRepository('team-a')
  await admin.createRepository('team-b')
  return { app, admin }
}

async function statusOf(
  client: Client,
  ...[method, path, body, headers]: Parameters<Client['call']>
): Promise<number> {
  return (await client.call(method, path, body, headers)).status
}

describe('tokens', () => {
  it('are shown once, work at once, and end when they are revoked', async () => {
    const { app, admin } = await prepared()
    const made = await admin.call('POST', '/tokens', { name: 'laptop' })
    expect(made).toMatchObject({ status: 201, body: { kind: 'personal', replacedBy: null } })
    expect(made.headers.get('Cache-Control')).toBe('no-store')
    const { id, token } = made.body
    const bearer = app.bearer(token)
    expect(await bearer.ok('GET', '/whoami')).toMatchObject({ kind: 'user', name: 'ann', token: { id } })
    const listed = await admin.call('GET', '/tokens')
    expect(listed.body.items.map((item: { id: string }) => item.id)).toContain(id)
    expect(listed.text).not.toContain(token)

    const rotated = await admin.call('POST', `/tokens/${id}/rotate`, {})
    expect(rotated).toMatchObject({ status: 201, body: { name: 'laptop', token: expect.any(String) } })
    expect(await statusOf(bearer, 'GET', '/repositories')).toBe(200)
    await admin.ok('DELETE', `/tokens/${id}?reason=lost`)
    expect(await statusOf(bearer, 'GET', '/repositories')).toBe(401)
    expect(await statusOf(app.bearer(rotated.body.token), 'GET', '/repositories')).toBe(200)
    const { items } = await admin.ok('GET', '/tokens')
    expect(items.find((item: { id: string }) => item.id === id)).toMatchObject({
      revokedBy: 'ann',
      revokedReason: 'lost',
      replacedBy: rotated.body.id,
    })
  })

  it('of service accounts are made by those who manage the account', async () => {
    const { app, admin } = await prepared()
    await admin.ok('POST', '/serviceaccounts', { name: 'flux', scope: 'team-a' })
    const subject = { kind: 'serviceaccount', name: 'flux' }
    await admin.ok('POST', '/bindings', { subject, role: 'reader', repositories: ['team-a'] })
    const manager = await app.user('max', 'repository-admin', 'team-a')
    const { token } = await manager.ok('POST', '/serviceaccounts/flux/tokens', { name: 'prod' })
    const flux = app.bearer(token)
    expect(await statusOf(flux, 'GET', '/repositories/team-a')).toBe(200)
    expect(await statusOf(flux, 'GET', '/repositories/team-b')).toBe(404)

    await manager.ok('PATCH', '/serviceaccounts/flux', { disabled: true }, ANY)
    expect(await statusOf(flux, 'GET', '/repositories/team-a')).toBe(401)
    await manager.ok('PATCH', '/serviceaccounts/flux', { disabled: false }, ANY)
    expect(await statusOf(flux, 'GET', '/repositories/team-a')).toBe(200)
    await manager.ok('DELETE', '/serviceaccounts/flux', undefined, ANY)
    expect(await statusOf(flux, 'GET', '/repositories/team-a')).toBe(401)
    expect((await admin.ok('GET', '/bindings')).items).not.toContainEqual(
      expect.objectContaining({ subject }),
    )
  })
})

describe('users', () => {
  it('can do nothing while they are disabled', async () => {
    const { app, admin } = await prepared()
    const eve = await app.user('eve', 'reader', '*')
    const { headers } = await admin.call('GET', '/users/eve')
    const seen = { 'If-Match': headers.get('ETag') ?? '' }
    expect(await admin.ok('PATCH', '/users/eve', { disabled: true }, seen)).toMatchObject({ disabled: true })
    expect(await statusOf(eve, 'GET', '/repositories')).toBe(401)
    expect(await statusOf(admin, 'PATCH', '/users/eve', { disabled: false }, seen)).toBe(412)
    await admin.ok('PATCH', '/users/eve', { disabled: false }, ANY)
    expect(await statusOf(eve, 'GET', '/repositories')).toBe(200)
    expect((await admin.ok('GET', '/users')).items).toMatchObject([{ name: 'ann' }, { name: 'eve' }])
    expect((await admin.ok('GET', '/users/eve/tokens')).items).toMatchObject([{ name: 'test' }])
    expect(await statusOf(admin, 'PATCH', '/users/ann', { disabled: true }, ANY)).toBe(409)
  })
})

describe('a caller', () => {
  it('reads what it may do, and by what', async () => {
    const { app, admin } = await prepared()
    const eve = await app.user('eve')
    const content = { subject: { kind: 'user', name: 'eve' }, role: 'author', repositories: ['team-*'] }
    const { id: via } = await admin.ok('POST', '/bindings', content)
    expect(await eve.ok('GET', '/whoami')).toMatchObject({
      kind: 'user',
      name: 'eve',
      groups: [],
      open: false,
      rights: [{ permissions: ['read', 'draft.read', 'draft', 'propose'], repositories: 'team-*', via }],
    })
    for (const [query, answer] of [
      ['permission=draft&repository=team-a', { allowed: true, via }],
      ['permission=draft&repository=team-a&package=nf/upf', { allowed: true, via }],
      ['permission=draft&repository=team-*', { allowed: true, via }],
      ['permission=draft&repository=*', { allowed: false, missing: 'draft' }],
      ['permission=review&repository=team-a', { allowed: false, missing: 'review' }],
      ['permission=read&repository=nowhere', { allowed: false, missing: 'read' }],
      ['permission=server.audit', { allowed: false, missing: 'server.audit' }],
      ['permission=tokens', { allowed: true, via: 'account' }],
    ] as const) {
      expect(await eve.ok('GET', `/access?${query}`), query).toEqual(answer)
    }
    for (const query of ['permission=draft', 'permission=server.audit&repository=a', 'permission=fly', '']) {
      expect(await statusOf(eve, 'GET', `/access?${query}`), query).toBe(400)
    }
    expect(await app.anonymous.ok('GET', '/whoami')).toMatchObject({
      kind: 'anonymous',
      token: null,
      rights: [],
    })
    expect(await app.anonymous.ok('GET', '/access?permission=read&repository=team-a')).toEqual({
      allowed: false,
      missing: 'read',
    })
  })
})

describe('a deleted repository', () => {
  it('takes the bindings to exactly its name with it', async () => {
    const { app, admin } = await prepared()
    const eve = await app.user('eve', 'reader', 'team-a', 'team-a/nf/**', 'other*')
    const max = await app.user('max', 'maintainer', 'team-a')
    const bob = await app.user('bob', 'reader', 'team-*')
    expect(await statusOf(max, 'GET', '/repositories/team-a')).toBe(200)
    await admin.ok('DELETE', '/repositories/team-a', undefined, ANY)
    await admin.createRepository('team-a')
    expect(await statusOf(eve, 'GET', '/repositories/team-a')).toBe(404)
    expect(await statusOf(max, 'GET', '/repositories/team-a')).toBe(404)
    expect(await statusOf(bob, 'GET', '/repositories/team-a')).toBe(200)
    const { items } = await admin.ok('GET', '/bindings')
    expect(items).toMatchObject([
      { role: 'admin' },
      { subject: { name: 'eve' }, repositories: ['other*'] },
      { subject: { name: 'bob' }, repositories: ['team-*'] },
    ])
  })

  it('keeps its bindings when it cannot be deleted', async () => {
    const { app, admin } = await prepared()
    const max = await app.user('max', 'author', 'team-a')
    await max.createDraft('ws1', { init: {} }, { repository: 'team-a' })
    expect(await statusOf(admin, 'DELETE', '/repositories/team-a', undefined, ANY)).toBe(409)
    expect(await statusOf(max, 'GET', '/repositories/team-a')).toBe(200)
  })
})

describe('4. IDOR: an administrator of another repository', () => {
  it('finds no revision, job, webhook, delivery, token, binding or service account', async () => {
    const { app, admin } = await prepared()
    const { name } = await admin.publish('ws1', { init: {} }, { repository: 'team-a' })
    const { name: draft } = await admin.createDraft('ws2', { init: {} }, { repository: 'team-a' })
    const targets = [{ repository: 'team-a', package: 'clone' }]
    const { id: job } = await admin.ok('POST', '/clones', { upstream: name, targets, dryRun: true })
    const hook = { name: 'hook', url: 'http://receiver.invalid/', secret: 'a-long-and-secret-text' }
    await admin.ok('POST', '/webhooks', { ...hook, filter: { repository: 'team-a' } })
    const { id: delivery } = await admin.ok('POST', '/webhooks/hook/ping')
    await admin.ok('POST', '/serviceaccounts', { name: 'bot', scope: 'team-a' })
    const { id: token } = await admin.ok('POST', '/serviceaccounts/bot/tokens', { name: 'ci' })
    const group = { subject: { kind: 'group', name: 'a' }, role: 'reader', repositories: ['team-a'] }
    const { id: binding } = await admin.ok('POST', '/bindings', group)

    const other = await app.user('max', 'repository-admin', 'team-b')
    const found: string[] = []
    for (const [method, path, body] of [
      ['GET', `/packagerevisions/${name}`],
      ['GET', `/packagerevisions/${draft}`],
      ['GET', `/packagerevisions/${draft}/conflicts`],
      ['POST', `/jobs/${job}/cancel`],
      ['GET', '/webhooks/hook'],
      ['PATCH', '/webhooks/hook', { enabled: false }],
      ['DELETE', '/webhooks/hook'],
      ['GET', '/webhooks/hook/deliveries'],
      ['POST', `/webhooks/hook/deliveries/${delivery}/redeliver`],
      ['POST', '/webhooks/hook/ping'],
      ['DELETE', `/tokens/${token}`],
      ['POST', `/tokens/${token}/rotate`, {}],
      ['GET', `/bindings/${binding}`],
      ['DELETE', `/bindings/${binding}`],
      ['GET', '/serviceaccounts/bot'],
      ['PATCH', '/serviceaccounts/bot', {}],
      ['DELETE', '/serviceaccounts/bot'],
      ['GET', '/serviceaccounts/bot/tokens'],
      ['POST', '/serviceaccounts/bot/tokens', { name: 'x' }],
      ['GET', '/users/ann/tokens'],
    ] as const) {
      const status = await statusOf(other, method, path, body, ANY)
      if (status !== 404) found.push(`${method} ${path}: ${status}`)
    }
    expect(found).toEqual([])
    for (const list of ['/webhooks', '/bindings', '/serviceaccounts']) {
      const names = (await other.ok('GET', list)).items.map(
        (item: { name?: string; id?: string }) => item.name,
      )
      expect(names, list).not.toContain('hook')
      expect(names, list).not.toContain('bot')
    }
    expect(await statusOf(other, 'POST', '/webhooks', { ...hook, name: 'all' })).toBe(403)
    await other.ok('POST', '/webhooks', { ...hook, name: 'own', filter: { repository: 'team-b' } })
    const widened = { filter: { repository: 'team-a' } }
    expect(await statusOf(other, 'PATCH', '/webhooks/own', widened, ANY)).toBe(403)
    expect(await statusOf(other, 'PATCH', '/webhooks/own', { filter: null }, ANY)).toBe(403)
  })
})

describe('16. escalation', () => {
  it('is refused to an administrator of repositories', async () => {
    const { app, admin } = await prepared()
    const max = await app.user('max', 'repository-admin', 'team-a')
    const eve = { kind: 'user', name: 'max' }
    await admin.ok('POST', '/serviceaccounts', { name: 'strong', scope: 'team-a' })
    const strong = { kind: 'serviceaccount', name: 'strong' }
    await admin.ok('POST', '/bindings', { subject: strong, role: 'publisher', repositories: ['team-b'] })
    const { id } = await admin.ok('POST', '/serviceaccounts/strong/tokens', { name: 'ci' })
    for (const [method, path, body] of [
      ['POST', '/bindings', { subject: eve, role: 'admin' }],
      ['POST', '/bindings', { subject: eve, role: 'auditor' }],
      ['POST', '/bindings', { subject: eve, role: 'reader', repositories: ['team-*'] }],
      ['POST', '/bindings', { subject: eve, role: 'reader', repositories: ['team-a', 'team-b'] }],
      ['POST', '/bindings', { subject: { kind: 'anonymous' }, role: 'reader', repositories: ['*'] }],
      ['POST', '/serviceaccounts', { name: 'wide', scope: 'team-*' }],
      ['PATCH', '/serviceaccounts/strong', { scope: 'team-*' }],
      ['PATCH', '/serviceaccounts/strong', { disabled: false }],
      ['POST', '/serviceaccounts/strong/tokens', { name: 'x' }],
      ['POST', `/tokens/${id}/rotate`, {}],
      ['PATCH', '/users/ann', { disabled: true }],
      ['PUT', '/accessrules', { serviceAccounts: [], bindings: [] }],
    ] as const) {
      expect(await statusOf(max, method, path, body, ANY), `${method} ${path}`).toBe(403)
    }
    // What the administrator has, it may give; and to revoke needs no right of the account.
    const given = {
      subject: { kind: 'group', name: 'a' },
      role: 'maintainer',
      repositories: ['team-a/nf/**'],
    }
    await max.ok('POST', '/bindings', given)
    await max.ok('DELETE', `/tokens/${id}`)
  })

  it('is refused to one who administers with a permission less', async () => {
    const { app } = await prepared()
    await app.user('max', 'repository-admin', 'team-a')
    const text = await app.tokenOf('max', { permissions: ['read', 'admin'] })
    const max = app.bearer(text)
    const group = { kind: 'group', name: 'a' }
    const author = { subject: group, role: 'author', repositories: ['team-a'] }
    expect(await statusOf(max, 'POST', '/bindings', author)).toBe(403)
    await max.ok('POST', '/bindings', { ...author, role: 'reader' })
  })
})

describe('17. token scope escape', () => {
  it('is refused to a token that is limited to repositories', async () => {
    const { app } = await prepared()
    const limited = app.bearer(await app.tokenOf('ann', { repositories: ['team-a*'] }))
    await limited.ok('GET', '/repositories/team-a')
    for (const path of [
      '/repositories/team-b',
      '/packages/team-b/nf/upf/graph',
      '/packagerevisions/team-b.a.b',
    ]) {
      expect(await statusOf(limited, 'GET', path), path).toBe(404)
    }
    for (const [method, path, body] of [
      ['GET', '/users'],
      ['GET', '/accessrules'],
      ['POST', '/garbage-collections', { dryRun: true }],
      ['POST', '/verifications', {}],
      ['POST', '/backups'],
      ['POST', '/repositories', { name: 'team-c', type: 'catalog' }],
      ['PATCH', '/repositories/team-b', {}],
      ['POST', '/bindings', { subject: { kind: 'user', name: 'ann' }, role: 'operator' }],
    ] as const) {
      expect(await statusOf(limited, method, path, body, ANY), path).toBe(403)
    }
    expect((await limited.send('/metrics')).status).toBe(403)
    expect((await limited.send('/v2/team-b/x/tags/list')).status).toBe(404)
    expect((await limited.send('/v2/team-b/x/blobs/uploads/', { method: 'POST' })).status).toBe(403)
    expect((await limited.ok('GET', '/bindings')).items).toEqual([])
  })

  it("lets an admin's token for reading write nothing", async () => {
    const { app, admin } = await prepared()
    const { name } = await admin.createDraft('ws1', { init: {} }, { repository: 'team-a' })
    const reading = app.bearer(await app.tokenOf('ann', { permissions: ['read', 'draft.read'] }))
    await reading.get(name)
    const draft = { repository: 'team-a', package: 'x', workspace: 'ws1', source: { init: {} } }
    for (const [method, path, body] of [
      ['POST', '/packagerevisions', draft],
      ['PATCH', `/packagerevisions/${name}`, {}],
      ['POST', `/packagerevisions/${name}/propose`],
      ['DELETE', `/packagerevisions/${name}`],
      ['POST', '/repositories', { name: 'new', type: 'catalog' }],
      ['POST', '/tokens', { name: 'more' }],
      ['POST', '/serviceaccounts', { name: 'bot' }],
      ['GET', '/tokens'],
    ] as const) {
      expect(await statusOf(reading, method, path, body, ANY), `${method} ${path}`).toBe(403)
    }
  })

  it('lets a token make no token that is wider, or lasts longer', async () => {
    const { app } = await prepared()
    const text = await app.tokenOf('ann', {
      permissions: ['read', 'draft', 'tokens'],
      repositories: ['team-a'],
      expiresAt: new Date(Date.now() + 60 * 60_000).toISOString(),
    })
    const maker = app.bearer(text)
    const wanted = { name: 'x', permissions: ['read'], repositories: ['team-a'] }
    for (const wider of [
      { permissions: PERMISSIONS },
      { permissions: undefined },
      { repositories: ['*'] },
      { repositories: undefined },
      { expiresAt: null },
      { expiresAt: new Date(Date.now() + 2 * 60 * 60_000).toISOString() },
    ]) {
      expect(await statusOf(maker, 'POST', '/tokens', { ...wanted, ...wider }), JSON.stringify(wider)).toBe(
        403,
      )
    }
    await maker.ok('POST', '/tokens', wanted)
  })
})
