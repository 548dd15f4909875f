import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { folderServer, memoryApp } from '../support/app.ts'

const ANY = { 'If-Match': '*' }
const VALID = { 'a.yaml': 'apiVersion: v1\nkind: X\nmetadata: {name: a}\n' }

/** The body of a new draft, for calls that must be refused. */
const NEW = { repository: 'blueprints', package: 'x', workspace: 'y', source: { init: {} } }

/** Sends a POST with a Content-Type, but neither Content-Length nor Transfer-Encoding. Returns the status. */
async function postWithoutBody(url: URL): Promise<number> {
  const socket = connect(Number(url.port), url.hostname)
  socket.write(
    `POST ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n`,
  )
  const answer = await text(socket)
  return Number(/^HTTP\/1.1 (\d+)/.exec(answer)?.[1])
}

describe('a proposal', () => {
  it('is refused while a file does not parse, with the file, line and reason of each error', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const files = {
      'ok.yaml': 'a: 1\n',
      'bad.yaml': 'a: 1\nb: c: d\n',
      'sub/Kptfile': 'x: [\n',
      'twice.yml': 'k: 1\nk: 2\n',
    }
    const draft = await client.createDraft('ws1', { resources: files })
    expect(draft.conditions).toMatchObject([
      { type: 'Valid', status: 'False', reason: 'Invalid', message: expect.stringContaining('bad.yaml:2:') },
    ])
    const refused = await client.call('POST', `/packagerevisions/${draft.name}/propose`)
    expect(refused).toMatchObject({ status: 409, body: { code: 'not_ready' } })
    expect(refused.body.errors).toEqual([
      {
        path: 'bad.yaml',
        line: 2,
        column: expect.any(Number),
        message: expect.stringContaining('compact mappings'),
      },
      {
        path: 'sub/Kptfile',
        line: expect.any(Number),
        column: expect.any(Number),
        message: expect.any(String),
      },
      { path: 'twice.yml', line: 2, column: 1, message: 'the key "k" appears twice' },
    ])
    expect(await client.get(draft.name)).toEqual(draft)

    const mended = { 'bad.yaml': null, 'sub/Kptfile': null, '.krmignore': '*.yml\n' }
    await client.ok('PATCH', `/packagerevisions/${draft.name}/resources`, { resources: mended }, ANY)
    expect(await client.verb(draft.name, 'propose')).toMatchObject({ lifecycle: 'Proposed' })
  })

  it('is accepted with warnings, which the condition lists', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const { name, conditions } = await client.createDraft('ws1', { resources: { 'a.yaml': 'kind: X\n' } })
    expect(conditions).toMatchObject([
      {
        type: 'Valid',
        status: 'True',
        reason: 'Warnings',
        message: '1 warning: a.yaml:1: the object has no apiVersion, no metadata.name',
      },
    ])
    expect(await client.verb(name, 'propose', { reason: 'please look' })).toMatchObject({
      lifecycle: 'Proposed',
      conditions: [
        { type: 'Valid' },
        { type: 'Approved', status: 'Unknown', message: 'proposed by anonymous: please look' },
      ],
    })
  })

  it('is refused while a readiness gate is closed', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const gates = { readinessGates: [{ conditionType: 'Scanned' }, { conditionType: 'Valid' }] }
    const { name } = await client.createDraft('ws1', { resources: VALID }, gates)
    expect(await client.call('POST', `/packagerevisions/${name}/propose`)).toMatchObject({
      status: 409,
      body: {
        code: 'not_ready',
        detail: expect.stringContaining('Scanned'),
        errors: [{ path: 'conditions/Scanned', message: expect.stringContaining('missing') }],
      },
    })
    const set = (status: string) =>
      client.ok(
        'PATCH',
        `/packagerevisions/${name}`,
        { conditions: [{ type: 'Scanned', status, message: 'by hand' }] },
        ANY,
      )
    await set('False')
    expect((await client.call('POST', `/packagerevisions/${name}/propose`)).body.errors[0].message).toBe(
      'the condition Scanned is False, not True: by hand',
    )
    await set('True')
    await client.verb(name, 'propose')
    await set('False')
    expect(await client.call('POST', `/packagerevisions/${name}/approve`)).toMatchObject({
      status: 409,
      body: { code: 'not_ready' },
    })
    await set('True')
    expect(await client.verb(name, 'approve')).toMatchObject({ lifecycle: 'Published', revision: 1 })
  })

  it('cannot be gated by a condition that only a review sets', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const body = {
      ...NEW,
      readinessGates: [{ conditionType: 'Approved' }],
    }
    expect(await client.call('POST', '/packagerevisions', body)).toMatchObject({
      status: 400,
      body: { code: 'invalid' },
    })
    const { name } = await client.createDraft('ws1')
    const patch = { readinessGates: [{ conditionType: 'DeletionProposed' }] }
    expect(await client.call('PATCH', `/packagerevisions/${name}`, patch, ANY)).toMatchObject({ status: 400 })
  })
})

