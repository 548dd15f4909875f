import { describe, expect, it } from 'vitest'
import { folderApp, folderServer, memoryApp } from '../support/app.ts'
import { filesOf } from '../support/texts.ts'
import { nextMillisecond } from '../support/until.ts'
import { FILE, manyWriters } from './concurrency-suite.ts'

describe('two clients that hold the same ETag', () => {
  it('cannot overwrite each other: the second gets 412, and stores nothing', async () => {
    const { client, parts } = await memoryApp()
    await client.createRepository()
    const { name, resourceVersion } = await client.createDraft('ws1')
    const condition = { 'If-Match': `"${resourceVersion}"` }
    const before = await parts.embedded?.repositories()
    const [one, two] = await Promise.all([
      client.call('PUT', `/packagerevisions/${name}/resources`, FILE('one'), condition),
      client.call('PUT', `/packagerevisions/${name}/resources`, FILE('two'), condition),
    ])
    expect([one?.status, two?.status].sort()).toEqual([200, 412])
    const loser = one?.status === 412 ? one : two
    expect(loser?.body).toMatchObject({
      code: 'precondition_failed',
      detail: expect.stringContaining('Nothing was done'),
    })
    const winner = one?.status === 200 ? 'one' : 'two'
    expect(await client.resources(name)).toEqual(FILE(winner).resources)
    expect(await parts.embedded?.repositories()).toEqual(before)
    // The registry has only the files of the winner: the layer of the loser was never pushed.
    const lost = await parts.ctx.prepare(
      { files: filesOf(FILE(winner === 'one' ? 'two' : 'one').resources), limits: parts.ctx.limits },
      'blueprints/nf/upf',
    )
    expect(await parts.embedded?.blobs.has('blueprints/nf/upf', lost.packed.layer.descriptor.digest)).toBe(
      false,
    )
  })

  it('get 412 from every operation with a stale If-Match', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const { name } = await client.createDraft('ws1')
    const stale = { 'If-Match': '"0"' }
    for (const [method, path, body] of [
      ['PUT', '/resources', FILE('x')],
      ['PATCH', '/resources', FILE('x')],
      ['PATCH', '', { labels: { a: 'b' } }],
      ['DELETE', '', undefined],
      ['POST', '/propose', undefined],
      ['POST', '/approve', undefined],
      ['POST', '/reject', undefined],
      ['POST', '/propose-deletion', undefined],
    ] as const) {
      expect(
        await client.call(method, `/packagerevisions/${name}${path}`, body, stale),
        `${method} ${path}`,
      ).toMatchObject({
        status: 412,
        body: { code: 'precondition_failed' },
      })
    }
    expect(await client.get(name)).toMatchObject({ lifecycle: 'Draft' })
  })
})

describe('fifty clients that approve fifty drafts of one package at once', () => {
  it('get the revisions 1 to 50 without gaps or duplicates, and correct tags', async () => {
    const { client } = await folderServer()
    await client.createRepository()
    const drafts = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const { name } = await client.createDraft(`ws${i}`)
        await client.verb(name, 'propose')
        return name as string
      }),
    )
    const published = await Promise.all(drafts.map((name) => client.verb(name, 'approve')))
    const numbers = published.map(({ revision }) => revision).sort((a, b) => a - b)
    expect(numbers).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
    for (const { revision, artifact } of published) {
      expect(await client.resolve(`v${revision}`)).toBe(artifact.digest)
      expect(await client.resolve(`v${revision}.0.0`)).toBe(artifact.digest)
    }
    const last = published.find(({ revision }) => revision === 50)
    expect(await client.resolve('latest')).toBe(last?.artifact.digest)
    const { items } = await client.ok('GET', '/packagerevisions?latest=true')
    expect(items).toMatchObject([{ name: last?.name, revision: 50 }])
    expect(await client.tags()).toHaveLength(101)
  })
})

describe('many clients', () => {
  it('create each workspace once', async () => {
    const { client } = await folderApp()
    await client.createRepository()
    const body = { repository: 'blueprints', package: 'nf/upf', workspace: 'ws1', source: { init: {} } }
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => client.call('POST', '/packagerevisions', body)),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(409)])
  })

  it('make drafts in a repository that is being deleted: either it goes or they stay', async () => {
    const { client } = await folderApp()
    for (let round = 0; round < 5; round++) {
      await client.createRepository()
      const creations = Array.from({ length: 6 }, (_, i) =>
        client.call('POST', '/packagerevisions', {
          repository: 'blueprints',
          package: `p${i}`,
          workspace: `w${round}`,
          source: { init: {} },
        }),
      )
      const deletion = client.call('DELETE', '/repositories/blueprints', undefined, { 'If-Match': '*' })
      const statuses = (await Promise.all(creations)).map(({ status }) => status)
      const made = statuses.filter((status) => status === 201).length
      for (const status of statuses) expect([201, 404, 409]).toContain(status)
      expect((await deletion).status).toBe(made > 0 ? 409 : 204)
      const { items } = await client.ok('GET', '/packagerevisions')
      expect(items).toHaveLength(made)
      for (const { name } of items)
        await client.ok('DELETE', `/packagerevisions/${name}`, undefined, { 'If-Match': '*' })
      if (made > 0) await client.ok('DELETE', '/repositories/blueprints', undefined, { 'If-Match': '*' })
    }
  })

  it('cannot make a draft in a repository that was deleted and made again meanwhile', async () => {
    const { client, parts } = await memoryApp()
    await client.createRepository()
    const { prepare } = parts.ctx
    parts.ctx.prepare = async (resources, forPackage) => {
      await client.ok('DELETE', '/repositories/blueprints', undefined, { 'If-Match': '*' })
      await nextMillisecond()
      await client.createRepository('blueprints', 'deployment')
      return prepare(resources, forPackage)
    }
    const body = { repository: 'blueprints', package: 'p', workspace: 'w', source: { init: {} } }
    expect(await client.call('POST', '/packagerevisions', body)).toMatchObject({
      status: 409,
      body: { code: 'conflict' },
    })
  })

  it('approve a proposal once', async () => {
    const { client } = await folderApp()
    await client.createRepository()
    const { name } = await client.createDraft('ws1')
    await client.verb(name, 'propose')
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => client.call('POST', `/packagerevisions/${name}/approve`)),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(409)])
    expect(await client.get(name)).toMatchObject({ revision: 1 })
  })

  it('delete, copy and publish in one package, and its tags stay correct', async () => {
    const { client } = await folderApp()
    await client.createRepository()
    const published = await Promise.all(Array.from({ length: 12 }, (_, i) => client.publish(`ws${i}`)))
    await Promise.all(
      published.map(async ({ name }, i) => {
        if (i % 3 === 0) {
          await client.verb(name, 'propose-deletion')
          await client.verb(name, 'approve')
        } else await client.publish(`copy${i}`, { copy: { from: name } })
      }),
    )
    const { items } = await client.ok('GET', '/packagerevisions')
    const expected = items.flatMap(({ artifact }: { artifact: { tags: string[] } }) => artifact.tags)
    expect(await client.tags()).toEqual([...expected, '_package'].sort())
    for (const { artifact } of items) {
      for (const tag of artifact.tags) expect(await client.resolve(tag), tag).toBe(artifact.digest)
    }
  })
})

describe('forty clients that write to one package', () => manyWriters(40))
