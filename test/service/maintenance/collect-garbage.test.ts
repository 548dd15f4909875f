import { expect, it } from 'vitest'
import { SERVER } from '../../../src/service/audit/record.ts'
import { collectGarbage } from '../../../src/service/maintenance/collect-garbage.ts'
import { folderApp } from '../../support/app.ts'

const files = (value: string) => ({
  resources: { 'a.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${value}}\n` },
})

it('leaves what a change has pushed and not decided about, without any grace period', async () => {
  const { client, parts } = await folderApp(undefined, { PKGSERVER_GC_GRACE: '0' })
  const { ctx } = parts
  await client.createRepository()
  const run = ctx.commits.run.bind(ctx.commits)
  let collections = 0
  let collecting = false
  ctx.commits.run = async (work) => {
    // A collection records itself.
    if (collecting) return run(work)
    collecting = true
    await collectGarbage(ctx, SERVER, { dryRun: false })
    collecting = false
    collections++
    return run(work)
  }

  const { name } = await client.createDraft('ws1', files('a'))
  await client.ok('PUT', `/packagerevisions/${name}/resources`, files('b'), { 'If-Match': '*' })
  await client.ok('PATCH', `/packagerevisions/${name}`, { labels: { a: 'b' } }, { 'If-Match': '*' })
  await client.verb(name, 'propose')
  await client.verb(name, 'approve')
  await client.verb(name, 'propose-deletion')
  await client.verb(name, 'reject', { reason: 'still in use' })
  await client.publish('ws2', files('c'))
  await client.verb(name, 'propose-deletion')
  await client.verb(name, 'approve')

  expect(collections).toBeGreaterThan(10)
  expect((await client.ok('POST', '/verifications', {})).differences).toEqual([])
})
