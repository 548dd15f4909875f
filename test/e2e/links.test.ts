import { describe, expect, it } from 'vitest'
import { memoryApp } from '../support/app.ts'
import type { Client } from '../support/client.ts'
import { pages } from '../support/pages.ts'

const FILES = { resources: { 'a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n' } }

async function emptyClient(): Promise<Client> {
  const { client } = await memoryApp()
  await client.createRepository()
  await client.createRepository('prod', 'deployment')
  return client
}

/** Publishes a clone, and returns its name. */
async function clone(client: Client, upstream: string, path: string, repository = 'prod'): Promise<string> {
  const more = { repository, package: path }
  return (await client.publish('main', { clone: { upstream } }, more)).name
}

async function remove(client: Client, name: string): Promise<void> {
  await client.verb(name, 'propose-deletion')
  await client.verb(name, 'approve')
}

describe('the downstreams of a revision', () => {
  /** base ← mid ← a, b; base ← other; a draft of another clone. */
  async function tree(): Promise<Client> {
    const client = await emptyClient()
    const base = (await client.publish('ws1', FILES)).name
    const mid = await clone(client, base, 'mid', 'blueprints')
    await clone(client, mid, 'b')
    await clone(client, mid, 'a')
    await clone(client, base, 'other')
    await client.createDraft(
      'draft',
      { clone: { upstream: base } },
      { repository: 'prod', package: 'unfinished' },
    )
    return client
  }

  async function below(client: Client, name: string, query = ''): Promise<string[]> {
    const seen: string[] = []
    for await (const page of pages(client, `/packagerevisions/${name}/downstreams?${query}`)) {
      for (const { name: found, depth } of page.items) seen.push(`${depth} ${found}`)
    }
    return seen
  }

  const DIRECT = ['1 blueprints.mid.main', '1 prod.other.main', '1 prod.unfinished.draft']

  it('are its clones, and their clones down to the requested depth', async () => {
    const client = await tree()
    expect(await below(client, 'blueprints.nf.upf.ws1')).toEqual(DIRECT)
    const all = [...DIRECT, '2 prod.a.main', '2 prod.b.main']
    expect(await below(client, 'blueprints.nf.upf.ws1', 'depth=2')).toEqual(all)
    expect(await below(client, 'blueprints.nf.upf.ws1', 'depth=100')).toEqual(all)
    expect(await below(client, 'prod.a.main', 'depth=2')).toEqual([])
    expect(await below(client, 'blueprints.nf.upf.ws1', 'depth=2&latest=false')).toEqual([DIRECT[2]])
  })

  it('are listed in pages', async () => {
    const client = await tree()
    const expected = await below(client, 'blueprints.nf.upf.ws1', 'depth=2')
    for (const limit of [1, 2, 3, 4, 5]) {
      expect(await below(client, 'blueprints.nf.upf.ws1', `depth=2&limit=${limit}`)).toEqual(expected)
    }
    const { continue: token } = await client.ok(
      'GET',
      '/packagerevisions/blueprints.nf.upf.ws1/downstreams?limit=1',
    )
    const other = await client.call(
      'GET',
      `/packagerevisions/blueprints.mid.main/downstreams?limit=1&continue=${token}`,
    )
    expect(other.status).toBe(400)
  })

  it('can be filtered by outdated', async () => {
    const client = await tree()
    expect(await below(client, 'blueprints.nf.upf.ws1', 'outdated=true')).toEqual([])
    await client.publish('ws2', FILES)
    expect(await below(client, 'blueprints.nf.upf.ws1', 'outdated=true')).toEqual(DIRECT)
    expect(await below(client, 'blueprints.nf.upf.ws1', 'depth=2&outdated=false')).toEqual([
      '2 prod.a.main',
      '2 prod.b.main',
    ])
  })

  it('are refused for an unknown revision and for an invalid query', async () => {
    const client = await emptyClient()
    expect((await client.call('GET', '/packagerevisions/a.b.c/downstreams')).status).toBe(404)
    expect((await client.call('GET', '/packagerevisions/a/downstreams')).status).toBe(400)
    for (const query of ['depth=0', 'depth=101', 'depth=x', 'upstream=x']) {
      expect((await client.call('GET', `/packagerevisions/a.b.c/downstreams?${query}`)).status).toBe(400)
    }
  })
})

describe('lists filtered by outdated', () => {
  it('follow publications and deletions of upstreams', async () => {
    const client = await emptyClient()
    const names = async (query: string): Promise<string[]> =>
      (await client.ok('GET', `/packagerevisions?${query}`)).items.map(({ name }: { name: string }) => name)
    const first = (await client.publish('ws1', FILES)).name
    const a = await clone(client, first, 'a')
    const { name: b } = await client.createDraft(
      'main',
      { clone: { upstream: first } },
      { repository: 'prod', package: 'b' },
    )
    const other = (await client.publish('ws1', FILES, { package: 'alone' })).name
    const c = await clone(client, other, 'c')

    expect(await names('outdated=true')).toEqual([])
    expect(await names('outdated=false')).toEqual([a, b, c])
    const second = (await client.publish('ws2', FILES)).name
    expect(await names('outdated=true')).toEqual([a, b])
    expect(await names('outdated=true&latest=true')).toEqual([a])
    expect(await names('outdated=true&latest=false')).toEqual([b])
    expect(await names('outdated=false')).toEqual([c])
    expect(await names('outdated=true&package=b&sort=-updatedAt')).toEqual([b])
    expect((await client.get(a)).upstream).toMatchObject({ latestRevision: 2, outdated: true })
    const page = await client.ok('GET', '/packagerevisions?outdated=true&limit=1')
    expect(await names(`outdated=true&limit=1&continue=${page.continue}`)).toEqual([b])
    // A revision that is proposed for deletion is still the latest.
    await client.verb(second, 'propose-deletion')
    expect(await names('outdated=true')).toEqual([a, b])
    await client.verb(second, 'approve')
    expect(await names('outdated=true')).toEqual([])
    expect(await names('outdated=false')).toEqual([a, b, c])
    await remove(client, c)
    expect(await names('outdated=false')).toEqual([a, b])
  })
})

