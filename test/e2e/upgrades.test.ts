import { describe, expect, it } from 'vitest'
import { memoryApp } from '../support/app.ts'
import type { Client } from '../support/client.ts'
import { itemsOf, runJob } from '../support/jobs.ts'

const blueprint = (replicas: number) => ({
  resources: {
    Kptfile: 'apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: upf\n',
    'upf.yaml': `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: upf\nspec:\n  replicas: ${replicas}\n`,
  },
})

const UPSTREAM = { repository: 'blueprints', package: 'nf/upf' }

/** Publishes six clones of revision 1, the last with a local change, and then revision 2. */
async function outdated(client: Client): Promise<void> {
  await client.createRepository()
  await client.createRepository('prod', 'deployment')
  await client.createRepository('edge', 'deployment')
  const { name } = await client.publish('ws1', blueprint(1))
  const targets = [0, 1, 2, 3, 4, 5].map((at) => ({
    repository: at < 4 ? 'prod' : 'edge',
    package: `c${at}`,
    labels: { env: at % 2 ? 'dev' : 'prod' },
  }))
  await runJob(client, '/clones', { upstream: name, targets })
  for (const { repository, package: path } of targets) await publish(client, `${repository}.${path}.main`)
  const { name: copy } = await client.createDraft(
    'local',
    { copy: { from: 'edge.c5.main' } },
    { repository: 'edge', package: 'c5' },
  )
  const { resources } = blueprint(7)
  await client.ok(
    'PATCH',
    `/packagerevisions/${copy}/resources`,
    { resources: { 'upf.yaml': resources['upf.yaml'] } },
    { 'If-Match': '*' },
  )
  await publish(client, copy)
  await client.publish('ws2', blueprint(2))
}

async function publish(client: Client, name: string): Promise<void> {
  await client.verb(name, 'propose')
  await client.verb(name, 'approve')
}

async function upgradeDrafts(client: Client): Promise<string[]> {
  const { items } = await client.ok('GET', '/packagerevisions?lifecycle=Draft&limit=1000')
  return items.map(({ name }: { name: string }) => name)
}

