import { describe, expect, it } from 'vitest'
import { memoryApp } from '../support/app.ts'
import type { Client } from '../support/client.ts'
import { pages } from '../support/pages.ts'

async function filled(): Promise<Client> {
  const { client } = await memoryApp()
  await client.createRepository('blueprints')
  await client.createRepository('prod', 'deployment')
  const create = (repository: string, path: string, workspace: string, labels: object) =>
    client.createDraft(workspace, { init: {} }, { repository, package: path, labels })
  await create('blueprints', 'nf/upf', 'ws1', { env: 'prod', team: 'core' })
  await create('blueprints', 'nf/upf', 'ws2', { env: 'dev' })
  await create('blueprints', 'nf/smf', 'ws1', { team: 'edge' })
  await create('prod', 'upf', 'main', {})
  for (const name of ['blueprints.nf.upf.ws1', 'blueprints.nf.upf.ws2', 'prod.upf.main']) {
    await client.verb(name, 'propose')
    await client.verb(name, 'approve')
  }
  return client
}

async function names(client: Client, query: string): Promise<string[]> {
  const { items } = await client.ok('GET', `/packagerevisions?${query}`)
  return items.map(({ name }: { name: string }) => name)
}

const ALL = ['blueprints.nf.smf.ws1', 'blueprints.nf.upf.ws1', 'blueprints.nf.upf.ws2', 'prod.upf.main']
const [SMF, UPF1, UPF2, PROD] = ALL

describe('the list of package revisions', () => {
  it('applies its filters', async () => {
    const client = await filled()
    const found = async (query: string, ...expected: (string | undefined)[]) =>
      expect(await names(client, query), query).toEqual(expected)
    await found('', ...ALL)
    await found('repository=prod', PROD)
    await found('package=nf/upf', UPF1, UPF2)
    await found('workspace=ws1', SMF, UPF1)
    await found('lifecycle=Draft', SMF)
    await found('lifecycle=Published&repository=blueprints', UPF1, UPF2)
    await found('latest=true', UPF2, PROD)
    await found('latest=false', SMF, UPF1)
    await found('revision=1', UPF1, PROD)
    await found('revision=0', SMF)
    await found('version=1.0.0')
    await found('upstream=a.b.c')
    await found('q=UPF', UPF1, UPF2, PROD)
    await found('q=nf/s', SMF)
    await found('q=%25')
    await found('labelSelector=env', UPF1, UPF2)
    await found('labelSelector=!env', SMF, PROD)
    await found('labelSelector=env=prod', UPF1)
    await found('labelSelector=env!=prod', SMF, UPF2, PROD)
    await found('labelSelector=team in (core, edge),env notin (prod)', SMF)
    await found('labelSelector=env in (prod, dev),team', UPF1)
  })

  it('limits the size of a page, and loses no revision', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const annotations = { a: 'x'.repeat(250_000) }
    const made: string[] = []
    for (let i = 10; i < 55; i++)
      made.push((await client.createDraft(`w${i}`, { resources: {} }, { annotations })).name)
    const seen: string[] = []
    let next = ''
    do {
      const page = await client.call('GET', `/packagerevisions?limit=1000${next}`)
      expect(page.text.length).toBeLessThan(9 * 1024 * 1024)
      for (const { name } of page.body.items) seen.push(name)
      next = page.body.continue ? `&continue=${page.body.continue}` : ''
    } while (next)
    expect(seen).toEqual(made)
  })

  it('has as many items in a page as the limit allows', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    for (let i = 0; i < 205; i++) await client.createDraft(`w${i}`, { resources: {} })
    for (const [limit, expected] of [
      [100, 100],
      [204, 204],
      [205, 205],
      [206, 205],
    ] as const) {
      const { items, continue: next } = await client.ok('GET', `/packagerevisions?limit=${limit}`)
      expect(items).toHaveLength(expected)
      expect(next !== undefined, String(limit)).toBe(limit < 205)
    }
  })

  it('is sorted by the requested field', async () => {
    const client = await filled()
    expect(await names(client, 'sort=-name')).toEqual([...ALL].reverse())
    expect(await names(client, 'sort=updatedAt')).toEqual([SMF, UPF1, UPF2, PROD])
    expect(await names(client, 'sort=-updatedAt')).toEqual([PROD, UPF2, UPF1, SMF])
    expect(await names(client, 'sort=publishedAt')).toEqual([SMF, UPF1, UPF2, PROD])
  })

  it.each(['name', '-name', 'updatedAt', '-updatedAt', 'publishedAt', '-publishedAt'])(
    'has each revision on one page, sorted by %s',
    async (sort) => {
      const client = await filled()
      const expected = await names(client, `sort=${sort}`)
      for (const limit of [1, 2, 3, 4]) {
        const seen: string[] = []
        for await (const page of pages(client, `/packagerevisions?sort=${sort}&limit=${limit}`)) {
          expect(page.items.length).toBeLessThanOrEqual(limit)
          seen.push(...page.items.map(({ name }: { name: string }) => name))
        }
        expect(seen, `limit ${limit}`).toEqual(expected)
      }
    },
  )

  it('refuses tokens that were changed, or belong to another list', async () => {
    const client = await filled()
    const { continue: token } = await client.ok('GET', '/packagerevisions?limit=1')
    const flipped = token.slice(0, -1) + (token.endsWith('A') ? 'B' : 'A')
    for (const query of [
      `limit=1&continue=${flipped}`,
      `limit=1&continue=${token.slice(4)}`,
      'limit=1&continue=x',
      'limit=1&continue=',
      `limit=1&sort=-name&continue=${token}`,
      `limit=1&repository=prod&continue=${token}`,
    ]) {
      expect(await client.call('GET', `/packagerevisions?${query}`), query).toMatchObject({
        status: 400,
        body: { code: 'invalid', detail: expect.stringMatching(/^the continue token /) },
      })
    }
    expect((await client.call('GET', `/repositories?continue=${token}`)).status).toBe(400)
    expect((await client.call('GET', `/packagerevisions?limit=3&continue=${token}`)).status).toBe(200)
  })

  it('has the resourceVersion of the index, which only grows', async () => {
    const client = await filled()
    const before = Number((await client.ok('GET', '/packagerevisions')).resourceVersion)
    const { resourceVersion } = await client.createDraft('ws9')
    expect(Number(resourceVersion)).toBeGreaterThan(before)
    expect((await client.ok('GET', '/packagerevisions')).resourceVersion).toBe(resourceVersion)
  })
})

