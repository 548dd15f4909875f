import { describe, expect, it } from 'vitest'
import { memoryApp } from '../support/app.ts'
import { draftVersion, glasskubeRepository, manifest, publishVersion } from '../support/glasskube.ts'
import { reindexed } from '../support/reindexed.ts'

async function withRepository() {
  const app = await memoryApp()
  await glasskubeRepository(app.client)
  return app
}

describe('a Glasskube repository', () => {
  it('is created with its format, which stays', async () => {
    const { client } = await withRepository()
    expect(await client.ok('GET', '/repositories/apps')).toMatchObject({ format: 'glasskube' })
    expect(await client.createRepository('blueprints')).toMatchObject({ format: 'krm' })
    const changed = await client.call('PATCH', '/repositories/apps', { format: 'krm' }, { 'If-Match': '*' })
    expect(changed.status).toBe(400)
  })

  it('refuses a package whose name has a slash', async () => {
    const { client } = await withRepository()
    const target = { repository: 'apps', package: 'nf/upf', workspace: 'ws1', source: { init: {} } }
    expect(await client.call('POST', '/packagerevisions', target)).toMatchObject({
      status: 400,
      body: { detail: 'apps is a Glasskube repository, where the name of a package has no "/"' },
    })
  })

  it('begins a package with a package.yaml', async () => {
    const { client } = await withRepository()
    const { name } = await client.createDraft(
      'v1',
      { init: { description: 'Stores things' } },
      { repository: 'apps', package: 'store', version: '1.0.0+1' },
    )
    expect((await client.ok('GET', `/packagerevisions/${name}/resources`)).resources).toEqual({
      'package.yaml': [
        'name: store',
        'scope: Cluster',
        'defaultNamespace: store',
        'shortDescription: Stores things',
        'manifests: []',
        '',
      ].join('\n'),
    })
    await client.verb(name, 'propose')
    expect(await client.verb(name, 'approve')).toMatchObject({ version: '1.0.0+1', revision: 1 })
  })

  it('does not propose a revision without a version', async () => {
    const { client } = await withRepository()
    const { name } = await client.createDraft('v1', { init: {} }, { repository: 'apps', package: 'store' })
    expect(await client.call('POST', `/packagerevisions/${name}/propose`)).toMatchObject({
      status: 409,
      body: {
        code: 'not_ready',
        detail: expect.stringContaining(
          `${name} declares no version, and in a Glasskube repository each revision needs one`,
        ),
      },
    })
  })

  it('refuses a version whose build is no number', async () => {
    const { client } = await withRepository()
    const draft = { repository: 'apps', package: 'store', workspace: 'v1', source: { init: {} } }
    const answer = await client.call('POST', '/packagerevisions', { ...draft, version: '1.0.0+beta' })
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid' } })
  })

  it('says with line and column what is wrong with a package.yaml, and does not propose it', async () => {
    const { client } = await withRepository()
    const files = { 'package.yaml': 'name: shop\ndefaultNamespace: store\nscope: Global\n' }
    const draft = await draftVersion(client, 'store', '1.0.0', { files })
    const valid = draft.conditions.find(({ type }: { type: string }) => type === 'Valid')
    expect(valid).toMatchObject({
      status: 'False',
      message: expect.stringContaining('package.yaml:3: scope'),
    })
    const refused = await client.call('POST', `/packagerevisions/${draft.name}/propose`)
    expect(refused).toMatchObject({
      status: 409,
      body: { errors: [{ path: 'package.yaml', line: 3, column: expect.any(Number) }] },
    })
  })

  it.each([
    ['is of another package', { 'package.yaml': manifest('shop') }, 'name'],
    ['is missing', { 'package.yaml': null, 'README.md': 'x' }, 'needs this file'],
  ])('does not propose a package whose package.yaml %s', async (_, files, message) => {
    const { client } = await withRepository()
    const draft = await client.createDraft(
      'v1',
      { resources: Object.fromEntries(Object.entries(files).filter(([, content]) => content)) },
      { repository: 'apps', package: 'store', version: '1.0.0' },
    )
    const refused = await client.call('POST', `/packagerevisions/${draft.name}/propose`)
    expect(refused).toMatchObject({
      status: 409,
      body: { errors: [{ path: 'package.yaml', message: expect.stringContaining(message) }] },
    })
  })

  it.each([
    ['has no package.yaml', 'blueprints', 'nf/upf', 'needs this file'],
    ['has the package.yaml of its upstream', 'apps', 'shop', 'name must be store'],
  ])('finds the faults of a clone that %s', async (_, repository, path, message) => {
    const { client } = await withRepository()
    await client.createRepository('blueprints')
    await client.publish('ws1', { resources: { 'readme.txt': 'no manifest' } })
    await publishVersion(client, 'shop', '1.0.0')
    const clone = { clone: { upstream: { repository, package: path, revision: 1 } } }
    const draft = await client.createDraft('v1', clone, {
      repository: 'apps',
      package: 'store',
      version: '1.0.0',
    })
    expect(draft.conditions).toMatchObject([
      { type: 'Valid', status: 'False', message: expect.stringContaining(message) },
    ])
    const refused = await client.call('POST', `/packagerevisions/${draft.name}/propose`)
    expect(refused).toMatchObject({ status: 409, body: { errors: [{ path: 'package.yaml' }] } })
  })

  it('finds a package by the short description in its package.yaml', async () => {
    const { client } = await withRepository()
    const fields = { shortDescription: 'Keeps marmalade fresh' }
    await publishVersion(client, 'store', '1.0.0', { fields })
    const { items } = await client.ok('GET', '/packagerevisions?q=marmalade')
    expect(items.map(({ name }: { name: string }) => name)).toEqual(['apps.store.1-0-0'])
  })
})