describe('a review', () => {
  it('needs no body, whatever the Content-Type', async () => {
    const { client, url } = await folderServer()
    await client.createRepository()
    const { name } = await client.createDraft('ws1')
    const json = { 'Content-Type': 'application/json' }
    await client.ok('POST', `/packagerevisions/${name}/propose`, undefined, json)
    await client.ok('POST', `/packagerevisions/${name}/reject`)
    // As `curl -X POST` sends it: with a Content-Type, but without a length.
    expect(await postWithoutBody(new URL(`/api/v1/packagerevisions/${name}/propose`, url))).toBe(200)
    await client.ok('POST', `/packagerevisions/${name}/reject`, '', json)
    await client.ok('POST', `/packagerevisions/${name}/propose`, '', { 'Content-Type': 'text/plain' })
    expect(await client.call('POST', `/packagerevisions/${name}/approve`, '{', json)).toMatchObject({
      status: 400,
    })
  })

  it('applies only to the artifact that was reviewed', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const draft = await client.createDraft('ws1', { resources: VALID })
    const proposed = await client.verb(draft.name, 'propose', { digest: draft.artifact.digest })
    for (const verb of ['approve', 'reject']) {
      expect(
        await client.call('POST', `/packagerevisions/${draft.name}/${verb}`, {
          digest: draft.artifact.digest,
        }),
      ).toMatchObject({
        status: 412,
        body: { code: 'precondition_failed', detail: expect.stringContaining('review it again') },
      })
    }
    const published = await client.verb(draft.name, 'approve', {
      digest: proposed.artifact.digest,
      reason: 'fine',
    })
    expect(published.conditions).toContainEqual({
      type: 'Approved',
      status: 'True',
      reason: 'Approved',
      message: 'approved by anonymous: fine',
    })
    expect(
      await client.call('POST', `/packagerevisions/${draft.name}/propose-deletion`, {
        digest: proposed.artifact.digest,
      }),
    ).toMatchObject({ status: 412 })
    await client.verb(draft.name, 'propose-deletion', { digest: published.artifact.digest })
  })

  it.each([
    ['Draft', [], ['approve', 'reject', 'propose-deletion']],
    ['Proposed', ['propose'], ['propose', 'propose-deletion']],
    ['Published', ['propose', 'approve'], ['propose', 'approve', 'reject']],
    ['DeletionProposed', ['propose', 'approve', 'propose-deletion'], ['propose', 'propose-deletion']],
  ])('is refused if the lifecycle does not allow it: %s', async (lifecycle, way, refused) => {
    const { client } = await memoryApp()
    await client.createRepository()
    const { name } = await client.createDraft('ws1')
    for (const verb of way) await client.verb(name, verb)
    const before = await client.get(name)
    expect(before.lifecycle).toBe(lifecycle)
    for (const verb of refused) {
      expect(await client.call('POST', `/packagerevisions/${name}/${verb}`)).toMatchObject({
        status: 409,
        body: {
          code: 'wrong_lifecycle',
          detail: expect.stringContaining(`${name} is ${lifecycle}: ${verb} is not possible. Allowed now: `),
        },
      })
    }
    expect(await client.get(name)).toEqual(before)
  })
})

