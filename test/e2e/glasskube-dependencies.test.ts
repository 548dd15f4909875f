import { describe, expect, it } from 'vitest'
import { memoryApp } from '../support/app.ts'
import type { Client, Json } from '../support/client.ts'
import { draftVersion, glasskubeRepository, publishVersion } from '../support/glasskube.ts'
import { pages } from '../support/pages.ts'

const needs = (...dependencies: object[]) => ({ fields: { dependencies } })

/** `shop` 1 needs `db` 1, and `shop` 2 needs `db` 2; so does `mail`, of which only version 1 needs the first. */
async function shopApp(): Promise<Client> {
  const { client } = await memoryApp()
  await glasskubeRepository(client)
  for (const version of ['1.0.0+1', '1.1.0+1', '2.0.0+1', '3.0.0-rc.1'])
    await publishVersion(client, 'db', version)
  for (const name of ['shop', 'mail']) {
    await publishVersion(client, name, '1.0.0', needs({ name: 'db', version: '1.x.x' }))
    await publishVersion(client, name, '2.0.0', needs({ name: 'db', version: '2.x.x' }))
  }
  return client
}

const INSTALLED = [
  { name: 'shop', version: 'v1.0.0' },
  { name: 'mail', version: 'v1.0.0' },
  { name: 'db', version: 'v1.1.0+1', asDependency: true },
]

describe('POST /resolutions', () => {
  const resolve = (client: Client, request: object) =>
    client.ok('POST', '/resolutions', { repositories: ['apps'], ...request })

  it('finds the versions for a new cluster', async () => {
    const client = await shopApp()
    expect(await resolve(client, { install: [{ name: 'shop' }] })).toEqual({
      status: 'RESOLVABLE',
      install: [{ name: 'shop', version: '2.0.0', repository: 'apps' }],
      requirements: [{ name: 'db', version: '2.0.0+1', transitive: false, repository: 'apps' }],
      changes: [],
      conflicts: [],
      pruned: [],
      explanation: '',
    })
  })

  it('moves packages together that Glasskube cannot move one after the other', async () => {
    const client = await shopApp()
    const request = { install: [{ name: 'shop', version: 'v2.0.0' }], installed: INSTALLED }
    const compatible = await resolve(client, { ...request, mode: 'compatible' })
    expect(compatible).toMatchObject({
      status: 'CONFLICT',
      conflicts: [{ name: 'db', actual: '1.1.0+1', required: '2.x.x', by: 'shop' }],
    })
    const joint = await resolve(client, { ...request, mode: 'joint' })
    expect(joint).toMatchObject({ status: 'RESOLVABLE', conflicts: [] })
    expect(joint.changes).toEqual(
      expect.arrayContaining([
        { name: 'shop', from: '1.0.0', to: '2.0.0' },
        { name: 'mail', from: '1.0.0', to: '2.0.0' },
        { name: 'db', from: '1.1.0+1', to: '2.0.0+1' },
      ]),
    )
    expect(joint.explanation).not.toBe('')
  })

  it('does not choose a deprecated version, unless it is asked for', async () => {
    const client = await shopApp()
    await client.ok('PATCH', '/packages/apps/shop', {
      deprecations: { '2.0.0': { message: 'loses orders' } },
    })
    const chosen = async (version?: string) =>
      (await resolve(client, { install: [{ name: 'shop', ...(version && { version }) }] })).install
    expect(await chosen()).toMatchObject([{ version: '1.0.0' }])
    expect(await chosen('2.0.0')).toMatchObject([{ version: '2.0.0' }])
  })

  it.each(['joint', 'compatible'])(
    'does not choose a version above the one that is held back: %s',
    async (mode) => {
      const client = await shopApp()
      await client.ok('PATCH', '/packages/apps/shop', { latestVersion: '1.0.0' })
      const { install } = await resolve(client, { mode, install: [{ name: 'shop' }] })
      expect(install).toMatchObject([{ version: '1.0.0' }])
    },
  )

  it('chooses a version above the one that is held back where nothing else fits', async () => {
    const client = await shopApp()
    await client.ok('PATCH', '/packages/apps/db', { latestVersion: '1.1.0+1' })
    const { requirements } = await resolve(client, { install: [{ name: 'shop', version: '2.0.0' }] })
    expect(requirements).toMatchObject([{ name: 'db', version: '2.0.0+1' }])
  })

  it('takes a package from the first repository that has it', async () => {
    const client = await shopApp()
    await glasskubeRepository(client, 'central')
    await publishVersion(client, 'db', '9.0.0', { repository: 'central' })
    const from = async (...repositories: string[]) =>
      (await client.ok('POST', '/resolutions', { repositories, install: [{ name: 'db' }] })).install
    expect(await from('apps', 'central')).toMatchObject([{ repository: 'apps', version: '2.0.0+1' }])
    expect(await from('central', 'apps')).toMatchObject([{ repository: 'central', version: '9.0.0' }])
  })

  it('does not know of drafts', async () => {
    const client = await shopApp()
    await draftVersion(client, 'shop', '3.0.0')
    const { install } = await resolve(client, { install: [{ name: 'shop' }] })
    expect(install).toMatchObject([{ version: '2.0.0' }])
  })

  it.each([
    ['a repository that does not exist', { repositories: ['none'] }, 404],
    ['a repository of another format', { repositories: ['blueprints'] }, 409],
    ['no repository', { repositories: [] }, 400],
    ['a repository twice', { repositories: ['apps', 'apps'] }, 400],
    ['a name that no package has', { install: [{ name: '../x' }] }, 400],
    ['another mode', { mode: 'best' }, 400],
    ['too many packages', { install: Array(1001).fill({ name: 'shop' }) }, 400],
  ])('refuses %s', async (_, request, status) => {
    const { client } = await memoryApp()
    await glasskubeRepository(client)
    await client.createRepository()
    const answer = await client.call('POST', '/resolutions', { repositories: ['apps'], ...request })
    expect(answer.status, answer.text).toBe(status)
  })
})