describe('the latest version of a Glasskube package', () => {
  const latest = async (client: Awaited<ReturnType<typeof withRepository>>['client']) => {
    const one = await client.ok('GET', '/packages/apps/store')
    const { items } = await client.ok('GET', '/packages?repository=apps')
    expect(items[0].latestVersion).toBe(one.latestVersion)
    return one.latestVersion
  }

  it('is the highest stable one by semver and build, whatever was published last', async () => {
    const { client } = await withRepository()
    await publishVersion(client, 'store', '1.0.0-rc.2')
    await publishVersion(client, 'store', '1.0.0-rc.10')
    expect(await latest(client)).toBe('1.0.0-rc.10')
    for (const version of ['1.9.0+9', '1.10.0+2', '1.10.0+10', '2.0.0-beta.1', '1.2.0+1'])
      await publishVersion(client, 'store', version)
    expect(await latest(client)).toBe('1.10.0+10')
  })

  it('can be held back, until that is lifted or the version is gone', async () => {
    const { client } = await withRepository()
    for (const version of ['1.0.0+1', '1.1.0+1']) await publishVersion(client, 'store', version)
    const held = await client.ok('PATCH', '/packages/apps/store', { latestVersion: '1.0.0+1' })
    expect(held).toMatchObject({ latestVersion: '1.0.0+1', listing: { latestVersion: '1.0.0+1' } })
    await publishVersion(client, 'store', '1.2.0+1')
    expect(await latest(client)).toBe('1.0.0+1')
    await client.ok('PATCH', '/packages/apps/store', { latestVersion: null })
    expect(await latest(client)).toBe('1.2.0+1')

    await client.ok('PATCH', '/packages/apps/store', { latestVersion: '1.0.0+1' })
    await client.verb('apps.store.1-0-0-1', 'propose-deletion')
    await client.verb('apps.store.1-0-0-1', 'approve')
    expect(await latest(client)).toBe('1.2.0+1')
    expect(await client.ok('GET', '/packages/apps/store')).toMatchObject({ listing: { latestVersion: null } })
  })

  it('is refused unless it is published', async () => {
    const { client } = await withRepository()
    await publishVersion(client, 'store', '1.0.0+1')
    await draftVersion(client, 'store', '1.1.0+1')
    for (const version of ['1.1.0+1', '1.0.0'])
      expect(await client.call('PATCH', '/packages/apps/store', { latestVersion: version })).toMatchObject({
        status: 400,
        body: { detail: `store has no published version ${version}` },
      })
    await client.createRepository('blueprints')
    await client.publish('ws1')
    const other = await client.call('PATCH', '/packages/blueprints/nf%2Fupf', { latestVersion: null })
    expect(other).toMatchObject({ status: 409, body: { code: 'conflict' } })
    expect((await client.call('PATCH', '/packages/apps/none', { latestVersion: null })).status).toBe(404)
  })

  it('cannot be held back where each sync sets that of the source', async () => {
    const { client } = await withRepository()
    const source = { url: 'https://packages.invalid/', format: 'glasskube', interval: '0' }
    await client.ok('POST', '/repositories', { name: 'mirror', type: 'catalog', source })
    expect(await client.call('PATCH', '/packages/mirror/store', { latestVersion: null })).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('follows https://packages.invalid/') },
    })
  })

  it('and deprecations survive a rebuild of the index, and verify restores their record', async () => {
    const app = await withRepository()
    const { client } = app
    for (const version of ['1.0.0+1', '1.1.0+1']) await publishVersion(client, 'store', version)
    const deprecation = { message: 'loses data', successor: '1.0.0+1' }
    const listing = { latestVersion: '1.0.0+1', deprecations: { '1.1.0+1': deprecation } }
    await client.ok('PATCH', '/packages/apps/store', listing)
    const again = await reindexed(app)
    expect(await again.client.ok('GET', '/packages/apps/store')).toMatchObject({ listing })

    await app.parts.ctx.registry.repository('apps/store').untag('_listing')
    const { differences } = await client.ok('POST', '/verifications', { fix: true })
    expect(differences).toMatchObject([{ problem: expect.stringContaining('deprecations'), fixed: true }])
    const restored = await reindexed(app)
    expect(await restored.client.ok('GET', '/packages/apps/store')).toMatchObject({ listing })
  })
})

