/** What callers see of others' revisions: nothing, in answers, streams, events and errors. */
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { SYSTEM } from '../../src/service/access/actor.ts'
import { deleteBinding } from '../../src/service/accounts/delete-binding.ts'
import { revokeToken } from '../../src/service/accounts/revoke-token.ts'
import { WebhookDispatcher } from '../../src/service/webhooks/dispatcher.ts'
import type { Client, Json } from '../support/client.ts'
import { ended, eventsOf, follow, itemsOf } from '../support/jobs.ts'
import { type ProtectedApp, protectedApp } from '../support/protected-app.ts'
import { short, watch } from '../support/watch.ts'
import { receiver, SECRET } from '../support/webhook-receiver.ts'

async function prepared(change?: Parameters<typeof protectedApp>[1]) {
  const app = await protectedApp('required', change)
  const admin = await app.user('ann', 'admin')
  for (const repository of ['a', 'b']) await admin.createRepository(repository)
  return { app, admin }
}

const inA = { repository: 'a' }
const inB = { repository: 'b' }

/** Takes the rights of a user away. */
async function unbind({ access }: ProtectedApp, name: string): Promise<void> {
  const rows = await access.ctx.db
    .selectFrom('bindings')
    .innerJoin('principals', 'principals.id', 'bindings.principal_id')
    .select('bindings.id')
    .where('principals.name', '=', name)
    .execute()
  for (const { id } of rows) await deleteBinding(access, SYSTEM, id)
}

it('3. Hidden = missing: status, body, headers equal for a private and an absent repository, package, revision', async () => {
  const { app, admin } = await prepared()
  await admin.publish('v1', { init: {} }, inA)
  await admin.publish('v1', { init: {} }, inB)
  await admin.createDraft('draft', { init: {} }, inA)
  await admin.createDraft('draft', { init: {} }, { ...inA, package: 'only/draft' })
  await admin.createRepository('hidden')
  const eve = await app.user('eve', 'reader', 'a')
  for (const [path, hidden, missing] of [
    ['/repositories/…', 'hidden', 'absent'],
    ['/packages/…/graph', 'b/nf/upf', 'b/nf/none'],
    ['/packages/…/graph', 'b/nf/upf', 'c/nf/upf'],
    ['/packages/…/graph', 'a/only/draft', 'a/only/none'],
    ...['', '/resources', '/diff', '/downstreams', '/conflicts'].flatMap((part) => [
      [`/packagerevisions/…${part}`, 'b.nf.upf.v1', 'b.nf.upf.v2'],
      [`/packagerevisions/…${part}`, 'b.nf.upf.v1', 'c.nf.upf.v1'],
      [`/packagerevisions/…${part}`, 'a.nf.upf.draft', 'a.nf.upf.none'],
    ]),
  ] as [string, string, string][]) {
    const answers = await Promise.all(
      [hidden, missing].map(async (name) => {
        const { status, text, headers } = await eve.call('GET', path.replace('…', name))
        const all = JSON.stringify([
          text,
          [...headers].filter(([header]) => !/request-id|length/.test(header)),
        ])
        return { status, all: all.replaceAll(name, '…') }
      }),
    )
    expect(answers[0], path).toEqual(answers[1])
    expect(answers[0]?.status, path).toBe(404)
  }
})

