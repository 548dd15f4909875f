/** Catalogs that are filled from another registry. */
import { describe, expect, it } from 'vitest'
import type { Transaction } from '../../src/database/connection.ts'
import { memoryApp } from '../support/app.ts'
import type { Client, Json } from '../support/client.ts'
import { files, register, revisions, shown, sync } from '../support/discovery.ts'
import { type Elsewhere, elsewhere } from '../support/elsewhere.ts'

const V1 = files(1)
const V2 = files(2)
const KPTFILE = 'apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: upf\n'

async function start(): Promise<{ client: Client; there: Elsewhere; parts: Json }> {
  const there = await elsewhere()
  const { client, parts } = await memoryApp()
  return { client, there, parts }
}

describe('discovery', () => {
  it('publishes the versions in a source repository in their order', async () => {
    const { client, there } = await start()
    for (const tag of ['v1.10.0', 'v1.9.0', '1.2.3', '2.0.0-rc.1', 'latest', 'main-4f2c', 'sha256-00.sig'])
      await there.flux('team/nf/upf', tag, { ...V1, 'version.txt': tag })
    await there.flux('other/upf', 'v1.0.0', V1)
    const created = await register(client, there)
    expect(created).toMatchObject({
      source: { packages: null, prereleases: false, interval: '10m' },
      status: { state: 'Pending', lastSyncAt: null, nextSyncAt: created.createdAt, revisions: 0 },
    })
    expect(await sync(client)).toMatchObject({
      state: 'Succeeded',
      error: null,
      packages: 1,
      revisions: 3,
      problems: [],
    })
    expect(await shown(client)).toEqual(['1 1.2.3 v1-2-3', '2 1.9.0 v1-9-0', '3 1.10.0 v1-10-0'])
    const [first, , last] = await revisions(client)
    expect(last).toMatchObject({ latest: true, package: 'nf/upf', lifecycle: 'Published', task: 'discover' })
    expect(await client.resources(first.name)).toEqual({ ...V1, 'version.txt': '1.2.3' })
    expect(await client.tags('found/nf/upf')).toEqual(
      ['latest', 'v1', 'v2', 'v3', 'v1.10.0', 'v1.2.3', 'v1.9.0'].sort(),
    )
    const prereleases = { source: { prereleases: true } }
    await client.ok('PATCH', '/repositories/found', prereleases, { 'If-Match': '*' })
    await sync(client)
    expect((await shown(client)).at(-1)).toBe('4 2.0.0-rc.1 v2-0-0-rc-1')
  })

  it('gives later versions the next numbers, and makes few requests for known ones', async () => {
    const { client, there, parts } = await start()
    await there.flux('team/upf', 'v1.0.0', V1)
    await there.flux('team/upf', 'v2.0.0', V2)
    await register(client, there)
    await sync(client)
    await there.flux('team/upf', 'v1.0.1', V2)
    there.requests.length = 0
    await parts.discovery.sync('found', { thorough: false })
    expect(await shown(client)).toEqual(['1 1.0.0 v1-0-0', '2 2.0.0 v2-0-0', '3 1.0.1 v1-0-1'])
    there.requests.length = 0
    await parts.discovery.sync('found', { thorough: false })
    expect(there.requests.map(({ line }) => line)).toEqual(['GET /v2/_catalog', 'GET /v2/team/upf/tags/list'])
    expect(await shown(client)).toHaveLength(3)
  })

  it('keeps the revision of a moved tag, and reports the move', async () => {
    const { client, there } = await start()
    const before = await there.flux('team/upf', 'v1.0.0', V1)
    await register(client, there)
    await sync(client)
    const [{ artifact, name }] = await revisions(client)
    const after = await there.flux('team/upf', 'v1.0.0', V2)
    const status = await sync(client)
    expect(status).toMatchObject({ state: 'Succeeded', problemCount: 1, revisions: 1 })
    expect(status.problems[0].reference).toBe(`${there.url.host}/team/upf:v1.0.0`)
    expect(status.problems[0].reason).toContain(`${before} → ${after}`)
    expect((await client.get(name)).artifact.digest).toBe(artifact.digest)
    expect(await client.resources(name)).toEqual(V1)
    await there.flux('team/upf', 'v1.0.0', V1)
    expect(await sync(client)).toMatchObject({ problems: [], problemCount: 0 })
  })

  it('keeps revisions deleted at the source, and does not restore those deleted here', async () => {
    const { client, there } = await start()
    await there.flux('team/upf', 'v1.0.0', V1)
    await there.flux('team/upf', 'v2.0.0', V2)
    await register(client, there)
    await sync(client)
    await there.registry.repository('team/upf').untag('v1.0.0')
    await client.verb('found.upf.v2-0-0', 'propose-deletion')
    await client.verb('found.upf.v2-0-0', 'approve')
    expect(await sync(client)).toMatchObject({ problems: [], revisions: 1 })
    expect(await shown(client)).toEqual(['1 1.0.0 v1-0-0'])
    await there.flux('team/upf', 'v2.0.0', V1)
    await there.flux('team/upf', 'v3.0.0', V2)
    expect(await sync(client)).toMatchObject({ problems: [] })
    expect(await shown(client)).toEqual(['1 1.0.0 v1-0-0', '3 3.0.0 v3-0-0'])
  })

  it('publishes revisions that can be cloned, and newer ones that clones can be upgraded to', async () => {
    const { client, there } = await start()
    await there.flux('team/upf', 'v1.0.0', { ...V1, Kptfile: KPTFILE })
    await register(client, there)
    await sync(client)
    await client.createRepository('edge', 'deployment')
    const target = { repository: 'edge', package: 'upf' }
    const clone = { clone: { upstream: { repository: 'found', package: 'upf', version: '1.0.0' } } }
    const { name } = await client.publish('first', clone, target)
    expect((await client.get(name)).upstream).toMatchObject({ name: 'found.upf.v1-0-0', outdated: false })
    await there.flux('team/upf', 'v1.1.0', { ...V2, Kptfile: KPTFILE })
    await sync(client)
    expect((await client.get(name)).upstream).toMatchObject({ outdated: true, latestRevision: 2 })
    const next = await client.publish('second', { upgrade: {} }, target)
    expect(next.upstream).toMatchObject({ name: 'found.upf.v1-1-0', outdated: false })
    expect((await client.resources(next.name))['upf.yaml']).toBe(V2['upf.yaml'])
  })

  it('records the origin of a revision in its annotations and in those of its artifact', async () => {
    const { client, there } = await start()
    const about = {
      'org.opencontainers.image.source': 'https://git.example.com/upf',
      'org.opencontainers.image.revision': 'main@sha1:4f2c',
      'org.opencontainers.image.created': '2026-01-01T00:00:00Z',
      'com.example.secret': 'no',
    }
    const digest = await there.flux('team/upf', 'v1.0.0', V1, about)
    await register(client, there)
    await sync(client)
    const [{ annotations, artifact }] = await revisions(client)
    const { 'com.example.secret': _, ...standard } = about
    expect(annotations).toEqual({
      ...standard,
      'pkgserver.dev/origin-reference': `${there.url.host}/team/upf:v1.0.0`,
      'pkgserver.dev/origin-digest': digest,
    })
    const manifest = await (await client.send(`/v2/found/upf/manifests/${artifact.digest}`)).json()
    expect((manifest as Json).annotations).toMatchObject({
      'org.opencontainers.image.source': 'https://git.example.com/upf',
      'org.opencontainers.image.revision': 'main@sha1:4f2c',
    })
  })

  it('continues if the known tags are lost, as in a rebuilt index', async () => {
    const { client, there, parts } = await start()
    await there.flux('team/upf', 'v1.0.0', V1)
    await there.flux('team/upf', 'v2.0.0', V2)
    await register(client, there)
    await sync(client)
    const before = await revisions(client)
    await parts.ctx.commits.run((transaction: Transaction) =>
      transaction.deleteFrom('discovered_tags').execute(),
    )
    await there.flux('team/upf', 'v2.0.0', V1)
    await there.flux('team/upf', '1.0.0', V1)
    const status = await sync(client)
    expect(status.problems.map(({ reference }: Json) => reference)).toEqual([
      `${there.url.host}/team/upf:v2.0.0`,
    ])
    expect(await revisions(client)).toEqual(before)
  })

  it('publishes one of several tags for the same version, and reports the others', async () => {
    const { client, there } = await start()
    await there.flux('team/upf', '1.0.0_10', V1)
    await there.flux('team/upf', '1.0.0_9', V2)
    await there.flux('team/upf', '1.0.0', V1)
    await there.flux('team/upf', 'v2026.01.02', V1)
    await there.flux('team/upf', '2026.1.2', V2)
    await there.flux('team/upf', '3.0.0_abc', V2)
    await register(client, there)
    const { problems } = await sync(client)
    expect(await shown(client)).toEqual(['1 1.0.0 v1-0-0', '2 2026.1.2 v2026-1-2'])
    const host = `${there.url.host}/team/upf`
    expect(problems.map(({ reference }: Json) => reference)).toEqual(
      [`${host}:1.0.0_10`, `${host}:1.0.0_9`, `${host}:3.0.0_abc`, `${host}:v2026.01.02`].sort(),
    )
  })
})