describe('metadata', () => {
  it('is changed in a draft by a merge patch', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const { name } = await client.createDraft('ws1', undefined, {
      labels: { a: '1', b: '2' },
      annotations: { 'x.io/n': 'yes' },
    })
    const headers = { ...ANY, 'Content-Type': 'application/merge-patch+json' }
    const patch = JSON.stringify({
      labels: { a: null, c: '3' },
      version: '1.0.0',
      readinessGates: [{ conditionType: 'T' }],
    })
    expect(await client.ok('PATCH', `/packagerevisions/${name}`, patch, headers)).toMatchObject({
      labels: { b: '2', c: '3' },
      annotations: { 'x.io/n': 'yes' },
      version: '1.0.0',
      readinessGates: [{ conditionType: 'T' }],
    })
    const cleared = { labels: null, annotations: null, version: null, readinessGates: null, conditions: null }
    expect(await client.ok('PATCH', `/packagerevisions/${name}`, cleared, ANY)).toMatchObject({
      labels: {},
      annotations: {},
      version: null,
      readinessGates: [],
      conditions: [{ type: 'Valid' }],
    })
    expect((await client.ok('GET', '/packagerevisions?labelSelector=b')).items).toEqual([])
  })

  it('is stored in the manifest of the artifact', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    await client.publish('ws1', undefined, { labels: { a: '1' } })
    const manifest = (await (await client.send('/v2/blueprints/nf/upf/manifests/v1')).json()) as {
      annotations: Record<string, string>
    }
    expect(manifest.annotations).toMatchObject({
      'dev.pkgserver.lifecycle': 'Published',
      'dev.pkgserver.revision': '1',
      'dev.pkgserver.labels': '{"a":"1"}',
      'dev.pkgserver.published-by': 'anonymous',
    })
  })

  it('is copied with a revision, unless the copy has its own', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const { name } = await client.createDraft('ws1', undefined, {
      labels: { a: '1' },
      annotations: { b: '2' },
      version: '1.0.0',
    })
    expect(await client.createDraft('ws2', { copy: { from: name } })).toMatchObject({
      labels: { a: '1' },
      annotations: { b: '2' },
      version: null,
    })
    expect(await client.createDraft('ws3', { copy: { from: name } }, { labels: {} })).toMatchObject({
      labels: {},
      annotations: { b: '2' },
    })
  })

  it('is limited to 256 KiB of annotations', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const body = {
      ...NEW,
      annotations: { a: 'x'.repeat(256 * 1024) },
    }
    expect(await client.call('POST', '/packagerevisions', body)).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining('262144') },
    })
  })
})

describe('a patch that changes nothing', () => {
  it('keeps the artifact, so that a review of it stays valid', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const { name } = await client.createDraft('ws1', undefined, { labels: { a: '1' } })
    const proposed = await client.verb(name, 'propose')
    for (const patch of [{}, { conditions: null }]) {
      expect(await client.ok('PATCH', `/packagerevisions/${name}`, patch, ANY)).toEqual(proposed)
    }
    const repository = await client.ok('GET', '/repositories/blueprints')
    expect(await client.ok('PATCH', '/repositories/blueprints', { labels: {} }, ANY)).toEqual(repository)
  })
})

describe('invalid metadata', () => {
  const labels = (from: number, to: number) =>
    Object.fromEntries(Array.from({ length: to - from }, (_, i) => [`l${from + i}`, 'x']))

  it('is refused with more than 256 labels, even if they come in several patches', async () => {
    const { client } = await memoryApp()
    const repository = { name: 'r', type: 'catalog' }
    const tooMany = { status: 400, body: { detail: expect.stringContaining('257 labels') } }
    expect(
      await client.call('POST', '/repositories', { ...repository, labels: labels(0, 257) }),
    ).toMatchObject(tooMany)
    await client.createRepository()
    await client.ok('PATCH', '/repositories/blueprints', { labels: labels(0, 256) }, ANY)
    expect(
      await client.call('PATCH', '/repositories/blueprints', { labels: labels(256, 257) }, ANY),
    ).toMatchObject(tooMany)
    const { name } = await client.createDraft('ws1', undefined, { labels: labels(0, 256) })
    expect(
      await client.call('PATCH', `/packagerevisions/${name}`, { labels: labels(256, 257) }, ANY),
    ).toMatchObject(tooMany)
    expect(Object.keys((await client.get(name)).labels)).toHaveLength(256)
  })

  it('is refused with more than 256 KiB of conditions', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const before = await client.createDraft('ws1')
    // This character grows when JSON is nested in JSON, as in the manifest.
    const most = (from: number) =>
      Array.from({ length: 7 }, (_, i) => ({
        type: `T${from + i}`,
        status: 'True',
        message: '"'.repeat(32768),
      }))
    const path = `/packagerevisions/${before.name}`
    await client.ok('PATCH', path, { annotations: { a: '"'.repeat(256 * 1024 - 1) } }, ANY)
    const full = await client.ok('PATCH', path, { conditions: most(0) }, ANY)
    expect(
      await client.call(
        'PATCH',
        `/packagerevisions/${before.name}`,
        { conditions: [...most(0), ...most(7)] },
        ANY,
      ),
    ).toMatchObject({ status: 400, body: { detail: expect.stringContaining('262144') } })
    expect(await client.get(before.name)).toEqual(full)
    await client.verb(before.name, 'propose')
    expect(await client.verb(before.name, 'approve')).toMatchObject({ revision: 1 })
  })

  it('is refused if a condition occurs twice', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const { name } = await client.createDraft('ws1')
    const conditions = ['True', 'False'].map((status) => ({ type: 'Scanned', status }))
    expect(await client.call('PATCH', `/packagerevisions/${name}`, { conditions }, ANY)).toMatchObject({
      status: 400,
      body: { code: 'invalid', detail: expect.stringContaining('Scanned is listed twice') },
    })
  })
})

