import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { lastChange } from '../../src/database/change-log.ts'
import { readPosition } from '../../src/database/counters.ts'
import { pruneAllDeliveries } from '../../src/service/webhooks/deliveries.ts'
import { type DispatcherOptions, WebhookDispatcher } from '../../src/service/webhooks/dispatcher.ts'
import { folderApp, memoryApp, type TestApp } from '../support/app.ts'
import type { Client } from '../support/client.ts'
import { type Receiver, receiver, SECRET } from '../support/webhook-receiver.ts'

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
type Json = any

/** An app whose webhooks may call this machine, and are retried soon. */
async function app(options: Partial<DispatcherOptions> = {}): Promise<TestApp> {
  const made = await memoryApp((parts) => {
    const { ctx } = parts
    const webhooks = new WebhookDispatcher(ctx, {
      targets: 'loopback',
      report: ctx.report,
      firstDelay: 20,
      pollEvery: 10,
      ...options,
    })
    ctx.commits.onCommit(() => webhooks.wake())
    const close = async () => {
      await webhooks.stop()
      await parts.close()
    }
    return { ...parts, webhooks, close }
  })
  await made.client.createRepository()
  return made
}

async function subscribe(client: Client, { url }: Receiver, more: object = {}): Promise<Json> {
  return client.ok('POST', '/webhooks', { name: 'ci', url, secret: SECRET, ...more })
}

async function deliveries(client: Client, query = ''): Promise<Json[]> {
  return (await client.ok('GET', `/webhooks/ci/deliveries?${query}`)).items
}

/** Waits until all changes are delivered. */
async function settled({ client, parts: { ctx } }: TestApp): Promise<Json[]> {
  await expect
    .poll(async () => (await readPosition(ctx.db, 'webhooks_position')) >= (await lastChange(ctx.db)))
    .toBe(true)
  await expect.poll(async () => (await deliveries(client, 'state=Pending')).length).toBe(0)
  return deliveries(client)
}

const EVERYTHING = [
  'drafted',
  'updated',
  'proposed',
  'rejected',
  'published',
  'deletion-proposed',
  'deletion-rejected',
  'deleted',
]