describe('a deprecation', () => {
  it('is changed alone, and lifted with null', async () => {
    const { client } = await withRepository()
    for (const version of ['1.0.0', '1.1.0']) await publishVersion(client, 'store', version)
    const deprecate = (deprecations: object | null) =>
      client.ok('PATCH', '/packages/apps/store', { deprecations })
    await deprecate({ '1.0.0': { message: 'old' } })
    const both = await deprecate({ '1.1.0': { message: 'broken', successor: '1.0.0' } })
    expect(both.listing.deprecations).toEqual({
      '1.0.0': { message: 'old', successor: null },
      '1.1.0': { message: 'broken', successor: '1.0.0' },
    })
    expect((await deprecate({ '1.0.0': null })).listing.deprecations).toHaveProperty(['1.1.0'])
    expect((await deprecate(null)).listing.deprecations).toEqual({})
  })

  it('goes with its version, as successors do', async () => {
    const { client } = await withRepository()
    for (const version of ['1.0.0', '1.1.0', '1.2.0']) await publishVersion(client, 'store', version)
    await client.ok('PATCH', '/packages/apps/store', {
      deprecations: {
        '1.0.0': { message: 'old', successor: '1.1.0' },
        '1.1.0': { message: 'slow', successor: '1.2.0' },
      },
    })
    await client.verb('apps.store.1-1-0', 'propose-deletion')
    await client.verb('apps.store.1-1-0', 'approve')
    const { listing } = await client.ok('GET', '/packages/apps/store')
    expect(listing.deprecations).toEqual({ '1.0.0': { message: 'old', successor: null } })
    const changed = await client.ok('PATCH', '/packages/apps/store', { latestVersion: '1.0.0' })
    expect(changed.listing).toEqual({ ...listing, latestVersion: '1.0.0' })
  })

  it('is in the audit log, with its version', async () => {
    const { client } = await withRepository()
    await publishVersion(client, 'store', '1.0.0')
    await client.ok('PATCH', '/packages/apps/store', { deprecations: { '1.0.0': { message: 'old' } } })
    const { items } = await client.ok('GET', '/audit?type=package.updated')
    expect(items).toMatchObject([
      { target: { repository: 'apps', package: 'store' }, details: { fields: 'deprecations.1.0.0' } },
    ])
  })

  it.each([
    ['a version that is not published', { '9.0.0': { message: 'x' } }],
    ['a successor that is not published', { '1.0.0': { message: 'x', successor: '9.0.0' } }],
    ['a version that succeeds itself', { '1.0.0': { message: 'x', successor: '1.0.0' } }],
    ['an empty message', { '1.0.0': { message: '' } }],
  ])('is refused for %s', async (_, deprecations) => {
    const { client } = await withRepository()
    await publishVersion(client, 'store', '1.0.0')
    expect((await client.call('PATCH', '/packages/apps/store', { deprecations })).status).toBe(400)
  })
})
