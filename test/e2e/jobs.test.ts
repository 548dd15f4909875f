import { describe, expect, it } from 'vitest'
import { folderServer, memoryApp } from '../support/app.ts'
import type { Client } from '../support/client.ts'
import { ended, eventsOf, follow, itemsOf, runJob, type ServerSentEvent } from '../support/jobs.ts'
import { pages } from '../support/pages.ts'
import { startServer } from '../support/process.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { until } from '../support/until.ts'

async function prepare(client: Client): Promise<string> {
  await client.createRepository()
  await client.createRepository('prod', 'deployment')
  return (await client.publish('ws1')).name
}

function clones(upstream: string, count: number, prefix = 'c') {
  const targets = Array.from({ length: count }, (_, at) => ({
    repository: 'prod',
    package: `${prefix}${at}`,
  }))
  return { upstream, targets }
}

async function start(client: Client, upstream: string, count: number, prefix?: string): Promise<string> {
  return (await client.ok('POST', '/clones', clones(upstream, count, prefix))).id
}

async function collected(response: Response): Promise<ServerSentEvent[]> {
  return Array.fromAsync(eventsOf(response))
}

describe('the events of a job', () => {
  it('report each item and the end, to clients that connect early, late or again', async () => {
    const { client } = await memoryApp()
    const id = await start(client, await prepare(client), 150)
    const live = await collected(await follow(client, id))
    expect(live.map((event) => event.id)).toEqual(Array.from({ length: 151 }, (_, at) => at + 1))
    expect(live.slice(0, -1).every(({ event }) => event === 'item')).toBe(true)
    expect(new Set(live.slice(0, -1).map(({ data }) => data.index)).size).toBe(150)
    const items = await itemsOf(client, id)
    for (const { data } of live.slice(0, -1)) expect(items[data.index]).toEqual(data)
    const job = await client.ok('GET', `/jobs/${id}`)
    expect(live.at(-1)).toEqual({ id: 151, event: 'finished', data: job })

    expect(await collected(await follow(client, id))).toEqual(live)
    expect(await collected(await follow(client, id, 0))).toEqual(live)
    expect(await collected(await follow(client, id, 100))).toEqual(live.slice(100))
    expect(await collected(await follow(client, id, 150))).toEqual(live.slice(150))
    expect((await follow(client, id, 151)).status).toBe(204)
  })

  it('are refused for a job that does not exist, and after an event that does not exist yet', async () => {
    const { client } = await memoryApp()
    const { id } = await runJob(client, '/clones', clones(await prepare(client), 1))
    expect((await follow(client, '99')).status).toBe(404)
    expect((await follow(client, id, 3)).status).toBe(400)
    const bad = await client.send(`/api/v1/jobs/${id}/events`, { headers: { 'Last-Event-ID': 'one' } })
    expect(bad.status).toBe(400)
    const head = await client.send(`/api/v1/jobs/${id}/events`, { method: 'HEAD' })
    expect(head.status).toBe(200)
  })

  it('come over a socket, are logged and measured like any answer, and keep nothing for a client that has gone', async () => {
    const { client, parts } = await folderServer()
    const id = await start(client, await prepare(client), 100)
    const gone = new AbortController()
    for await (const { id: seen } of eventsOf(await follow(client, id, 0, gone.signal))) {
      if (seen === 3) break
    }
    gone.abort()
    await ended(client, id)
    expect(await collected(await follow(client, id, 99))).toHaveLength(2)
    await expect.poll(() => parts.jobs.running).toBe(0)
    const metrics = () => parts.metrics.registry.metrics()
    expect(await metrics()).toMatch(
      /http_request_duration_seconds_count\{method="GET",route="\/api\/v1\/jobs\/:id\/events",status="200"\} 2/,
    )
    // The last items are counted when their tags are set, after the commit that ends the job.
    await expect.poll(metrics).toMatch(/^job_items_total\{kind="clone",outcome="Succeeded"\} 100$/m)
    expect(await metrics()).toMatch(/^jobs_running 0$/m)
  })

  it('end when the server stops, which does not wait for the job; the next process continues it', async () => {
    const data = await temporaryFolder()
    const first = await startServer(data)
    const id = await start(first.client, await prepare(first.client), 100)
    const events = eventsOf(await follow(first.client, id))
    const seen = [(await events.next()).value.id]
    const stopped = first.stop()
    for await (const event of events) seen.push(event.id)
    expect(await stopped).toBe(0)
    expect(seen.length).toBeLessThan(101)

    const { client, stop } = await startServer(data)
    for await (const event of eventsOf(await follow(client, id, seen.at(-1)))) seen.push(event.id)
    expect(seen).toEqual(Array.from({ length: 101 }, (_, at) => at + 1))
    expect((await ended(client, id)).counts).toMatchObject({ succeeded: 100, failed: 0, skipped: 0 })
    await stop()
  })
})

