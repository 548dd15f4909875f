import { pino } from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import { createApp } from '../../src/server/app.ts'
import { memoryComponents } from '../../src/server/components.ts'
import { Client } from '../support/client.ts'
import { runJob } from '../support/jobs.ts'

it('asks the policy for the upstream and for each package before it creates a job', async () => {
  const parts = await memoryComponents(pino({ level: 'silent' }))
  onTestFinished(() => parts.close())
  let closed = ''
  const { hono } = await createApp(
    parts,
    new URL('http://localhost:8080'),
    async (_actor, { action, repository }) => (closed === `${action} ${repository}` ? 'no' : undefined),
  )
  const client = new Client(async (path, init) => hono.request(path, init))
  await client.createRepository()
  await client.createRepository('prod', 'deployment')
  const { name } = await client.publish('ws1')
  const targets = ['a', 'b'].map((path) => ({ repository: 'prod', package: path }))
  await runJob(client, '/clones', { upstream: name, targets })
  for (const path of ['a', 'b']) {
    await client.verb(`prod.${path}.main`, 'propose')
    await client.verb(`prod.${path}.main`, 'approve')
  }
  await client.publish('ws2', { copy: { from: name } })

  const upstream = { repository: 'blueprints', package: 'nf/upf' }
  const more = { upstream: name, targets: [...targets, { repository: 'prod', package: 'c' }] }
  for (const [scope, path, body] of [
    ['pull blueprints/nf/upf', '/clones', more],
    ['pull blueprints/nf/upf', '/upgrades', { upstream }],
    ['pull blueprints/nf/upf', '/upgrades', { upstream: name }],
    ['push prod/c', '/clones', more],
    ['push prod/b', '/upgrades', { upstream }],
  ] as const) {
    closed = scope
    expect((await client.call('POST', path, body)).status, `${scope} ${path}`).toBe(403)
  }
  expect((await client.ok('GET', '/jobs')).items).toHaveLength(1)
  closed = ''
  expect((await runJob(client, '/clones', more)).counts).toMatchObject({ succeeded: 1, skipped: 2 })
})
