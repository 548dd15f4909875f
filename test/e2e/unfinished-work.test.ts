/** Changes that are committed in the database but not yet done in the registry. */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { finishAll } from '../../src/service/intents.ts'
import { folderApp, type TestApp } from '../support/app.ts'
import { breakRegistry } from '../support/faults.ts'

/** Approves a draft while the registry accepts no tags. */
async function approveWithoutTags({ client, parts }: TestApp, name: string): Promise<void> {
  await client.verb(name, 'propose')
  breakRegistry(parts.ctx, (operation) => operation === 'tag' || operation === 'untag')
  expect(await client.call('POST', `/packagerevisions/${name}/approve`)).toMatchObject({
    status: 503,
    body: { detail: expect.stringContaining('The change is saved') },
  })
}

describe('a committed change that the registry lacks', () => {
  it('is done at the next start, in the order of the commits', async () => {
    const first = await folderApp()
    await first.client.createRepository()
    await first.client.publish('ws1')
    const second = await first.client.createDraft('ws2')
    await approveWithoutTags(first, second.name)
    expect(await first.client.tags()).toEqual(['draft-ws2', 'latest', 'v1', 'v1.0.0'])
    await first.close()

    const { client } = await folderApp(first.data)
    // The proposal is repeated and sets draft-ws2; the publication follows it.
    expect(await client.tags()).toEqual(['latest', 'v1', 'v1.0.0', 'v2', 'v2.0.0'])
    const { artifact, lifecycle } = await client.get(second.name)
    expect(lifecycle).toBe('Published')
    for (const tag of ['latest', 'v2', 'v2.0.0']) expect(await client.resolve(tag)).toBe(artifact.digest)
  })

  it('blocks neither other packages nor the start of the server', async () => {
    const first = await folderApp()
    await first.client.createRepository()
    for (const name of ['stuck', 'well']) {
      const draft = await first.client.createDraft('ws1', undefined, { package: name })
      await approveWithoutTags(first, draft.name)
      breakRegistry(first.parts.ctx, () => false)
    }
    const stuckTags = join(first.data, 'registry/repositories/blueprints/stuck/_tags')
    await first.close()
    await rm(stuckTags, { recursive: true })
    await writeFile(stuckTags, 'no folder')

    const { client, parts } = await folderApp(first.data)
    expect(await client.tags('blueprints/well')).toEqual(['latest', 'v1', 'v1.0.0'])
    const stuck = await client.get('blueprints.stuck.ws1')
    expect(stuck).toMatchObject({ lifecycle: 'Published' })
    expect((await client.call('POST', `/packagerevisions/${stuck.name}/propose-deletion`)).status).toBe(500)

    await rm(stuckTags)
    await finishAll(parts.ctx)
    expect(await client.tags('blueprints/stuck')).toEqual(['latest', 'v1', 'v1.0.0'])
  })

  it('is reported and dropped if its artifact is gone, and does not block its package', async () => {
    const app = await folderApp()
    const { client, parts } = app
    const reported: unknown[] = []
    parts.ctx.report = (error) => reported.push(error)
    await client.createRepository()
    const { name } = await client.createDraft('ws1')
    await approveWithoutTags(app, name)
    breakRegistry(parts.ctx, () => false)
    const { artifact } = await client.get(name)
    await parts.embedded?.manifests.delete('blueprints/nf/upf', artifact.digest)

    const next = await client.publish('ws2')
    expect(reported).toHaveLength(1)
    expect(String(reported[0])).toContain(artifact.digest)
    expect(await client.tags()).toEqual(['latest', 'v2', 'v2.0.0'])
    expect(await client.resolve('latest')).toBe(next.artifact.digest)
  })
})

describe('a change that meets a failing registry', () => {
  it('is refused as a whole before the commit', async () => {
    const { client, parts } = await folderApp()
    await client.createRepository()
    const draft = await client.createDraft('ws1')
    const before = await client.ok('GET', '/packagerevisions')
    breakRegistry(parts.ctx, (operation) => operation === 'push')
    for (const [method, path, body] of [
      ['POST', `/packagerevisions/${draft.name}/propose`, undefined],
      ['PUT', `/packagerevisions/${draft.name}/resources`, { resources: { a: 'b' } }],
      ['PATCH', `/packagerevisions/${draft.name}`, { labels: { a: 'b' } }],
      ['DELETE', `/packagerevisions/${draft.name}`, undefined],
      [
        'POST',
        '/packagerevisions',
        { repository: 'blueprints', package: 'x', workspace: 'y', source: { init: {} } },
      ],
      ['POST', '/repositories', { name: 'other', type: 'catalog' }],
    ] as const) {
      expect(await client.call(method, path, body, { 'If-Match': '*' }), `${method} ${path}`).toMatchObject({
        status: 503,
        body: { code: 'unavailable', detail: expect.stringContaining('the registry failed: it is down') },
      })
    }
    expect(await client.ok('GET', '/packagerevisions')).toEqual(before)
    breakRegistry(parts.ctx, () => false)
    expect(await client.verb(draft.name, 'propose')).toMatchObject({ lifecycle: 'Proposed' })
  })

  it('is kept after the commit, and its tags follow as soon as possible', async () => {
    const { client, parts } = await folderApp()
    await client.createRepository()
    const { name } = await client.createDraft('ws1')
    await client.verb(name, 'propose')
    breakRegistry(parts.ctx, (operation) => operation === 'tag' || operation === 'untag')
    expect(await client.call('POST', `/packagerevisions/${name}/approve`)).toMatchObject({
      status: 503,
      body: { detail: expect.stringContaining('The change is saved') },
    })
    expect(await client.get(name)).toMatchObject({ lifecycle: 'Published', revision: 1 })
    expect(await client.tags()).toEqual(['draft-ws1'])
    expect(await client.call('POST', `/packagerevisions/${name}/propose-deletion`)).toMatchObject({
      status: 503,
    })
    breakRegistry(parts.ctx, () => false)
    await client.verb(name, 'propose-deletion')
    expect(await client.tags()).toEqual(['deletion-proposed-v1', 'latest', 'v1', 'v1.0.0'])
  })
})
