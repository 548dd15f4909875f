import { describe, expect, it } from 'vitest'
import { deleteRepository } from '../../src/database/repositories/repositories.ts'
import { memoryApp } from '../support/app.ts'

describe('repositories', () => {
  it('are created, read, updated and deleted', async () => {
    const { client } = await memoryApp()
    const created = await client.call('POST', '/repositories', {
      name: 'blueprints',
      type: 'catalog',
      labels: { a: 'b' },
    })
    expect(created.status).toBe(201)
    expect(created.headers.get('Location')).toBe('/api/v1/repositories/blueprints')
    expect(created.body).toMatchObject({
      name: 'blueprints',
      type: 'catalog',
      description: '',
      labels: { a: 'b' },
      createdBy: 'anonymous',
    })
    const tag = created.headers.get('ETag') ?? ''
    expect(tag).toBe(`"${created.body.resourceVersion}"`)

    const got = await client.call('GET', '/repositories/blueprints')
    expect(got.body).toEqual(created.body)
    expect(
      (await client.call('GET', '/repositories/blueprints', undefined, { 'If-None-Match': tag })).status,
    ).toBe(304)

    const change = { description: 'all of them', labels: { a: null, c: 'd' } }
    const changed = await client.call('PATCH', '/repositories/blueprints', change, { 'If-Match': tag })
    expect(changed.body).toMatchObject({
      description: 'all of them',
      labels: { c: 'd' },
      createdAt: created.body.createdAt,
    })
    expect(await client.call('PATCH', '/repositories/blueprints', {}, { 'If-Match': tag })).toMatchObject({
      status: 412,
      body: { code: 'precondition_failed' },
    })
    expect(
      await client.call('DELETE', '/repositories/blueprints', undefined, { 'If-Match': '*' }),
    ).toMatchObject({ status: 204 })
    expect(await client.call('GET', '/repositories/blueprints')).toMatchObject({
      status: 404,
      body: { code: 'not_found' },
    })
  })

  it('have unique names, and types that cannot change', async () => {
    const { client } = await memoryApp()
    await client.createRepository('blueprints')
    expect(
      await client.call('POST', '/repositories', { name: 'blueprints', type: 'deployment' }),
    ).toMatchObject({
      status: 409,
      body: { code: 'already_exists' },
    })
    expect(
      await client.call('PATCH', '/repositories/blueprints', { type: 'deployment' }, { 'If-Match': '*' }),
    ).toMatchObject({
      status: 400,
    })
  })

  it('cannot be deleted while they hold revisions', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const { name } = await client.createDraft('ws1')
    expect(
      await client.call('DELETE', '/repositories/blueprints', undefined, { 'If-Match': '*' }),
    ).toMatchObject({
      status: 409,
      body: {
        code: 'in_use',
        detail: expect.stringMatching(/delete those first\. GET .*repository=blueprints lists them/),
      },
    })
    await client.ok('DELETE', `/packagerevisions/${name}`, undefined, { 'If-Match': '*' })
    await client.ok('DELETE', '/repositories/blueprints', undefined, { 'If-Match': '*' })
  })

  it('continue their revision numbers when they are created again', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const { name } = await client.publish('ws1')
    await client.verb(name, 'propose-deletion')
    await client.verb(name, 'approve')
    await client.ok('DELETE', '/repositories/blueprints', undefined, { 'If-Match': '*' })
    expect(
      (
        await client.call('POST', '/packagerevisions', {
          repository: 'blueprints',
          package: 'nf/upf',
          workspace: 'ws2',
          source: { init: {} },
        })
      ).status,
    ).toBe(404)
    await client.createRepository()
    expect(await client.publish('ws2')).toMatchObject({ revision: 2 })
  })

  it('are recorded in the registry, from which an index can be rebuilt', async () => {
    const { client } = await memoryApp()
    await client.ok('POST', '/repositories', {
      name: 'blueprints',
      type: 'catalog',
      description: 'all',
      labels: { a: 'b' },
    })
    const manifest = await (await client.send('/v2/blueprints/manifests/_repository')).json()
    expect(manifest).toMatchObject({ artifactType: 'application/vnd.pkgserver.repository.v1+json' })
    const [layer] = (manifest as { layers: { digest: string }[] }).layers
    const record = await (await client.send(`/v2/blueprints/blobs/${layer?.digest}`)).json()
    expect(record).toMatchObject({
      name: 'blueprints',
      type: 'catalog',
      description: 'all',
      labels: { a: 'b' },
    })
    await client.ok('DELETE', '/repositories/blueprints', undefined, { 'If-Match': '*' })
    expect(await client.resolve('_repository', 'blueprints')).toBeUndefined()
  })

  it('cannot be created over a record that a lost index left in the registry', async () => {
    const { client, parts } = await memoryApp()
    await client.createRepository()
    await client.createRepository('kept')
    // As with a registry that cannot list its repositories, so the lost index goes unnoticed at startup.
    await parts.ctx.commits.run((transaction) => deleteRepository(transaction, 'blueprints'))
    expect(
      await client.call('POST', '/repositories', { name: 'blueprints', type: 'deployment' }),
    ).toMatchObject({
      status: 409,
      body: { code: 'conflict', detail: expect.stringContaining('blueprints:_repository') },
    })
    await client.createRepository('other')
  })
})