describe('the graph of a package', () => {
  async function graphed(): Promise<Client> {
    const client = await emptyClient()
    const base = (await client.publish('ws1', FILES)).name
    const mid = await clone(client, base, 'net/mid', 'blueprints')
    const leaf = await clone(client, mid, 'leaf')
    await client.publish('next', { copy: { from: leaf } }, { repository: 'prod', package: 'leaf' })
    await clone(client, base, 'sibling')
    await client.publish('ws2', FILES)
    return client
  }

  const id = (repository: string, path: string) => ({ repository, package: path })

  it('has its upstreams and downstreams, and the revisions at both ends of each link', async () => {
    const client = await graphed()
    const { nodes, edges, truncated } = await client.ok('GET', '/packages/blueprints/net/mid/graph')
    expect(truncated).toBe(false)
    expect(nodes).toEqual([
      { ...id('blueprints', 'net/mid'), latestRevision: 1, latestVersion: null, outdated: true },
      { ...id('blueprints', 'nf/upf'), latestRevision: 2, latestVersion: null, outdated: false },
      { ...id('prod', 'leaf'), latestRevision: 2, latestVersion: null, outdated: false },
    ])
    const end = (name: string, revision: number) => expect.objectContaining({ name, revision })
    const mid = end('blueprints.net.mid.main', 1)
    expect(edges).toEqual([
      { from: end('blueprints.nf.upf.ws1', 1), to: mid, current: true, outdated: true },
      { from: mid, to: end('prod.leaf.main', 1), current: false, outdated: false },
      { from: mid, to: end('prod.leaf.next', 2), current: true, outdated: false },
    ])
    const encoded = await client.ok('GET', '/packages/blueprints/net%2Fmid/graph')
    expect(encoded).toEqual({ nodes, edges, truncated })
  })

  it('is limited by depth and size, and says if it is truncated', async () => {
    const client = await graphed()
    const packages = async (query: string): Promise<string[]> =>
      (await client.ok('GET', `/packages/blueprints/nf/upf/graph?${query}`)).nodes.map(
        (node: { package: string }) => node.package,
      )
    expect(await packages('')).toEqual(['net/mid', 'nf/upf', 'leaf', 'sibling'])
    expect(await packages('depth=1')).toEqual(['net/mid', 'nf/upf', 'sibling'])
    const cut = await client.ok('GET', '/packages/blueprints/nf/upf/graph?limit=2')
    expect(cut).toMatchObject({ nodes: { length: 2 }, edges: { length: 1 }, truncated: true })
    expect(await client.ok('GET', '/packages/blueprints/nf/upf/graph?limit=1')).toMatchObject({
      nodes: { length: 1 },
      edges: [],
      truncated: true,
    })
  })

  it('is available as a Mermaid flowchart', async () => {
    const client = await graphed()
    const expected = [
      'flowchart LR',
      '  p0["blueprints/net/mid v1"]',
      '  p1["blueprints/nf/upf v2"]',
      '  p2["prod/leaf v2"]',
      '  p1 -->|"v1 → v1"| p0',
      '  p0 -->|"v1 → v2"| p2',
      '  classDef outdated stroke:#d97706,stroke-width:3px',
      '  class p0 outdated',
      '',
    ].join('\n')
    const path = '/packages/blueprints/net/mid/graph'
    const byHeader = await client.call('GET', path, undefined, { Accept: 'text/vnd.mermaid' })
    expect(byHeader.headers.get('Content-Type')).toBe('text/vnd.mermaid; charset=utf-8')
    expect(byHeader.text).toBe(expected)
    expect((await client.call('GET', `${path}?format=mermaid`)).text).toBe(expected)
    const json = await client.call('GET', `${path}?format=json`, undefined, { Accept: 'text/vnd.mermaid' })
    expect(json.body.nodes).toHaveLength(3)
    expect((await client.call('GET', path, undefined, { Accept: 'image/png' })).status).toBe(406)
  })

  it('is refused for an unknown package and for an invalid request', async () => {
    const client = await emptyClient()
    expect((await client.call('GET', '/packages/blueprints/nothing/graph')).status).toBe(404)
    expect((await client.call('GET', '/packages/blueprints/No/graph')).status).toBe(400)
    expect((await client.call('GET', '/packages/blueprints/a/graph?format=svg')).status).toBe(400)
    const wrong = await client.send('/api/v1/packages/blueprints/a/b/graph', { method: 'POST' })
    expect(wrong.status).toBe(405)
    expect(wrong.headers.get('Allow')).toBe('GET, HEAD')
  })
})