describe('the dependencies of a package', () => {
  it('have the versions that are published of them', async () => {
    const client = await shopApp()
    await publishVersion(client, 'all', '1.0.0', {
      fields: {
        dependencies: [
          { name: 'db', version: '1.x.x' },
          { name: 'shop' },
          { name: 'mail', version: '>=7' },
          { name: 'gone' },
        ],
        components: [{ name: 'db', installedName: 'store' }],
      },
    })
    expect(await client.ok('GET', '/packages/apps/all/dependencies')).toEqual({
      version: '1.0.0',
      dependencies: [
        { name: 'db', required: '1.x.x', repository: 'apps', satisfiedBy: '1.1.0+1' },
        { name: 'shop', required: null, repository: 'apps', satisfiedBy: '2.0.0' },
        { name: 'mail', required: '>=7', repository: 'apps', satisfiedBy: null },
        { name: 'gone', required: null, repository: null, satisfiedBy: null },
      ],
      components: [
        { name: 'db', required: null, repository: 'apps', satisfiedBy: '2.0.0+1', installedName: 'store' },
      ],
    })
  })

  it('are those of the version that is asked for', async () => {
    const client = await shopApp()
    const old = await client.ok('GET', '/packages/apps/shop/dependencies?version=1.0.0')
    expect(old).toMatchObject({ version: '1.0.0', dependencies: [{ required: '1.x.x' }] })
    expect((await client.call('GET', '/packages/apps/shop/dependencies?version=1.0.1')).status).toBe(404)
    expect((await client.call('GET', '/packages/apps/none/dependencies')).status).toBe(404)
  })
})

describe('the dependents of a package', () => {
  it('are the latest versions that need it, or all, page by page', async () => {
    const client = await shopApp()
    const dependent = (name: string, version: string, required: string) => {
      return { repository: 'apps', package: name, version, as: 'dependency', required }
    }
    expect((await client.ok('GET', '/packages/apps/db/dependents')).items).toEqual([
      dependent('mail', '2.0.0', '2.x.x'),
      dependent('shop', '2.0.0', '2.x.x'),
    ])
    const found: Json[] = []
    for await (const { items } of pages(client, '/packages/apps/db/dependents?all=true&limit=3')) {
      found.push(...items)
    }
    expect(found).toEqual([
      dependent('mail', '1.0.0', '1.x.x'),
      dependent('mail', '2.0.0', '2.x.x'),
      dependent('shop', '1.0.0', '1.x.x'),
      dependent('shop', '2.0.0', '2.x.x'),
    ])
  })

  it('go on where a page ended, whatever is published meanwhile', async () => {
    const client = await shopApp()
    const list = '/packages/apps/db/dependents?all=true'
    const first = await client.ok('GET', `${list}&limit=2`)
    await publishVersion(client, 'first', '1.0.0', needs({ name: 'db' }))
    await publishVersion(client, 'mail', '10.0.0', needs({ name: 'db' }))
    const rest = await client.ok('GET', `${list}&continue=${first.continue}`)
    const names = [...first.items, ...rest.items].map((each: Json) => `${each.package} ${each.version}`)
    expect(names).toEqual(['mail 1.0.0', 'mail 2.0.0', 'mail 10.0.0', 'shop 1.0.0', 'shop 2.0.0'])
  })

  it('of other repositories are among them, unless those find the package at home', async () => {
    const client = await shopApp()
    await glasskubeRepository(client, 'team')
    await publishVersion(client, 'portal', '1.0.0', { repository: 'team', ...needs({ name: 'db' }) })
    const names = async () =>
      (await client.ok('GET', '/packages/apps/db/dependents')).items.map((each: Json) => each.package)
    expect(await names()).toEqual(['mail', 'shop', 'portal'])
    await publishVersion(client, 'db', '1.0.0', { repository: 'team' })
    expect(await names()).toEqual(['mail', 'shop'])
  })
})