describe('12. Watch and SSE: no event of hidden revisions', () => {
  it('nor of their deletes, nor after an old resourceVersion, for filters that others have too', async () => {
    const { app, admin } = await prepared()
    const eve = await app.user('eve', 'reader', 'a')
    const bob = await app.user('bob', 'author', 'a')
    const { resourceVersion } = await admin.ok('GET', '/packagerevisions')
    const query = `resourceVersion=${resourceVersion}`
    const streams = await Promise.all([eve, bob, admin].map((client) => watch(client, query)))
    const { name } = await admin.createDraft('gone', { init: {} }, inA)
    await admin.ok('DELETE', `/packagerevisions/${name}`, undefined, { 'If-Match': '*' })
    await admin.createDraft('hidden', { init: {} }, inB)
    await admin.publish('hidden', { init: {} }, { ...inB, package: 'x' })
    await admin.publish('v1', { init: {} }, inA)
    const last = 'MODIFIED a.nf.upf.v1'
    const expected = [
      ['ADDED a.nf.upf.v1'],
      ['ADDED a.nf.upf.gone', 'DELETED a.nf.upf.gone', 'ADDED a.nf.upf.v1', last, last],
    ]
    for (const [at, wanted] of expected.entries()) {
      for (const stream of [streams[at], await watch([eve, bob][at] as Client, query)]) {
        const seen: string[] = []
        while (seen.length < wanted.length) {
          const event = await stream?.next()
          if (event && event.event !== 'BOOKMARK') seen.push(short(event))
        }
        expect(seen).toEqual(wanted)
        stream?.close()
      }
    }
    const all = await streams[2]?.until((event) => short(event) === last)
    expect(all?.map(short)).toContain('ADDED b.nf.upf.hidden')
    streams[2]?.close()
  })

  it('tells nothing of a hidden upstream', async () => {
    const { app, admin } = await prepared()
    await admin.publish('v1', { init: {} }, inB)
    const clone = { clone: { upstream: { repository: 'b', package: 'nf/upf' } } }
    await admin.publish('v1', clone, inA)
    const eve = await app.user('eve', 'reader', 'a')
    const [hers, whole] = await Promise.all([eve, admin].map((client) => watch(client, 'outdated=true')))
    const current = await watch(eve, 'outdated=false&sendInitialEvents=true')
    const first = await current.next()
    expect(short(first)).toBe('ADDED a.nf.upf.v1')
    expect(first.data.object.upstream).toMatchObject({ latestRevision: null, outdated: false })
    await admin.publish('v2', { copy: { from: 'b.nf.upf.v1' } }, inB)
    await whole?.until((event) => short(event) === 'ADDED a.nf.upf.v1')
    const end = await admin.publish('v1', { init: {} }, { ...inA, package: 'end' })
    expect(await eve.ok('GET', '/packagerevisions?outdated=true')).toMatchObject({ items: [] })
    // Nothing but heartbeats, which tell positions alone.
    await setTimeout(100)
    for (const stream of [hers, current]) {
      const rest = stream?.until(() => false).catch(() => undefined)
      expect(await Promise.race([rest, setTimeout(50, 'silent')])).toBe('silent')
      stream?.close()
    }
    expect(end.lifecycle).toBe('Published')
    whole?.close()
  })

  it('ends a stream within a second after its rights are gone, its token is revoked, or has expired', async () => {
    const { app, admin } = await prepared()
    const eve = await app.user('eve', 'reader', 'a')
    const soon = new Date(Date.now() + 1500).toISOString()
    const [revoked, expiring] = [await app.tokenOf('eve'), await app.tokenOf('eve', { expiresAt: soon })]
    const streams = await Promise.all(
      [eve, app.bearer(revoked), app.bearer(expiring)].map((client) => watch(client)),
    )
    const kept = await watch(admin)
    for (const stream of [...streams, kept]) expect((await stream.next()).event).toBe('BOOKMARK')
    const tokens = await app.access.ctx.db
      .selectFrom('tokens')
      .select(['id', 'expires_at'])
      .orderBy('id')
      .execute()
    const [, , second] = tokens
    await revokeToken(app.access, SYSTEM, second?.id ?? '', 'lost')
    const within = async (stream: (typeof streams)[number] | undefined, milliseconds: number) =>
      Promise.race([stream?.ended(), setTimeout(milliseconds, 'goes on')])
    expect(await within(streams[1], 1000)).toBe(true)
    expect(await within(streams[2], 2500)).toBe(true)
    await unbind(app, 'eve')
    await admin.publish('v1', { init: {} }, inA)
    expect(await within(streams[0], 1000)).toBe(true)
    expect(short(await kept.next())).toBe('ADDED a.nf.upf.v1')
    kept.close()
  })

  it('ends a stream when the token of an admin without an account ends', async () => {
    const { app } = await prepared()
    const text = 'r'.repeat(40)
    const end = app.access.rootTokens.add('root:bootstrap', text)
    const stream = await watch(app.bearer(text))
    expect((await stream.next()).event).toBe('BOOKMARK')
    end()
    expect(await Promise.race([stream.ended(), setTimeout(1000, 'goes on')])).toBe(true)
  })

  it('has jobs for those alone who may see all of them', async () => {
    const { app, admin } = await prepared()
    await admin.publish('v1', { init: {} }, inA)
    const upstream = { repository: 'a', package: 'nf/upf' }
    const start = async (...repositories: string[]): Promise<string> => {
      const targets = repositories.map((repository) => ({ repository, package: `clone-${repository}` }))
      const job = await admin.ok('POST', '/clones', { upstream, targets, dryRun: true })
      return (await ended(admin, job.id)).id
    }
    const [mine, both] = [await start('a'), await start('a', 'b')]
    const author = await app.user('bob', 'author', 'a')
    const reader = await app.user('eve', 'reader', '*')
    const other = await app.user('kim', 'author', 'b')
    const ids = async (client: Client) =>
      (await client.ok('GET', '/jobs?limit=1000')).items.map(({ id }: Json) => id)
    expect(await ids(admin)).toEqual([both, mine])
    expect(await ids(author)).toEqual([mine])
    for (const client of [reader, other]) {
      expect(await ids(client)).toEqual([])
      for (const id of [mine, both, '99']) {
        for (const part of ['', '/items', '/events']) {
          const { status, text } = await client.call('GET', `/jobs/${id}${part}`)
          expect({ status, text: text.replaceAll(`job ${id}`, 'job') }).toEqual({
            status: 404,
            text: expect.stringContaining('there is no job'),
          })
        }
      }
    }
    expect(await itemsOf(author, mine)).toHaveLength(1)
    for await (const { event } of eventsOf(await follow(author, mine)))
      expect(['item', 'finished']).toContain(event)
  })
})