describe('a version', () => {
  it('cannot be declared twice in a package', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const { name } = await client.publish('ws1', undefined, { version: '1.0.0+1' })
    const body = (workspace: string, version: string) => ({
      repository: 'blueprints',
      package: 'nf/upf',
      workspace,
      version,
      source: { init: {} },
    })
    for (const version of ['1.0.0+1', '1.0.0']) {
      expect(await client.call('POST', '/packagerevisions', body('ws2', version)), version).toMatchObject({
        status: 409,
        body: { code: 'already_exists' },
      })
    }
    const second = await client.createDraft('ws2', undefined, { version: '1.0.0+2' })
    expect(
      await client.call('PATCH', `/packagerevisions/${second.name}`, { version: '1.0.0+1' }, ANY),
    ).toMatchObject({ status: 409 })
    await client.verb(name, 'propose-deletion')
    await client.verb(name, 'approve')
    expect(await client.call('POST', '/packagerevisions', body('ws3', '1.0.0+1'))).toMatchObject({
      status: 409,
    })
    await client.ok('DELETE', `/packagerevisions/${second.name}`, undefined, ANY)
    await client.createDraft('ws3', undefined, { version: '1.0.0+2' })
  })

  it('is declared by all publications of a package or by none', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    await client.publish('ws1', undefined, { version: '1.0.0' })
    const without = await client.createDraft('ws2')
    expect(await client.call('POST', `/packagerevisions/${without.name}/propose`)).toMatchObject({
      status: 409,
      body: {
        code: 'not_ready',
        detail: expect.stringContaining(`PATCH /api/v1/packagerevisions/${without.name} with its version`),
      },
    })
    await client.ok('PATCH', `/packagerevisions/${without.name}`, { version: '2.0.0' }, ANY)
    await client.verb(without.name, 'propose')

    await client.publish('ws1', undefined, { package: 'other' })
    const body = {
      repository: 'blueprints',
      package: 'other',
      workspace: 'ws2',
      version: '1.0.0',
      source: { init: {} },
    }
    expect(await client.call('POST', '/packagerevisions', body)).toMatchObject({
      status: 409,
      body: { code: 'conflict' },
    })
  })

  it('is required or ruled out from the first approval on, even for pending proposals', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const numbered = await client.createDraft('ws1')
    const versioned = await client.createDraft('ws2', undefined, { version: '1.0.0' })
    await client.verb(numbered.name, 'propose')
    await client.verb(versioned.name, 'propose')
    await client.verb(numbered.name, 'approve')
    expect(await client.call('POST', `/packagerevisions/${versioned.name}/approve`)).toMatchObject({
      status: 409,
      body: { code: 'not_ready' },
    })
  })
})

describe('a copy', () => {
  it('cannot leave its package', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const { name } = await client.createDraft('ws1')
    const body = {
      repository: 'blueprints',
      package: 'other',
      workspace: 'ws1',
      source: { copy: { from: name } },
    }
    expect(await client.call('POST', '/packagerevisions', body)).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining(`{"clone": {"upstream": "${name}"}}`) },
    })
  })
})