describe('the impact of a version', () => {
  const impact = (client: Client, name: string) => client.ok('POST', `/packagerevisions/${name}/impact`)

  it('is nothing for a version that suits all', async () => {
    const client = await shopApp()
    const { name } = await draftVersion(client, 'db', '2.1.0')
    expect(await impact(client, name)).toEqual({
      version: '2.1.0',
      becomesLatest: true,
      unresolvable: null,
      broken: [],
      undecided: [],
      truncated: false,
    })
  })

  it('names the packages whose ranges exclude it, with the reason', async () => {
    const client = await shopApp()
    const { name } = await draftVersion(client, 'db', '3.0.0')
    const { broken, becomesLatest } = await impact(client, name)
    expect(becomesLatest).toBe(true)
    expect(broken).toMatchObject([
      { repository: 'apps', name: 'mail', version: '2.0.0' },
      { repository: 'apps', name: 'shop', version: '2.0.0' },
    ])
    expect(broken[1].explanation).toContain('shop 2.0.0 depends on db 2.x.x')
  })

  it('names the packages that need another version of what it needs', async () => {
    const client = await shopApp()
    const { name } = await draftVersion(client, 'shop', '3.0.0', needs({ name: 'db', version: '1.x.x' }))
    const { broken } = await impact(client, name)
    expect(broken).toMatchObject([
      { name: 'db', version: '2.0.0+1' },
      { name: 'mail', version: '2.0.0' },
    ])
  })

  it('says why a version cannot be installed at all', async () => {
    const client = await shopApp()
    const { name } = await draftVersion(client, 'shop', '3.0.0', needs({ name: 'db', version: '>=7' }))
    const found = await impact(client, name)
    expect(found.unresolvable).toContain('no version of db')
    expect(found.broken).toEqual([])
  })

  it('does not become the latest version if that is held back', async () => {
    const client = await shopApp()
    await client.ok('PATCH', '/packages/apps/db', { latestVersion: '1.1.0+1' })
    const { name } = await draftVersion(client, 'db', '2.1.0')
    expect(await impact(client, name)).toMatchObject({ becomesLatest: false })
  })

  it('is refused without a version, and for another format', async () => {
    const client = await shopApp()
    const draft = await client.createDraft('x', { init: {} }, { repository: 'apps', package: 'new' })
    const answer = await client.call('POST', `/packagerevisions/${draft.name}/impact`)
    expect(answer).toMatchObject({ status: 409, body: { code: 'not_ready' } })
    await client.createRepository()
    const { name } = await client.createDraft('ws1')
    const other = await client.call('POST', `/packagerevisions/${name}/impact`)
    expect(other).toMatchObject({ status: 409, body: { code: 'conflict' } })
  })
})

describe('the values of a package', () => {
  const valueDefinitions = {
    replicas: {
      type: 'number',
      metadata: { label: 'Replicas' },
      constraints: { required: true, min: 1, max: 5 },
      targets: [{ chartName: 'store', patch: { op: 'add', path: '/replicas' } }],
    },
  }

  async function storeApp() {
    const { client } = await memoryApp()
    await glasskubeRepository(client)
    await publishVersion(client, 'store', '1.0.0', { fields: { valueDefinitions } })
    await publishVersion(client, 'store', '2.0.0')
    return client
  }

  it('have a JSON Schema for each version', async () => {
    const client = await storeApp()
    const path = '/packages/apps/store/values-schema'
    expect(await client.ok('GET', `${path}?version=1.0.0`)).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      properties: { replicas: { type: 'string', title: 'Replicas' } },
      required: ['replicas'],
    })
    expect(await client.ok('GET', path)).toMatchObject({ properties: {}, required: [] })
  })

  it('are checked by all rules', async () => {
    const client = await storeApp()
    const check = (values: object) =>
      client.ok('POST', '/packages/apps/store/values', { version: '1.0.0', values })
    expect(await check({ replicas: { value: '3' } })).toEqual({
      version: '1.0.0',
      valid: true,
      violations: [],
    })
    expect(await check({ replicas: { value: '7' }, color: { value: 'red' } })).toEqual({
      version: '1.0.0',
      valid: false,
      violations: [
        { name: 'replicas', rule: 'max', message: 'must be at most 5' },
        { name: 'color', rule: 'undefined', message: 'is not defined by the package: remove it' },
      ],
    })
    const reference = { valueFrom: { configMapRef: { name: 'settings', namespace: 'shop', key: 'n' } } }
    expect(await check({ replicas: reference })).toMatchObject({ valid: true })
  })
})