it('13. Webhook of repository A never carries B; redeliver after rights change re-checks', async () => {
  const { app, admin } = await prepared((parts) => {
    const webhooks = new WebhookDispatcher(parts.ctx, {
      targets: 'loopback',
      report: parts.ctx.report,
      pollEvery: 10,
    })
    parts.ctx.commits.onCommit(() => webhooks.wake())
    const close = async () => {
      await webhooks.stop()
      await parts.close()
    }
    return { ...parts, webhooks, close }
  })
  const to = await receiver()
  const owner = await app.user('bob', 'repository-admin', 'a')
  const events = ['drafted', 'proposed', 'published']
  const hook = { name: 'mine', url: to.url, secret: SECRET, events }
  expect((await owner.call('POST', '/webhooks', hook)).status).toBe(403)
  expect((await owner.call('POST', '/webhooks', { ...hook, filter: inB })).status).toBe(403)
  await owner.ok('POST', '/webhooks', { ...hook, filter: inA })
  await admin.publish('v1', { init: {} }, inB)
  await admin.publish('v2', { copy: { from: 'b.nf.upf.v1' } }, inB)
  const upstream = { repository: 'b', package: 'nf/upf', revision: 1 }
  await admin.publish('v1', { clone: { upstream } }, inA)
  const received = await to.count(3)
  expect(received.map(({ body }) => `${body.event} ${body.packageRevision.name}`).sort()).toEqual([
    'drafted a.nf.upf.v1',
    'proposed a.nf.upf.v1',
    'published a.nf.upf.v1',
  ])
  for (const { body } of received) {
    expect(body.packageRevision.upstream).toMatchObject({ latestRevision: null, outdated: false })
  }
  // The webhook moves to another repository, with the log of what it has sent.
  await admin.ok(
    'PATCH',
    '/webhooks/mine',
    { filter: inB },
    { 'If-Match': '*', 'Content-Type': 'application/merge-patch+json' },
  )
  const next = await app.user('kim', 'repository-admin', 'b')
  const whole = (await admin.ok('GET', '/webhooks/mine/deliveries')).items
  expect(whole).toHaveLength(3)
  expect((await next.ok('GET', '/webhooks/mine/deliveries?limit=1')).items).toEqual([])
  const again = `/webhooks/mine/deliveries/${whole[0].id}/redeliver`
  expect((await next.call('POST', again)).status).toBe(404)
  expect((await owner.call('POST', again)).status).toBe(404)
  expect((await admin.call('POST', again)).status).toBe(202)
  await unbind(app, 'bob')
  expect((await owner.call('GET', '/webhooks/mine')).status).toBe(403)
})