describe('two tags for one version', () => {
  it('are no problem if they are the same artifact', async () => {
    const { client, there } = await start()
    for (const tag of ['v2.0.0', '2.0.0', '2.00.0']) await there.flux('team/upf', tag, V1)
    await register(client, there)
    for (const _ of ['first', 'second'])
      expect(await sync(client)).toMatchObject({ revisions: 1, problems: [] })
  })

  it.each([
    ['2.0.0', 'v2.0.0', '2.0.0'],
    ['1.2345.67', '1.2345.0067', '1.2345.67'],
  ])(
    'are explained if they differ, and the shortest is published: %s, not %s',
    async (chosen, other, version) => {
      const { client, there, parts } = await start()
      await there.flux('team/upf', other, V2)
      await there.flux('team/upf', chosen, V1)
      await register(client, there)
      const expected = [
        {
          reference: `${there.url.host}/team/upf:${other}`,
          reason: expect.stringContaining(
            `the tags ${chosen} and ${other} both stand for the version ${version}`,
          ),
        },
      ]
      expect((await sync(client)).problems).toEqual(expected)
      expect((await revisions(client))[0].annotations['pkgserver.dev/origin-reference']).toMatch(`:${chosen}`)
      expect((await sync(client)).problems).toEqual(expected)
      await parts.ctx.commits.run((transaction: Transaction) =>
        transaction.deleteFrom('discovered_tags').execute(),
      )
      expect((await sync(client)).problems).toEqual(expected)
      // The tag that was published may move as well.
      await there.flux('team/upf', chosen, V2)
      const reasons = (await sync(client)).problems.map(({ reason }: Json) => reason)
      expect(reasons.filter((reason: string) => reason.includes(`the tag ${chosen} has moved`))).toHaveLength(
        1,
      )
    },
  )

  it('are explained if the shorter one is found later, and nothing changes', async () => {
    const { client, there } = await start()
    await there.flux('team/upf', 'v2.0.0', V1)
    await register(client, there)
    await sync(client)
    const before = await revisions(client)
    await there.flux('team/upf', '2.0.0', V2)
    const { problems } = await sync(client)
    expect(problems.map(({ reason }: Json) => reason)).toEqual([
      expect.stringContaining('the tags v2.0.0 and 2.0.0 both stand for the version 2.0.0'),
    ])
    expect(await revisions(client)).toEqual(before)
    await there.flux('team/upf', '2.0.0', V1)
    expect((await sync(client)).problems).toEqual([])
  })
})