describe('the list of packages', () => {
  it('has an item for each package', async () => {
    const client = await filled()
    const { items } = await client.ok('GET', '/packages')
    expect(items).toEqual([
      {
        repository: 'blueprints',
        package: 'nf/smf',
        latestRevision: null,
        latestVersion: null,
        revisionCount: 1,
        updatedAt: expect.any(String),
      },
      {
        repository: 'blueprints',
        package: 'nf/upf',
        latestRevision: 2,
        latestVersion: null,
        revisionCount: 2,
        updatedAt: expect.any(String),
      },
      {
        repository: 'prod',
        package: 'upf',
        latestRevision: 1,
        latestVersion: null,
        revisionCount: 1,
        updatedAt: expect.any(String),
      },
    ])
    const paths = async (query: string) =>
      (await client.ok('GET', `/packages?${query}`)).items.map((row: { package: string }) => row.package)
    expect(await paths('repository=prod')).toEqual(['upf'])
    expect(await paths('q=NF/')).toEqual(['nf/smf', 'nf/upf'])
    const first = await client.ok('GET', '/packages?limit=2')
    expect(await paths(`limit=2&continue=${first.continue}`)).toEqual(['upf'])
  })
})

describe('the list of repositories', () => {
  it('is sorted by name, and comes in pages', async () => {
    const client = await filled()
    const first = await client.ok('GET', '/repositories?limit=1')
    expect(first.items).toMatchObject([{ name: 'blueprints', type: 'catalog' }])
    const second = await client.ok('GET', `/repositories?limit=1&continue=${first.continue}`)
    expect(second.items).toMatchObject([{ name: 'prod', type: 'deployment' }])
    expect(second.continue).toBeUndefined()
  })
})
