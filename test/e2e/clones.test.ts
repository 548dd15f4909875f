import { describe, expect, it } from 'vitest'
import { folderApp, memoryApp } from '../support/app.ts'
import { breakRegistry } from '../support/faults.ts'
import { ended, eventsOf, follow, itemsOf, runJob } from '../support/jobs.ts'

const BLUEPRINT = {
  resources: {
    Kptfile: 'apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: upf\n',
    'upf.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: upf\ndata:\n  cluster: none # kpt-set: \${cluster}\n`,
  },
}

async function prepared(app: Pick<Awaited<ReturnType<typeof memoryApp>>, 'client'>) {
  await app.client.createRepository()
  await app.client.createRepository('prod', 'deployment')
  return app.client.publish('ws1', BLUEPRINT)
}

const targets = (count: number) =>
  Array.from({ length: count }, (_, at) => ({
    package: `c${at}/upf`,
    labels: { cluster: `c${at}` },
    setters: { cluster: `cluster-${at}` },
  }))

const defaults = { repository: 'prod', labels: { team: 'core' } }

describe('POST /clones', () => {
  it('creates a draft with its own values for each target, even if others fail', async () => {
    const app = await memoryApp()
    const { client } = app
    const upstream = await prepared(app)
    await client.createDraft('ws1', { init: {} }, { repository: 'prod', package: 'c7/upf' })
    const wanted = targets(50).map((target, at) => (at === 9 ? { ...target, repository: 'nowhere' } : target))
    const answer = await client.call('POST', '/clones', {
      upstream: upstream.name,
      targets: wanted,
      defaults,
    })
    expect(answer.status).toBe(202)
    expect(answer.headers.get('Location')).toBe(`/api/v1/jobs/${answer.body.id}`)
    expect(answer.body).toMatchObject({
      kind: 'clone',
      state: 'Running',
      dryRun: false,
      upstream: { name: upstream.name, revision: 1 },
      counts: { total: 50, pending: 50 },
      finishedAt: null,
    })
    const job = await ended(client, answer.body.id)
    expect(job).toMatchObject({
      state: 'Completed',
      counts: { total: 50, pending: 0, succeeded: 48, failed: 2, skipped: 0, conflicts: 0 },
      finishedAt: expect.any(String),
    })
    const items = await itemsOf(client, job.id)
    expect(items.map(({ index }) => index)).toEqual(wanted.map((_, at) => at))
    expect(items[7]).toMatchObject({ state: 'Failed', revision: null, error: { code: 'already_exists' } })
    expect(items[9]).toMatchObject({ state: 'Failed', error: { code: 'not_found' } })
    expect(await itemsOf(client, job.id, 'state=Failed')).toEqual([items[7], items[9]])
    expect(items[3]).toMatchObject({ state: 'Succeeded', revision: 'prod.c3.upf.main', error: null })
    expect(await client.get('prod.c3.upf.main')).toMatchObject({
      lifecycle: 'Draft',
      task: 'clone',
      upstream: { name: upstream.name },
      labels: { team: 'core', cluster: 'c3' },
    })
    expect((await client.resources('prod.c3.upf.main'))['upf.yaml']).toContain('cluster: cluster-3 #')
    const { items: drafts } = await client.ok('GET', '/packagerevisions?repository=prod&limit=1000')
    expect(drafts).toHaveLength(49)

    const again = await runJob(client, '/clones', { upstream: upstream.name, targets: wanted, defaults })
    expect(again.counts).toMatchObject({ succeeded: 0, failed: 2, skipped: 48 })
    expect((await itemsOf(client, again.id, 'state=Skipped&limit=1'))[0]).toMatchObject({
      revision: 'prod.c0.upf.main',
      reason: expect.stringContaining('already'),
    })
  })

  it('clones the same revision to all targets, even if another one is published meanwhile', async () => {
    const app = await memoryApp()
    const { client } = app
    await prepared(app)
    const latest = { repository: 'blueprints', package: 'nf/upf' }
    const { body } = await client.call('POST', '/clones', {
      upstream: latest,
      targets: targets(10),
      defaults,
    })
    await client.publish('ws2', { copy: { from: 'blueprints.nf.upf.ws1' } })
    const job = await ended(client, body.id)
    expect(job.counts.succeeded).toBe(10)
    const { items } = await client.ok('GET', '/packagerevisions?repository=prod')
    expect(new Set(items.map((item: { upstream: { revision: number } }) => item.upstream.revision))).toEqual(
      new Set([1]),
    )
  })

  it('creates nothing in a dry run, and reports what would be created', async () => {
    const app = await memoryApp()
    const { client } = app
    const { name } = await prepared(app)
    await client.createDraft('ws1', { init: {} }, { repository: 'prod', package: 'c1/upf' })
    const job = await runJob(client, '/clones', {
      upstream: name,
      targets: targets(3),
      defaults,
      dryRun: true,
    })
    expect(job).toMatchObject({ dryRun: true, counts: { succeeded: 2, failed: 1 } })
    expect(await itemsOf(client, job.id)).toMatchObject([
      { state: 'Succeeded', revision: null, reason: expect.stringContaining('would be cloned') },
      { state: 'Failed', error: { code: 'already_exists' } },
      { state: 'Succeeded', revision: null },
    ])
    expect((await client.ok('GET', '/packagerevisions?repository=prod')).items).toHaveLength(1)
  })

  it('is refused as a whole, and names the invalid targets', async () => {
    const app = await memoryApp()
    const { client } = app
    const upstream = (await prepared(app)).name
    const long = Array.from({ length: 5 }, () => 'x'.repeat(60)).join('/')
    for (const [body, status, path] of [
      [{ upstream, targets: [] }, 400, 'body.targets'],
      [{ upstream, targets: [{ package: 'a' }] }, 400, 'body.targets.0'],
      [{ upstream, defaults, targets: [{ package: 'a' }, { package: 'B' }] }, 400, 'body.targets.1.package'],
      [
        { upstream, defaults, targets: [{ package: 'a', labels: { 'a b': 'c' } }] },
        400,
        'body.targets.0.labels.a b',
      ],
      [
        { upstream, defaults, targets: [{ package: 'a' }, { package: 'b' }, { package: 'a' }] },
        400,
        'body.targets.2',
      ],
      [{ upstream, defaults, targets: [{ package: long }] }, 400, 'body.targets.0'],
      [{ upstream, defaults, targets: [{ package: 'a', colour: 1 }] }, 400, 'body.targets.0'],
      [{ upstream: 'blueprints.nf.upf.no', defaults, targets: targets(1) }, 404, undefined],
      [
        { upstream: { repository: 'blueprints', package: 'no' }, defaults, targets: targets(1) },
        404,
        undefined,
      ],
    ] as const) {
      const answer = await client.call('POST', '/clones', body)
      expect(answer.status, answer.text).toBe(status)
      if (path) expect(answer.body.errors.map((error: { path: string }) => error.path)).toContain(path)
    }
    const draft = await client.createDraft('ws9')
    expect(
      (await client.call('POST', '/clones', { upstream: draft.name, targets: targets(1), defaults })).body,
    ).toMatchObject({ code: 'wrong_lifecycle' })
    expect((await client.ok('GET', '/jobs')).items).toEqual([])
    for (const id of ['1', '0', 'x', '1e3', '99999999999999999999']) {
      expect((await client.call('GET', `/jobs/${id}`)).status, id).toBe(404)
    }
  })

  it('continues after a restart of the server', async () => {
    const app = await folderApp()
    const upstream = await prepared(app)
    const { body } = await app.client.call('POST', '/clones', {
      upstream: upstream.name,
      targets: targets(60),
      defaults,
    })
    const first = eventsOf(await follow(app.client, body.id))
    const seen: number[] = []
    for await (const { id } of first) {
      seen.push(id)
      if (seen.length === 5) break
    }
    await app.close()

    const { client } = await folderApp(app.data)
    const job = await ended(client, body.id)
    expect(job).toMatchObject({ state: 'Completed', counts: { total: 60, succeeded: 60, failed: 0 } })
    for await (const { id } of eventsOf(await follow(client, job.id, 5))) seen.push(id)
    expect(seen).toEqual(Array.from({ length: 61 }, (_, at) => at + 1))
    const { items } = await client.ok('GET', '/packagerevisions?repository=prod&limit=1000')
    expect(items).toHaveLength(60)
    // Tags are set after the commit that ends the item.
    await expect.poll(() => client.tags('prod/c59/upf')).toEqual(['draft-main'])
  })

  it('waits while the registry is down', async () => {
    const app = await memoryApp()
    const { client, parts } = app
    const { name } = await prepared(app)
    const down = { now: true }
    breakRegistry(parts.ctx, (operation) => down.now && operation === 'push')
    const { body } = await client.call('POST', '/clones', { upstream: name, targets: targets(5), defaults })
    await expect.poll(async () => (await client.ok('GET', '/jobs')).items[0].counts.pending).toBe(5)
    down.now = false
    expect((await ended(client, body.id)).counts).toMatchObject({ succeeded: 5, failed: 0 })
  })

  it('counts a draft as created even before the registry has its tag', async () => {
    const app = await memoryApp()
    const { client, parts } = app
    const { name } = await prepared(app)
    breakRegistry(parts.ctx, (operation) => operation === 'tag')
    const job = await runJob(client, '/clones', { upstream: name, targets: targets(3), defaults })
    expect(job.counts).toMatchObject({ succeeded: 3, failed: 0 })
  })
})