describe('15. Error texts name nothing hidden', () => {
  it('of what uses a revision, or a repository', async () => {
    const { app, admin } = await prepared()
    const { name } = await admin.publish('v1', { init: {} }, inA)
    const clone = { clone: { upstream: { repository: 'a', package: 'nf/upf' } } }
    await admin.createDraft('main', clone, { repository: 'b', package: 'secret' })
    await admin.verb(name, 'propose-deletion')
    const maintainer = await app.user('bob', 'maintainer', 'a')
    const refused = async (client: Client) => {
      const found = [
        await client.call('POST', `/packagerevisions/${name}/approve`),
        await client.call('DELETE', `/packagerevisions/${name}`, undefined, { 'If-Match': '*' }),
      ]
      for (const { status } of found) expect(status).toBe(409)
      return found.map(({ body }) => body)
    }
    for (const body of await refused(maintainer)) {
      expect(body.detail).toContain('it is the upstream of revisions that you may not read.')
      expect(JSON.stringify(body)).not.toMatch(/secret|b\./)
    }
    await app.bind({ kind: 'user', name: 'bob' }, 'reader', 'b')
    for (const body of await refused(maintainer)) expect(JSON.stringify(body)).not.toContain('secret')
    await app.bind({ kind: 'user', name: 'bob' }, 'author', 'b')
    for (const body of await refused(maintainer)) {
      expect(body.detail).toContain('it is the upstream of b.secret.main.')
      expect(body.errors).toMatchObject([{ path: 'b.secret.main' }])
    }
    await admin.verb(name, 'reject')
    const own = await admin.createDraft('main', clone, { repository: 'a', package: 'mine' })
    await admin.verb(name, 'propose-deletion')
    const kim = await app.user('kim', 'maintainer', 'a')
    for (const body of await refused(kim)) {
      expect(body.detail).toContain(`it is the upstream of ${own.name} and others.`)
    }
  })

  it('of a version that a draft declares', async () => {
    const { app, admin } = await prepared()
    await admin.publish('v1', { init: {} }, inA)
    await admin.createDraft('hidden', { init: {} }, { ...inB, version: '1.0.0' })
    const bob = await app.user('bob', 'author', 'b/x/**')
    await app.bind({ kind: 'user', name: 'bob' }, 'reader', '*')
    const taken = { ...inB, workspace: 'main' }
    const byVersion = { clone: { upstream: { ...inB, package: 'nf/upf', version: '1.0.0' } } }
    const draft = await bob.call('POST', '/packagerevisions', { ...taken, package: 'x', source: byVersion })
    const none = { clone: { upstream: { ...inB, package: 'nf/upf', version: '2.0.0' } } }
    const missing = await bob.call('POST', '/packagerevisions', { ...taken, package: 'x', source: none })
    expect(draft.status).toBe(missing.status)
    expect(draft.text.replaceAll('1.0.0', '2.0.0')).toBe(missing.text)
  })
})
