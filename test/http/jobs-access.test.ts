import { expect, it } from 'vitest'
import { runJob } from '../support/jobs.ts'
import { protectedApp } from '../support/protected-app.ts'

it('creates jobs for packages that the caller may read and create drafts of, and for no others', async () => {
  const app = await protectedApp()
  const admin = await app.user('ann', 'admin')
  await admin.createRepository()
  await admin.createRepository('prod', 'deployment')
  const { name } = await admin.publish('ws1')
  const targets = ['a', 'b'].map((path) => ({ repository: 'prod', package: path }))
  await runJob(admin, '/clones', { upstream: name, targets })
  for (const path of ['a', 'b']) {
    await admin.verb(`prod.${path}.main`, 'propose')
    await admin.verb(`prod.${path}.main`, 'approve')
  }
  await admin.publish('ws2', { copy: { from: name } })

  const upstream = { repository: 'blueprints', package: 'nf/upf' }
  const clones = { upstream: name, targets: [...targets, { repository: 'prod', package: 'c' }] }
  const blind = await app.user('bea', 'author', 'prod')
  for (const [path, body] of [
    ['/clones', clones],
    ['/upgrades', { upstream }],
    ['/upgrades', { upstream: name }],
  ] as const) {
    expect((await blind.call('POST', path, body)).status).toBe(404)
  }
  const author = await app.user('eve', 'author', 'prod/a/**')
  await app.bind({ kind: 'user', name: 'eve' }, 'reader', 'blueprints')
  expect(await author.call('POST', '/clones', clones)).toMatchObject({
    status: 403,
    body: { detail: expect.stringContaining('the permission draft for prod/b') },
  })
  expect((await admin.ok('GET', '/jobs')).items).toHaveLength(1)
  // Of what is outdated elsewhere, the caller learns nothing.
  const { id, counts } = await runJob(author, '/upgrades', { upstream })
  expect(counts).toMatchObject({ total: 1, succeeded: 1 })
  expect((await runJob(admin, '/clones', clones)).counts).toMatchObject({ succeeded: 1, skipped: 2 })

  const other = await app.user('max', 'author', 'prod/b/**')
  const cancelled = await Promise.all([id, '99'].map((job) => other.call('POST', `/jobs/${job}/cancel`)))
  expect(cancelled.map(({ status, text }, at) => [status, text.replace([id, '99'][at], 'N')])).toEqual(
    Array(2).fill([404, expect.stringContaining('there is no job N')]),
  )
})

it('15. jobs do not name repositories and drafts that only their requests name to callers who may not read them', async () => {
  const app = await protectedApp()
  const admin = await app.user('ann', 'admin')
  await admin.createRepository()
  await admin.createRepository('prod', 'deployment')
  const { name } = await admin.publish('ws1')
  const upstream = { repository: 'blueprints', package: 'nf/upf' }
  const { id } = await runJob(admin, '/upgrades', { upstream, repository: 'secret' })
  const draft = await admin.createDraft('secret', { copy: { from: name } })
  await runJob(admin, '/upgrades', { upstream: draft.name })
  const clones = { upstream: name, targets: [{ repository: 'prod', package: 'a' }] }
  await runJob(admin, '/clones', { ...clones, defaults: { repository: 'secret', workspace: 'x' } })
  const eve = await app.user('eve', 'author', 'prod')
  await app.bind({ kind: 'user', name: 'eve' }, 'reader', 'blueprints')
  const found = await eve.ok('GET', '/jobs')
  expect(found.items).toHaveLength(3)
  expect(JSON.stringify([found, await eve.ok('GET', `/jobs/${id}`)])).not.toContain('secret')
  expect(await admin.ok('GET', `/jobs/${id}`)).toMatchObject({ request: { upstream, repository: 'secret' } })
  const own = await runJob(eve, '/upgrades', { upstream, repository: 'prod' })
  expect(await eve.ok('GET', `/jobs/${own.id}`)).toMatchObject({ request: { upstream, repository: 'prod' } })
})
