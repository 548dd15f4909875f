import { expect, it } from 'vitest'
import { folderApp, memoryApp } from '../support/app.ts'
import { exported, problems } from '../support/audit.ts'
import { files, register, sync } from '../support/discovery.ts'
import { elsewhere } from '../support/elsewhere.ts'
import { receiver, SECRET } from '../support/webhook-receiver.ts'

const SYSTEM = { kind: 'system', id: null }

it('records what discovery publishes, as its work, and the request for a sync, as that of the caller', async () => {
  const there = await elsewhere()
  await there.flux('team/upf', 'v1.0.0', files(1))
  // The source may be a registry of pkgserver.
  await there.flux('team/pkgserver_audit', '_audit', files(1))
  const { client } = await memoryApp()
  await register(client, there)
  expect(await sync(client)).toMatchObject({ packages: 1, revisions: 1, problems: [] })
  await client.ok('DELETE', '/repositories/found', undefined, { 'If-Match': '*' })
  const records = await exported(client, '?repository=found')
  expect(records.map(({ type, actor, request }) => `${type} ${actor.name} ${request?.method}`)).toEqual([
    'repository.created anonymous POST',
    'repository.sync_requested anonymous POST',
    'revision.published discovery undefined',
    'repository.deleted anonymous DELETE',
  ])
  expect(records[0].details).toEqual({ kind: 'catalog', source: `${there.url.host}/team` })
  expect(records[2].actor).toMatchObject(SYSTEM)
  expect(records[3].details).toEqual({ revisions: 1 })
  expect(await problems(client)).toEqual([])
})

it('records that a webhook is disabled because its receiver is gone, and that no request did so', async () => {
  const { client } = await folderApp(undefined, { PKGSERVER_WEBHOOK_TARGETS: 'loopback' })
  await client.createRepository()
  const ci = await receiver()
  ci.answer = (response) => void response.writeHead(410).end()
  await client.ok('POST', '/webhooks', { name: 'ci', url: ci.url, secret: SECRET, events: ['drafted'] })
  await client.createDraft('ws1')
  await expect.poll(async () => (await client.ok('GET', '/webhooks/ci')).enabled).toBe(false)
  const [record] = await exported(client, '?type=webhook.disabled')
  expect(record).toMatchObject({
    actor: { name: 'server', ...SYSTEM },
    request: null,
    source: { address: null, userAgent: null },
    target: { name: 'ci' },
  })
})

it('records repairs', async () => {
  const { client, parts } = await memoryApp()
  await client.createRepository()
  await client.publish('ws1')
  await parts.ctx.registry.repository('blueprints/nf/upf').untag('v1')
  await client.ok('POST', '/verifications', { fix: true })
  expect(await exported(client, '?type=index.repaired')).toMatchObject([
    { target: { repository: 'blueprints', package: 'nf/upf' }, details: { findings: 1 } },
  ])
})
