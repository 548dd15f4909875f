/** Resolutions and links tell callers nothing of packages that they may not read. */
import { expect, it } from 'vitest'
import { draftVersion, glasskubeRepository, publishVersion } from '../support/glasskube.ts'
import { protectedApp } from '../support/protected-app.ts'

const needs = (...dependencies: object[]) => ({ fields: { dependencies } })

/** eve may read `apps/shop` and `team/portal`; both need `db`, which both repositories have. */
async function withHiddenPackages() {
  const app = await protectedApp()
  const admin = await app.user('ann', 'admin')
  for (const repository of ['apps', 'team']) {
    await glasskubeRepository(admin, repository)
    for (const version of ['1.7.1', '2.7.1']) await publishVersion(admin, 'db', version, { repository })
  }
  await publishVersion(admin, 'shop', '1.0.0', needs({ name: 'db', version: '2.x' }))
  const portal = needs({ name: 'db', version: '1.x' }, { name: 'shop' })
  await publishVersion(admin, 'portal', '1.0.0', { repository: 'team', ...portal })
  await draftVersion(admin, 'shop', '2.0.0')
  const eve = await app.user('eve', 'reader', 'apps/shop/**', 'team/portal/**')
  return { admin, eve }
}

it('a hidden package is like one that does not exist', async () => {
  const { eve } = await withHiddenPackages()
  for (const mode of ['joint', 'compatible']) {
    const request = { repositories: ['apps', 'team'], mode }
    const install = [{ name: 'portal' }, { name: 'db', version: '1.x' }]
    const found = await eve.call('POST', '/resolutions', { ...request, install })
    expect(found.body).toMatchObject({ status: 'CONFLICT' })
    expect(found.text).not.toContain('7.1')
    const installed = [{ name: 'db', version: '1.0.0' }]
    const moved = await eve.call('POST', '/resolutions', { ...request, install: [{ name: 'db' }], installed })
    expect(moved.text).not.toContain('7.1')
  }
  expect(await eve.ok('GET', '/packages/apps/shop/dependencies')).toMatchObject({
    dependencies: [{ name: 'db', repository: null, satisfiedBy: null }],
  })
  const impact = await eve.call('POST', '/packagerevisions/apps.shop.1-0-0/impact')
  expect(impact.body).toMatchObject({ unresolvable: expect.stringContaining('no repository has db') })
})

it('a hidden package does not keep others from being dependents', async () => {
  const { admin, eve } = await withHiddenPackages()
  await publishVersion(admin, 'shop', '1.0.0', { repository: 'team' })
  const { items } = await eve.ok('GET', '/packages/apps/shop/dependents')
  expect(items).toMatchObject([{ repository: 'team', package: 'portal' }])
  expect((await admin.ok('GET', '/packages/apps/shop/dependents')).items).toEqual([])
})

it('drafts are neither counted nor chosen', async () => {
  const { admin, eve } = await withHiddenPackages()
  expect(await admin.ok('GET', '/packages/apps/shop')).toMatchObject({ revisionCount: 2 })
  expect(await eve.ok('GET', '/packages/apps/shop')).toMatchObject({
    revisionCount: 1,
    latestVersion: '1.0.0',
  })
  expect((await eve.call('POST', '/packagerevisions/apps.shop.2-0-0/impact')).status).toBe(404)
  expect((await eve.call('PATCH', '/packages/apps/shop', { latestVersion: '1.0.0' })).status).toBe(403)
})