describe('a repository with a source', () => {
  it('must be a catalog, and keeps its source URL', async () => {
    const { client, there } = await start()
    const source = { url: there.url.href }
    expect(
      await client.call('POST', '/repositories', { name: 'x', type: 'deployment', source }),
    ).toMatchObject({ status: 400, body: { code: 'invalid' } })
    for (const url of [
      'ftp://a/b',
      'https://a:b@c/d',
      'https://a/b?c',
      'a/b',
      'https://a/B',
      'oci://a/b:v1',
      'https://a/b..c',
      // This server itself.
      'oci://localhost:8080/found',
      'https://',
    ]) {
      const call = { name: 'x', type: 'catalog', source: { url } }
      expect(await client.call('POST', '/repositories', call), url).toMatchObject({ status: 400 })
    }
    for (const interval of ['1s', '10', '8d', 'x']) {
      const call = { name: 'x', type: 'catalog', source: { ...source, interval } }
      expect(await client.call('POST', '/repositories', call), interval).toMatchObject({ status: 400 })
    }
    const created = await register(client, there, { packages: ['upf'] })
    const any = { 'If-Match': '*' }
    const patch = (changes: object) => client.call('PATCH', '/repositories/found', { source: changes }, any)
    expect(await patch({ url: 'https://example.com/other' })).toMatchObject({ status: 400 })
    expect((await patch({ interval: '1h' })).body.source).toEqual({ ...created.source, interval: '1h' })
    expect((await patch({ packages: null })).body.source).toMatchObject({ packages: null, interval: '1h' })
    await client.createRepository('plain')
    expect(await client.call('PATCH', '/repositories/plain', { source }, any)).toMatchObject({ status: 400 })
    expect(await client.call('POST', '/repositories/plain/sync')).toMatchObject({
      status: 409,
      body: { code: 'conflict' },
    })
    expect(await client.call('POST', '/repositories/nowhere/sync')).toMatchObject({ status: 404 })
  })

  it('accepts no drafts from clients', async () => {
    const { client, there } = await start()
    await there.flux('team/upf', 'v1.0.0', V1)
    await register(client, there)
    await sync(client)
    const draft = { repository: 'found', package: 'upf', workspace: 'mine' }
    for (const source of [{ init: {} }, { copy: { from: 'found.upf.v1-0-0' } }]) {
      const refused = await client.call('POST', '/packagerevisions', { ...draft, source })
      expect(refused).toMatchObject({ status: 409, body: { code: 'conflict' } })
      expect(refused.body.detail).toContain('is filled from http')
    }
  })

  it('keeps its ETag after a sync', async () => {
    const { client, there } = await start()
    await register(client, there)
    const before = (await client.call('GET', '/repositories/found')).headers.get('ETag')
    await there.flux('team/upf', 'v1.0.0', V1)
    await sync(client)
    const { headers, body } = await client.call('GET', '/repositories/found')
    expect(headers.get('ETag')).toBe(before)
    expect(body.status).toMatchObject({ state: 'Succeeded', revisions: 1 })
  })

  it('is deleted with all its revisions, unless others are based on them', async () => {
    const { client, there } = await start()
    for (const tag of ['v1.0.0', 'v2.0.0']) await there.flux('team/upf', tag, V1)
    await there.flux('team/smf', 'v1.0.0', V1)
    await register(client, there)
    await sync(client)
    await client.createRepository('edge', 'deployment')
    const clone = { clone: { upstream: 'found.upf.v1-0-0' } }
    const { name } = await client.createDraft('first', clone, { repository: 'edge', package: 'upf' })
    const remove = () => client.call('DELETE', '/repositories/found', undefined, { 'If-Match': '*' })
    const refused = await remove()
    expect(refused).toMatchObject({ status: 409, body: { code: 'in_use' } })
    expect(refused.body.detail).toContain(name)
    expect(await revisions(client)).toHaveLength(3)
    await client.call('DELETE', `/packagerevisions/${name}`, undefined, { 'If-Match': '*' })
    expect((await remove()).status).toBe(204)
    expect(await revisions(client)).toEqual([])
    expect(await client.tags('found/upf')).toEqual(['_package'])
    expect(await client.tags('found')).toEqual([])
    // Numbers continue; versions are those of the source.
    await register(client, there)
    expect(await sync(client)).toMatchObject({ revisions: 3, problems: [] })
    expect(await client.get('found.upf.v1-0-0-2')).toMatchObject({ revision: 3, version: '1.0.0' })
    expect(await client.get('found.smf.v1-0-0-2')).toMatchObject({ revision: 2, version: '1.0.0' })
  })
})