describe('POST /upgrades', () => {
  it('upgrades every outdated downstream, and skips those in progress when repeated', async () => {
    const { client } = await memoryApp()
    await outdated(client)
    const job = await runJob(client, '/upgrades', { upstream: UPSTREAM })
    expect(job).toMatchObject({
      kind: 'upgrade',
      upstream: { name: 'blueprints.nf.upf.ws2', revision: 2 },
      request: { upstream: UPSTREAM },
      counts: { total: 6, succeeded: 6, conflicts: 1 },
    })
    const made = ['edge.c4', 'edge.c5', 'prod.c0', 'prod.c1', 'prod.c2', 'prod.c3'].map(
      (id) => `${id}.upgrade-v2`,
    )
    expect(await upgradeDrafts(client)).toEqual(made)
    const items = await itemsOf(client, job.id)
    expect(items.map(({ revision }) => revision)).toEqual(made)
    expect(items.map(({ conflicts }) => conflicts)).toEqual([0, 1, 0, 0, 0, 0])
    expect(await client.get('prod.c0.upgrade-v2')).toMatchObject({
      task: 'upgrade',
      labels: { env: 'prod' },
      upstream: { name: 'blueprints.nf.upf.ws2', outdated: false },
    })
    expect((await client.resources('prod.c0.upgrade-v2'))['upf.yaml']).toContain('replicas: 2')
    expect((await client.resources('edge.c5.upgrade-v2'))['upf.yaml']).toContain('replicas: 7')

    await publish(client, 'prod.c0.upgrade-v2')
    const again = await runJob(client, '/upgrades', { upstream: 'blueprints.nf.upf.ws1' })
    expect(again.counts).toMatchObject({ total: 5, skipped: 5 })
    expect((await itemsOf(client, again.id))[2]).toMatchObject({
      state: 'Skipped',
      revision: 'prod.c1.upgrade-v2',
      reason: expect.stringContaining('already upgrades the package'),
    })

    // The package is still outdated, but its workspace cannot be used again.
    await client.ok('DELETE', '/packagerevisions/prod.c1.upgrade-v2', undefined, { 'If-Match': '*' })
    const third = await runJob(client, '/upgrades', { upstream: UPSTREAM, repository: 'prod' })
    expect(third.counts).toMatchObject({ total: 3, succeeded: 1, skipped: 2 })
    expect((await itemsOf(client, third.id, 'state=Succeeded'))[0]).toMatchObject({
      workspace: 'upgrade-v2',
      revision: 'prod.c1.upgrade-v2-2',
    })
  })

  it('honours the selector, repository, strategy and workspace of the request', async () => {
    const { client } = await memoryApp()
    await outdated(client)
    const job = await runJob(client, '/upgrades', {
      upstream: UPSTREAM,
      to: { ...UPSTREAM, revision: 2 },
      selector: 'env in (dev)',
      repository: 'edge',
      strategy: 'force-delete-replace',
      conflicts: 'upstream',
      workspace: 'w'.repeat(63),
    })
    expect(job.counts).toMatchObject({ total: 1, succeeded: 1 })
    const [draft] = await upgradeDrafts(client)
    expect(draft).toBe(`edge.c5.${'w'.repeat(63)}`)
    expect((await client.resources(draft ?? ''))['upf.yaml']).toContain('replicas: 2')
    await client.ok('DELETE', `/packagerevisions/${draft}`, undefined, { 'If-Match': '*' })
    await runJob(client, '/upgrades', {
      upstream: UPSTREAM,
      selector: 'env=dev',
      repository: 'edge',
      workspace: 'w'.repeat(63),
    })
    expect(await upgradeDrafts(client)).toEqual([`edge.c5.${'w'.repeat(61)}-2`])
    const none = await runJob(client, '/upgrades', { upstream: UPSTREAM, selector: 'env=none' })
    expect(none).toMatchObject({ state: 'Completed', counts: { total: 0 }, finishedAt: expect.any(String) })
    const events = await client.send(`/api/v1/jobs/${none.id}/events`)
    expect(await events.text()).toMatch(/^event: finished\n/)
  })

  it('fails only the packages that cannot be upgraded', async () => {
    const { client } = await memoryApp()
    await outdated(client)
    const job = await runJob(client, '/upgrades', { upstream: UPSTREAM, strategy: 'fast-forward' })
    expect(job.counts).toMatchObject({ total: 6, succeeded: 5, failed: 1 })
    expect((await itemsOf(client, job.id, 'state=Failed'))[0]).toMatchObject({
      package: 'c5',
      error: { code: 'conflict', message: expect.stringContaining('fast-forward') },
    })
  })

  it('creates nothing in a dry run, and reports conflicts', async () => {
    const { client } = await memoryApp()
    await outdated(client)
    const before = await client.ok('GET', '/packagerevisions?limit=1000')
    const job = await runJob(client, '/upgrades', { upstream: UPSTREAM, dryRun: true })
    expect(job).toMatchObject({ dryRun: true, counts: { total: 6, succeeded: 6, conflicts: 1 } })
    expect((await itemsOf(client, job.id))[1]).toMatchObject({
      package: 'c5',
      revision: null,
      conflicts: 1,
      reason: 'edge.c5.local would be upgraded to blueprints.nf.upf.ws2',
    })
    expect((await client.ok('GET', '/packagerevisions?limit=1000')).items).toEqual(before.items)
    expect(await client.tags('prod/c0')).toEqual(['latest', 'v1', 'v1.0.0'])
  })

  it('is refused if the request is invalid', async () => {
    const { client } = await memoryApp()
    await outdated(client)
    const draft = await client.createDraft('ws3', { copy: { from: 'blueprints.nf.upf.ws2' } })
    for (const [body, status, code] of [
      [{}, 400, 'invalid'],
      [{ upstream: 'x' }, 400, 'invalid'],
      [{ upstream: UPSTREAM, selector: 'a=b=c' }, 400, 'invalid'],
      [{ upstream: UPSTREAM, strategy: 'guess' }, 400, 'invalid'],
      [{ upstream: UPSTREAM, workspace: 'A' }, 400, 'invalid'],
      [{ upstream: UPSTREAM, to: 'prod.c0.main' }, 400, 'invalid'],
      [{ upstream: UPSTREAM, to: draft.name }, 409, 'wrong_lifecycle'],
      [{ upstream: UPSTREAM, to: 'blueprints.nf.upf.ws9' }, 404, 'not_found'],
      [{ upstream: { repository: 'blueprints', package: 'none' } }, 404, 'not_found'],
    ] as const) {
      const answer = await client.call('POST', '/upgrades', body)
      expect([answer.status, answer.body.code], JSON.stringify(body)).toEqual([status, code])
    }
    expect((await client.ok('GET', '/jobs?kind=upgrade')).items).toEqual([])
  })
})