describe('a job', () => {
  it('makes nothing more once it is cancelled', async () => {
    const { client } = await memoryApp()
    const upstream = await prepare(client)
    const id = await start(client, upstream, 200)
    await until(async () => (await client.ok('GET', `/jobs/${id}`)).counts.succeeded > 3)
    const cancelled = await client.ok('POST', `/jobs/${id}/cancel`)
    const drafts = async () =>
      (await client.ok('GET', '/packagerevisions?repository=prod&limit=1000')).items.length
    const made = await drafts()
    expect(cancelled).toMatchObject({ state: 'Cancelled', finishedAt: expect.any(String) })
    expect(cancelled.counts).toMatchObject({ pending: 0, succeeded: made, skipped: 200 - made, failed: 0 })
    // Items of another job, which take turns with those of this one if there still are any.
    await ended(client, await start(client, upstream, 6, 'other'))
    expect(await drafts()).toBe(made + 6)
    expect(await client.ok('GET', `/jobs/${id}`)).toEqual(cancelled)
    const skipped = await itemsOf(client, id, 'state=Skipped&limit=1000')
    expect(skipped).toHaveLength(200 - made)
    expect(skipped[0].reason).toBe('cancelled by anonymous')
    const events = await collected(await follow(client, id))
    expect(events.map((event) => event.id)).toEqual(Array.from({ length: 201 }, (_, at) => at + 1))
    expect(events.at(-1)).toMatchObject({ event: 'finished', data: cancelled })
    expect(await client.call('POST', `/jobs/${id}/cancel`)).toMatchObject({
      status: 409,
      body: { code: 'conflict' },
    })
    expect((await client.call('POST', '/jobs/77/cancel')).status).toBe(404)
  })

  it('does not wait for a larger one that began before', async () => {
    const { client } = await memoryApp()
    const upstream = await prepare(client)
    const large = await start(client, upstream, 300, 'large')
    await ended(client, await start(client, upstream, 3, 'small'))
    expect((await client.ok('GET', `/jobs/${large}`)).state).toBe('Running')
    await client.ok('POST', `/jobs/${large}/cancel`)
  })

  it('is listed in pages, and so are its items', async () => {
    const { client } = await memoryApp()
    const upstream = await prepare(client)
    const ids: string[] = []
    for (const at of [0, 1, 2])
      ids.unshift((await runJob(client, '/clones', clones(upstream, 5, `j${at}-`))).id)
    const listed = async (path: string, key: string) => {
      const found: string[] = []
      for await (const page of pages(client, `${path}limit=2`)) {
        expect(page.items.length).toBeLessThanOrEqual(2)
        for (const item of page.items) found.push(item[key])
      }
      return found
    }
    expect(await listed('/jobs?', 'id')).toEqual(ids)
    expect(await listed('/jobs?state=Completed&kind=clone&', 'id')).toEqual(ids)
    expect(await listed('/jobs?state=Running&', 'id')).toEqual([])
    expect(await listed('/jobs?kind=upgrade&', 'id')).toEqual([])
    expect(await listed(`/jobs/${ids[0]}/items?`, 'index')).toEqual([0, 1, 2, 3, 4])
    expect(await listed(`/jobs/${ids[0]}/items?state=Failed&`, 'index')).toEqual([])
    expect((await client.call('GET', '/jobs/99/items')).status).toBe(404)
    expect((await client.call('GET', '/jobs?state=Done')).status).toBe(400)
    const { headers } = await client.call('GET', `/jobs/${ids[0]}`)
    const known = { 'If-None-Match': headers.get('ETag') ?? '' }
    expect((await client.call('GET', `/jobs/${ids[0]}`, undefined, known)).status).toBe(304)
  })
})
