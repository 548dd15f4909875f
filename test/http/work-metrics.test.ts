/** Metrics of the work of the server. */
import { expect, it } from 'vitest'
import { folderApp, folderServer, memoryApp } from '../support/app.ts'
import type { Client } from '../support/client.ts'
import { breakRegistry } from '../support/faults.ts'
import { runJob } from '../support/jobs.ts'

/** The value of a metric with these labels. */
async function metric(client: Client, name: string, labels: Record<string, string> = {}): Promise<number> {
  const text = await (await client.send('/metrics')).text()
  const line = text
    .split('\n')
    .find(
      (candidate) =>
        candidate.match(/^[a-z_]+/)?.[0] === name &&
        Object.entries(labels).every(([key, value]) => candidate.includes(`${key}="${value}"`)),
    )
  return Number(line?.split(' ').at(-1) ?? Number.NaN)
}

it('counts operations by outcome', async () => {
  const { client } = await memoryApp()
  await client.createRepository()
  const { name } = await client.createDraft('ws1')
  await client.verb(name, 'propose')
  await client.call('POST', `/packagerevisions/${name}/propose`)
  await client.call('GET', `/packagerevisions/${name}/resources/Kptfile`)
  await client.call('GET', '/packages/blueprints/nf/upf/graph')
  const count = (operation: string, outcome: string) =>
    metric(client, 'operation_duration_seconds_count', { operation, outcome })
  expect(await count('createPackageRevision', 'done')).toBe(1)
  expect(await count('propose', 'done')).toBe(1)
  expect(await count('propose', 'refused')).toBe(1)
  expect(await count('getResource', 'done')).toBe(1)
  expect(await count('getPackageGraph', 'done')).toBe(1)
  expect(await count('approve', 'done')).toBeNaN()
})

it('counts calls to the registry, and packages whose tags are behind the database', async () => {
  const { client, parts } = await folderApp()
  await client.createRepository()
  const { name } = await client.publish('ws1')
  const count = (call: string, outcome = 'done') =>
    metric(client, 'registry_call_duration_seconds_count', { call, outcome })
  expect(await count('push')).toBeGreaterThanOrEqual(3)
  expect(await count('tag')).toBeGreaterThanOrEqual(2)
  await client.send('/readyz')
  expect(await count('ping')).toBe(1)
  expect(await metric(client, 'intents_unfinished_repositories')).toBe(0)
  breakRegistry(parts.ctx, (operation) => operation === 'tag')
  await client.call('POST', `/packagerevisions/${name}/propose-deletion`)
  expect(await metric(client, 'intents_unfinished_repositories')).toBe(1)
})

it('measures commits, workers, queues and jobs', async () => {
  const { client } = await folderServer()
  await client.createRepository()
  const { name } = await client.publish('ws1')
  await runJob(client, '/clones', {
    upstream: name,
    targets: [{ package: 'a' }],
    defaults: { repository: 'blueprints' },
  })
  expect(await metric(client, 'database_commit_transactions_sum')).toBeGreaterThanOrEqual(4)
  expect(await metric(client, 'database_commit_duration_seconds_count')).toBeGreaterThan(0)
  // Counted after the commit that ends the job.
  await expect.poll(() => metric(client, 'job_item_duration_seconds_count', { kind: 'clone' })).toBe(1)
  expect(await metric(client, 'worker_queue_length')).toBe(0)
  expect(await metric(client, 'requests_admitted', { kind: 'write', state: 'inside' })).toBe(0)
  expect(await metric(client, 'request_body_bytes')).toBe(0)
  expect(await metric(client, 'disk_free_bytes')).toBeGreaterThan(0)
  expect(await metric(client, 'read_only')).toBe(0)
  expect(await metric(client, 'nodejs_eventloop_lag_seconds')).toBeGreaterThanOrEqual(0)
})

it('does not grow with the names in requests', async () => {
  const { client } = await memoryApp()
  const size = async () => (await (await client.send('/metrics')).text()).split('\n').length
  await client.call('GET', '/packagerevisions/a.b.c')
  await size()
  const before = await size()
  for (let at = 0; at < 20; at++) await client.call('GET', `/packagerevisions/a.b${at}.c`)
  expect(await size()).toBe(before)
})