describe('a webhook', () => {
  it('receives a signed request for a publication', async () => {
    const made = await app()
    const { client } = made
    const flux = await receiver()
    await subscribe(client, flux)
    const published = await client.publish('ws1')
    const [{ headers, body } = { headers: {}, body: undefined }] = await flux.count(1)
    expect(body).toEqual({
      delivery: 1,
      event: 'published',
      webhook: 'ci',
      createdAt: expect.any(String),
      attempt: 1,
      sentAt: expect.any(String),
      packageRevision: published,
    })
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-pkgserver-event': 'published',
      'x-pkgserver-delivery': '1',
      'x-pkgserver-signature': headers['x-signature'],
    })
    expect(await settled(made)).toEqual([
      {
        id: '1',
        event: 'published',
        revision: published.name,
        resourceVersion: published.resourceVersion,
        state: 'Delivered',
        attempts: 1,
        statusCode: 200,
        error: null,
        duration: expect.any(Number),
        createdAt: expect.any(String),
        nextAttempt: null,
      },
    ])
  })

  it('receives an event for each step of the lifecycle, and none when only latest moves', async () => {
    const made = await app()
    const { client } = made
    const ci = await receiver()
    await subscribe(client, ci, { events: EVERYTHING })
    const { name } = await client.publish('ws1')
    await client.createDraft('ws2')
    const draft = 'blueprints.nf.upf.ws2'
    await client.ok('PATCH', `/packagerevisions/${draft}`, { labels: { a: 'b' } }, { 'If-Match': '*' })
    for (const verb of ['propose', 'reject', 'propose', 'approve']) await client.verb(draft, verb)
    for (const verb of ['propose-deletion', 'reject', 'propose-deletion', 'approve'])
      await client.verb(name, verb)
    await settled(made)
    const told = ci.received
      .map(({ body }) => body)
      .sort((a, b) => a.delivery - b.delivery)
      .map(({ event, packageRevision }) => `${event} ${packageRevision.workspace}`)
    expect(told).toEqual([
      'drafted ws1',
      'proposed ws1',
      'published ws1',
      'drafted ws2',
      'updated ws2',
      'proposed ws2',
      'rejected ws2',
      'proposed ws2',
      'published ws2',
      'deletion-proposed ws1',
      'deletion-rejected ws1',
      'deletion-proposed ws1',
      'deleted ws1',
    ])
  })

  it('receives the events that match its filter, while it is enabled', async () => {
    const made = await app()
    const { client } = made
    const ci = await receiver()
    await subscribe(client, ci, {
      filter: { package: 'nf/upf', labelSelector: 'env=prod' },
      events: ['drafted'],
    })
    const label = { labels: { env: 'prod' } }
    await client.createDraft('ws1')
    await client.createDraft('ws2', { init: {} }, label)
    await client.createDraft('ws1', { init: {} }, { ...label, package: 'nf/smf' })
    const patch = (body: object) => client.ok('PATCH', '/webhooks/ci', body, { 'If-Match': '*' })
    expect((await patch({ filter: { labelSelector: null }, enabled: false })).filter).toEqual({
      package: 'nf/upf',
    })
    await client.createDraft('ws3')
    await patch({ enabled: true })
    await client.createDraft('ws4')
    await settled(made)
    const told = ci.received.map(({ body }) => body.packageRevision.name).sort()
    expect(told).toEqual(['blueprints.nf.upf.ws2', 'blueprints.nf.upf.ws4'])
  })

  it('is retried until it answers with 2xx in time, and without a redirect', async () => {
    const made = await app({ timeout: 2000 })
    const { client } = made
    const ci = await receiver()
    const other = await receiver()
    await subscribe(client, ci)
    const faults: Receiver['answer'][] = [
      (response) => response.writeHead(500).end(),
      (response) => response.writeHead(302, { Location: other.url }).end(),
      (response) => response.destroy(),
      (response) => void setTimeout(6000).then(() => response.end()),
      (response) => {
        response.writeHead(200, { 'Content-Length': '100' })
        response.write('half')
        setTimeout(10).then(() => response.destroy())
      },
      (response) => response.writeHead(200).end('x'.repeat(1024 * 1024)),
    ]
    ci.answer = (response) => faults.shift()?.(response)
    await client.publish('ws1')
    const [delivery] = await settled(made)
    expect(delivery).toMatchObject({ state: 'Delivered', attempts: 6, statusCode: 200 })
    expect(ci.received.map(({ body }) => body.attempt)).toEqual([1, 2, 3, 4, 5, 6])
    expect(new Set(ci.received.map(({ body }) => body.delivery))).toEqual(new Set([1]))
    expect(other.received).toEqual([])
  })

  it('shows why a delivery is pending, and sends it at once on redelivery', async () => {
    const made = await app({ firstDelay: 3_600_000 })
    const { client } = made
    const ci = await receiver()
    ci.answer = (response) => void response.writeHead(503).end()
    await subscribe(client, ci)
    await client.publish('ws1')
    await expect.poll(async () => (await deliveries(client))[0]?.attempts).toBe(1)
    const [waiting] = await deliveries(client)
    expect(waiting).toMatchObject({ state: 'Pending', statusCode: 503, error: null })
    expect(Date.parse(waiting.nextAttempt) - Date.now()).toBeGreaterThan(2_000_000)
    ci.answer = (response) => void response.writeHead(204).end()
    for (const attempts of [2, 3]) {
      const sent = await client.ok('POST', `/webhooks/ci/deliveries/${waiting.id}/redeliver`)
      expect(sent.state).toBe('Pending')
      expect(await settled(made)).toMatchObject([{ state: 'Delivered', attempts, statusCode: 204 }])
    }
  })

  it.each([
    [429, '3600'],
    [503, new Date(Date.now() + 3_600_000).toUTCString()],
  ])('is sent nothing for as long as its receiver asks with %i', async (status, retryAfter) => {
    let late = 0
    const made = await app()
    const { client, parts } = made
    parts.ctx.now = () => new Date(Date.now() + late)
    const ci = await receiver()
    ci.answer = (response) => void response.writeHead(status, { 'Retry-After': retryAfter }).end()
    await subscribe(client, ci, { events: ['drafted'] })
    await client.createDraft('ws1')
    await expect.poll(async () => (await deliveries(client))[0]?.attempts).toBe(1)
    const [waiting] = await deliveries(client)
    expect(waiting).toMatchObject({ state: 'Pending', statusCode: status })
    expect(Date.parse(waiting.nextAttempt) - Date.now()).toBeGreaterThan(3_590_000)
    // Nor are other events sent, until then.
    await client.createDraft('ws2')
    const other = await receiver()
    await subscribe(client, other, { name: 'other', events: ['drafted'] })
    await client.createDraft('ws3')
    await other.count(1)
    expect(ci.received).toHaveLength(1)
    ci.answer = (response) => void response.writeHead(200).end()
    late = 3_601_000
    await settled(made)
    expect(ci.received.map(({ body }) => body.packageRevision.workspace).sort()).toEqual([
      'ws1',
      'ws1',
      'ws2',
      'ws3',
    ])
  })

  it('is sent a redelivery even while its receiver asks to wait', async () => {
    const made = await app()
    const { client } = made
    const ci = await receiver()
    ci.answer = (response) => void response.writeHead(429, { 'Retry-After': '3600' }).end()
    await subscribe(client, ci)
    await client.publish('ws1')
    await expect.poll(async () => (await deliveries(client))[0]?.attempts).toBe(1)
    const [{ id }] = await deliveries(client)
    ci.answer = (response) => void response.writeHead(200).end()
    await client.ok('POST', `/webhooks/ci/deliveries/${id}/redeliver`)
    expect(await settled(made)).toMatchObject([{ state: 'Delivered', attempts: 2 }])
  })

  it('is disabled when its receiver is gone, until it is enabled again', async () => {
    const gone: string[] = []
    const made = await app({ onGone: (name) => gone.push(name) })
    const { client } = made
    const ci = await receiver()
    ci.answer = (response) => void response.writeHead(410).end()
    const { resourceVersion } = await subscribe(client, ci, { events: ['drafted'] })
    await client.createDraft('ws1')
    await expect.poll(async () => (await client.ok('GET', '/webhooks/ci')).enabled).toBe(false)
    expect(gone).toEqual(['ci'])
    expect((await client.ok('GET', '/webhooks/ci')).resourceVersion).not.toBe(resourceVersion)
    const [ended] = await deliveries(client)
    expect(ended).toMatchObject({ state: 'GivenUp', attempts: 1, statusCode: 410, nextAttempt: null })
    expect(ended.error).toContain('enable it')
    await client.createDraft('ws2')
    ci.answer = (response) => void response.writeHead(200).end()
    await client.ok('PATCH', '/webhooks/ci', { enabled: true }, { 'If-Match': '*' })
    await client.createDraft('ws3')
    await settled(made)
    expect(ci.received.map(({ body }) => body.packageRevision.workspace)).toEqual(['ws1', 'ws3'])
  })

  it('stays enabled if it has another URL when the old one answers that it is gone', async () => {
    const made = await app()
    const { client } = made
    const [old, next] = [await receiver(), await receiver()]
    let answer: (() => void) | undefined
    old.answer = (response) => {
      answer = () => response.writeHead(410).end()
    }
    await subscribe(client, old, { events: ['drafted'] })
    await client.createDraft('ws1')
    await old.count(1)
    await client.ok('PATCH', '/webhooks/ci', { url: next.url }, { 'If-Match': '*' })
    answer?.()
    await settled(made)
    expect(await client.ok('GET', '/webhooks/ci')).toMatchObject({ enabled: true, url: next.url })
  })

  it('gives up a delivery after a day', async () => {
    let late = 0
    const made = await app({ firstDelay: 3_600_000 })
    const { client, parts } = made
    parts.ctx.now = () => new Date(Date.now() + late)
    const ci = await receiver()
    ci.answer = (response) => void response.writeHead(500).end()
    await subscribe(client, ci)
    await client.publish('ws1')
    await expect.poll(async () => (await deliveries(client))[0]?.attempts).toBe(1)
    for (let hours = 2; hours < 40; hours += 2) {
      late = hours * 3_600_000
      const ends = async () => (await deliveries(client))[0]?.attempts > hours / 2 || hours > 20
      await expect.poll(ends).toBe(true)
    }
    expect(await settled(made)).toMatchObject([{ state: 'GivenUp', statusCode: 500, nextAttempt: null }])
    expect(ci.received.length).toBeGreaterThan(10)
  })

  it('can be pinged', async () => {
    const made = await app()
    const { client } = made
    const ci = await receiver()
    await subscribe(client, ci)
    expect(await client.ok('POST', '/webhooks/ci/ping')).toMatchObject({ event: 'ping', revision: null })
    const [{ body } = { body: undefined }] = await ci.count(1)
    expect(body).toMatchObject({ event: 'ping', packageRevision: null })
    await client.ok('PATCH', '/webhooks/ci', { enabled: false }, { 'If-Match': '*' })
    expect((await client.call('POST', '/webhooks/ci/ping')).body.code).toBe('conflict')
  })

  it('does not block other webhooks or the server when it does not answer', async () => {
    const made = await app({ timeout: 60_000 })
    const { client } = made
    const silent = await receiver()
    silent.answer = () => undefined
    const ci = await receiver()
    await subscribe(client, silent, { name: 'silent', events: EVERYTHING })
    await subscribe(client, ci, { events: ['drafted'] })
    for (let i = 0; i < 30; i++) await client.createDraft(`w${i}`, { resources: {} })
    await ci.count(30)
    expect(silent.received.length).toBe(4)
    expect(await settled(made)).toHaveLength(30)
  })

  it('delivers to a receiver that answers, however many others do not', async () => {
    const made = await app({ timeout: 500 })
    const { client } = made
    const silent = await receiver()
    silent.answer = () => undefined
    for (let i = 0; i < 12; i++)
      await subscribe(client, silent, { name: `silent-${String(i).padStart(2, '0')}`, events: EVERYTHING })
    const ci = await receiver()
    await subscribe(client, ci, { events: ['drafted'] })
    for (let i = 0; i < 20; i++) await client.createDraft(`w${i}`, { resources: {} })
    await ci.count(20)
    // None of the others has been tried often meanwhile: they take turns with few requests at once.
    expect(silent.received.length).toBeLessThan(12 * 20)
  })

  it('keeps limited numbers of ended and pending deliveries', async () => {
    const made = await app({ firstDelay: 3_600_000 })
    const { client, parts } = made
    const ci = await receiver()
    await subscribe(client, ci, { events: ['drafted'] })
    for (let i = 0; i < 8; i++) await client.createDraft(`w${i}`, { resources: {} })
    await settled(made)
    ci.answer = (response) => void response.writeHead(500).end()
    for (let i = 8; i < 14; i++) await client.createDraft(`w${i}`, { resources: {} })
    await ci.count(14)
    await pruneAllDeliveries(parts.ctx, { ended: 5, waiting: 2 })
    const kept = await deliveries(client)
    expect(kept.map(({ id, state }) => `${id} ${state}`)).toEqual([
      '14 Pending',
      '13 Pending',
      '12 GivenUp',
      '11 GivenUp',
      '10 GivenUp',
      '9 GivenUp',
      '8 Delivered',
    ])
  })
})

