import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { compactChanges } from '../../src/service/watch/compaction.ts'
import { memoryApp } from '../support/app.ts'
import { short, watch, watchServer } from '../support/watch.ts'

const NAME = 'blueprints.nf.upf.ws1'

describe('a watch of package revisions', () => {
  it('starts with a bookmark, and sends the changes from then on', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const { resourceVersion } = await client.publish('ws0')
    const watching = await watch(client)
    expect(await watching.next()).toEqual({
      id: Number(resourceVersion),
      event: 'BOOKMARK',
      data: { type: 'BOOKMARK', object: { resourceVersion } },
    })
    const published = await client.publish('ws1')
    const events = [
      await watching.next(),
      await watching.next(),
      await watching.next(),
      await watching.next(),
    ]
    expect(events.map(short)).toEqual([
      `ADDED ${NAME}`,
      `MODIFIED ${NAME}`,
      'MODIFIED blueprints.nf.upf.ws0',
      `MODIFIED ${NAME}`,
    ])
    expect(events.at(-1)?.data).toEqual({ type: 'MODIFIED', object: published })
    expect(events[2]?.data.object).toMatchObject({ latest: false, lifecycle: 'Published' })
    for (const { id, data } of events) expect(String(id)).toBe(data.object.resourceVersion)

    await client.verb(NAME, 'propose-deletion')
    await client.verb(NAME, 'approve')
    const gone = await watching.until(({ event }) => event === 'DELETED')
    expect(gone.map(short)).toEqual([`MODIFIED ${NAME}`, `DELETED ${NAME}`])
    expect(gone[1]?.data.object).toMatchObject({ lifecycle: 'DeletionProposed', revision: 2 })
    expect(short(await watching.next())).toBe('MODIFIED blueprints.nf.upf.ws0')
    watching.close()
  })

  it('sends ADDED for revisions that enter its filter, and DELETED for those that leave it', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const drafts = await watch(client, 'lifecycle=Draft&labelSelector=env%3Dprod')
    const latest = await watch(client, 'latest=true&package=nf/upf')
    await drafts.next()
    await latest.next()
    await client.createDraft('ws1')
    await client.ok('PATCH', `/packagerevisions/${NAME}`, { labels: { env: 'prod' } }, { 'If-Match': '*' })
    await client.ok(
      'PATCH',
      `/packagerevisions/${NAME}`,
      { labels: { env: 'prod', a: 'b' } },
      { 'If-Match': '*' },
    )
    await client.verb(NAME, 'propose')
    await client.verb(NAME, 'reject')
    await client.ok('PATCH', `/packagerevisions/${NAME}`, { labels: null }, { 'If-Match': '*' })
    await client.verb(NAME, 'propose')
    await client.verb(NAME, 'approve')
    await client.publish('ws2')
    const seen: string[] = []
    for (let i = 0; i < 5; i++) seen.push(short(await drafts.next()))
    expect(seen).toEqual([
      `ADDED ${NAME}`,
      `MODIFIED ${NAME}`,
      `DELETED ${NAME}`,
      `ADDED ${NAME}`,
      `DELETED ${NAME}`,
    ])
    const others = [await latest.next(), await latest.next(), await latest.next()]
    expect(others.map(short)).toEqual([`ADDED ${NAME}`, `DELETED ${NAME}`, 'ADDED blueprints.nf.upf.ws2'])
    drafts.close()
    latest.close()
  })

  it('continues from a resourceVersion or a Last-Event-ID', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const list = await client.ok('GET', '/packagerevisions')
    await client.createDraft('ws1')
    await client.createDraft('ws2')
    const first = await watch(client, `resourceVersion=${list.resourceVersion}`)
    expect((await first.next()).id).toBe(Number(list.resourceVersion))
    const seen = await first.next()
    expect(short(seen)).toBe(`ADDED ${NAME}`)
    first.close()
    await client.createDraft('ws3')
    // Browsers reconnect to the same URL.
    const second = await watch(client, `resourceVersion=${list.resourceVersion}`, seen.id)
    await second.next()
    expect(short(await second.next())).toBe('ADDED blueprints.nf.upf.ws2')
    expect(short(await second.next())).toBe('ADDED blueprints.nf.upf.ws3')
    second.close()
  })

  it('sends the existing revisions first with sendInitialEvents', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    for (let i = 100; i < 230; i++) await client.createDraft(`w${i}`, { resources: {} })
    await client.publish('ws1')
    const watching = await watch(client, 'sendInitialEvents=true&lifecycle=Draft')
    const events = await watching.until(({ event }) => event === 'BOOKMARK')
    expect(events.length).toBe(131)
    expect(events.slice(0, 130).every(({ event, id }) => event === 'ADDED' && Number.isNaN(id))).toBe(true)
    const { resourceVersion } = await client.createDraft('ws2')
    expect((await watching.next()).id).toBe(Number(resourceVersion))
    watching.close()
  })

  it('is refused with 410 from a position that is no longer or not yet in the log', async () => {
    const { client, parts } = await memoryApp()
    await client.createRepository()
    const { resourceVersion } = await client.createDraft('ws1')
    await client.createDraft('ws2')
    await compactChanges(parts.ctx, { bytes: 0 })
    for (const position of ['0', resourceVersion, '1000000']) {
      const answer = await client.call('GET', `/packagerevisions?watch=true&resourceVersion=${position}`)
      expect(answer).toMatchObject({ status: 410, body: { code: 'expired' } })
      expect(answer.body.detail).toContain('List again')
    }
    const list = await client.ok('GET', '/packagerevisions')
    const watching = await watch(client, `resourceVersion=${list.resourceVersion}`)
    await watching.next()
    await client.createDraft('ws3')
    expect(short(await watching.next())).toBe('ADDED blueprints.nf.upf.ws3')
    watching.close()
  })

  it('has a log that keeps the newest changes, by age and by size', async () => {
    const { client, parts } = await memoryApp()
    await client.createRepository()
    for (let i = 0; i < 10; i++) await client.createDraft(`w${i}`, { resources: {} })
    const log = () => parts.ctx.db.selectFrom('changes').selectAll().orderBy('resource_version').execute()
    const all = await log()
    await compactChanges(parts.ctx)
    expect(await log()).toEqual(all)
    const end = all.at(-1)?.bytes_end ?? 0
    await compactChanges(parts.ctx, { bytes: end - (all[6]?.bytes_end ?? 0) })
    expect(await log()).toEqual(all.slice(7))
    const now = () => new Date(Date.now() + 25 * 60 * 60 * 1000)
    await compactChanges({ ...parts.ctx, now })
    expect(await log()).toEqual([])
  })

  it.each([
    ['sort=name', 'sort'],
    ['limit=5&continue=x', 'limit, continue'],
    ['resourceVersion=abc', 'resourceVersion'],
    ['resourceVersion=0&sendInitialEvents=true', 'leave out resourceVersion'],
    ['labelSelector=%3D', 'label selector'],
  ])('is refused with %s', async (query, reason) => {
    const { client } = await memoryApp()
    const answer = await client.call('GET', `/packagerevisions?watch=true&${query}`)
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid' } })
    expect(answer.text).toContain(reason)
  })

  it('has parameters that lists refuse, and answers HEAD', async () => {
    const { client } = await memoryApp()
    const answer = await client.call('GET', '/packagerevisions?resourceVersion=5')
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid' } })
    expect(answer.body.detail).toContain('only possible with watch=true')
    const head = await client.send('/api/v1/packagerevisions?watch=true', { method: 'HEAD' })
    expect(head.status).toBe(200)
    expect(head.headers.get('Content-Type')).toBe('text/event-stream')
  })

  it('ends when the server stops', async () => {
    const { client, parts } = await watchServer()
    const watching = await watch(client)
    await watching.next()
    parts.watches.drain()
    expect(await watching.ended()).toBe(true)
  })

  it('sends only revisions that begin or cease to match q', async () => {
    const { client } = await watchServer()
    await client.createRepository()
    const object = (name: string) => ({
      resources: { 'a.yaml': `apiVersion: v1\nkind: X\nmetadata: {name: ${name}}\n` },
    })
    const watching = await watch(client, 'q=wanted')
    await client.publish('v1', object('b'), { package: 'other' })
    await client.publish('v2', object('c'), { package: 'other' })
    const { name } = await client.createDraft('ws1', object('a'))
    const replace = (object_: object) =>
      client.ok('PUT', `/packagerevisions/${name}/resources`, object_, { 'If-Match': '*' })
    await replace(object('wanted'))
    await client.ok('PATCH', `/packagerevisions/${name}`, { labels: { a: 'b' } }, { 'If-Match': '*' })
    await replace(object('a'))
    await client.createDraft('wanted', object('a'))
    const events = await watching.until(({ data }) => data.object.workspace === 'wanted')
    const told = events.filter(({ event }) => event !== 'BOOKMARK').map(short)
    expect(told.slice(-2)).toEqual([`DELETED ${name}`, 'ADDED blueprints.nf.upf.wanted'])
    expect(told.filter((event) => event.includes('other'))).toEqual([])
  })

  it('sends the downstreams with outdated when the latest revision of their upstream changes', async () => {
    const { client } = await watchServer()
    await client.createRepository('up')
    await client.createRepository('down', 'deployment')
    const upstream = { repository: 'up', package: 'web' }
    await client.publish('v1', { init: {} }, upstream)
    const source = { clone: { upstream } }
    for (const path of ['a', 'b']) await client.publish('w1', source, { repository: 'down', package: path })
    const watching = await watch(client, 'outdated=true')
    await watching.next()
    const second = await client.publish('v2', { init: {} }, upstream)
    await client.createDraft('w2', { upgrade: {} }, { repository: 'down', package: 'a' })
    await client.verb(second.name, 'propose-deletion')
    expect((await watching.until(({ event }) => event === 'BOOKMARK')).map(short)).toEqual([
      'ADDED down.a.w1',
      'ADDED down.b.w1',
      `BOOKMARK ${second.resourceVersion}`,
    ])
    await client.ok('DELETE', '/packagerevisions/down.a.w2', undefined, { 'If-Match': '*' })
    await client.verb(second.name, 'approve')
    const back = await watching.until(({ event }) => event === 'BOOKMARK')
    expect(back.map(short).slice(0, -1)).toEqual([
      'DELETED down.a.w2',
      'DELETED down.a.w1',
      'DELETED down.b.w1',
    ])
  })

  it('is refused with 503 beyond the limit, until another client disconnects', async () => {
    const { client, parts } = await watchServer({ limit: 1 })
    const watching = await watch(client)
    await watching.next()
    const refused = await client.call('GET', '/packagerevisions?watch=true')
    expect(refused).toMatchObject({ status: 503, body: { code: 'unavailable' } })
    expect(refused.headers.get('Retry-After')).toBe('5')
    watching.close()
    await expect.poll(() => parts.watches.watching).toBe(0)
    await (await watch(client)).next()
  })

  it('sends bookmarks and heartbeats while no change concerns it', async () => {
    const { client, port } = await watchServer({ quietAfter: 50 })
    await client.createRepository()
    const sent = get({ port, path: '/api/v1/packagerevisions?watch=true&repository=other' })
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    const { resourceVersion } = await client.createDraft('ws1')
    let text = ''
    for await (const chunk of response.setEncoding('utf8')) {
      text += chunk
      if (text.includes(`id: ${resourceVersion}\n`) && text.includes(': still here\n\n')) break
    }
    expect(text.split('event: BOOKMARK').length).toBe(3)
  })
})

describe('a client that does not read', () => {
  it('takes no memory, and is disconnected', async () => {
    const { client, parts, port } = await watchServer({ slowAfter: 1500 })
    await client.createRepository()
    const socket = connect(port, '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    socket.pause()
    socket.write('GET /api/v1/packagerevisions?watch=true HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await expect.poll(() => parts.watches.watching).toBe(1)
    const reader = await watch(client)
    await reader.next()
    const annotations = { a: 'x'.repeat(200_000) }
    const last = 'blueprints.nf.upf.w79'
    const seen = reader.until(({ data }) => data.object.name === last)
    for (let i = 0; i < 80; i++) await client.createDraft(`w${i}`, { resources: {} }, { annotations })
    expect((await seen).length).toBe(80)
    await expect.poll(() => parts.watches.watching).toBe(1)
    reader.close()
  })
})