describe('the webhooks of a server', () => {
  it('receive pending deliveries after a restart', async () => {
    const settings = { PKGSERVER_WEBHOOK_TARGETS: 'loopback' }
    const ci = await receiver()
    ci.answer = () => undefined
    const first = await folderApp(undefined, settings)
    await first.client.createRepository()
    await subscribe(first.client, ci, { events: ['drafted', 'published'] })
    await first.client.publish('ws1')
    await ci.count(2)
    await first.close()
    const { length } = ci.received
    ci.answer = (response) => void response.writeHead(200).end()
    const second = await folderApp(first.data, settings)
    await settled(second)
    const told = ci.received.slice(length).map(({ body }) => body.event)
    expect(told.sort()).toEqual(['drafted', 'published'])
  })

  it('receive changes that were committed just before a crash', async () => {
    const settings = { PKGSERVER_WEBHOOK_TARGETS: 'loopback' }
    const ci = await receiver()
    const first = await folderApp(undefined, settings)
    await first.client.createRepository()
    await subscribe(first.client, ci, { events: ['drafted'] })
    // As if the process had crashed before it routed the change.
    await first.parts.webhooks.stop()
    await first.client.createDraft('ws1')
    expect(await deliveries(first.client)).toEqual([])
    await first.close()
    const second = await folderApp(first.data, settings)
    const [{ body } = { body: undefined }] = await ci.count(1)
    expect(body).toMatchObject({ event: 'drafted', packageRevision: { workspace: 'ws1' } })
    expect(await settled(second)).toMatchObject([{ state: 'Delivered', attempts: 1 }])
    expect(ci.received).toHaveLength(1)
  })

  it('are created, shown without their secret, updated and deleted', async () => {
    const made = await app()
    const { client } = made
    const ci = await receiver()
    const answer = await client.call('POST', '/webhooks', { name: 'ci', url: ci.url, secret: SECRET })
    expect(answer).toMatchObject({
      status: 201,
      body: { name: 'ci', events: ['published'], filter: {}, enabled: true },
    })
    expect(answer.headers.get('Location')).toBe('/api/v1/webhooks/ci')
    expect(answer.text).not.toContain(SECRET)
    const tag = answer.headers.get('ETag') ?? ''
    const again = await client.call('POST', '/webhooks', { name: 'ci', url: ci.url, secret: SECRET })
    expect(again).toMatchObject({ status: 409, body: { code: 'already_exists' } })
    expect((await client.call('GET', '/webhooks/ci', undefined, { 'If-None-Match': tag })).status).toBe(304)
    const changed = await client.call('PATCH', '/webhooks/ci', { events: ['deleted'] }, { 'If-Match': tag })
    expect(changed).toMatchObject({ status: 200, body: { events: ['deleted'], url: ci.url } })
    expect((await client.call('DELETE', '/webhooks/ci', undefined, { 'If-Match': tag })).status).toBe(412)
    expect((await client.ok('GET', '/webhooks')).items).toEqual([changed.body])
    await client.ok('POST', '/webhooks/ci/ping')
    await settled(made)
    expect((await client.call('DELETE', '/webhooks/ci', undefined, { 'If-Match': '*' })).status).toBe(204)
    for (const path of ['', '/deliveries'])
      expect((await client.call('GET', `/webhooks/ci${path}`)).status).toBe(404)
    expect((await client.call('POST', '/webhooks/ci/deliveries/1/redeliver')).status).toBe(404)
  })

  it.each([
    'ftp://example.com/',
    'http://user@example.com/',
    'http://example.com/#x',
    'http://169.254.169.254/latest/meta-data/',
    'http://[::ffff:169.254.169.254]/',
    'http://0.0.0.0/',
    'http://[fe80::1]/',
    'http://[64:ff9b::a9fe:a9fe]/',
    'http://[64:ff9b:1::7f00:1]/',
    'http://[2002:7f00:1::]/',
    'http://[::127.0.0.1]/',
    'http://0x7f.1/',
    'http://[::1]:8080/',
    'http://127.0.0.1:8080/',
  ])('may not call %s', async (url) => {
    const { client } = await memoryApp()
    const answer = await client.call('POST', '/webhooks', { name: 'ci', url, secret: SECRET })
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid' } })
    expect(answer.body.detail).toContain("the webhook's URL is not allowed: ")
  })

  it('may call private addresses, but not this machine under any name', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    for (const [name, url] of [
      ['inside', 'http://10.1.2.3/'],
      ['ci', 'http://localhost:9/'],
    ]) {
      await client.ok('POST', '/webhooks', { name, url, secret: SECRET })
    }
    await client.ok('POST', '/webhooks/ci/ping')
    await expect.poll(async () => (await deliveries(client))[0]?.attempts).toBe(1)
    expect((await deliveries(client))[0].error).toContain('is a loopback address')
  })
})
