/** Upgrades of a clone to a newer revision of its upstream, through the API. */
import { describe, expect, it } from 'vitest'
import { memoryApp, type TestApp } from '../support/app.ts'
import type { Client } from '../support/client.ts'

const V1 = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: upf
spec:
  replicas: 1 # one is enough
  template:
    spec:
      containers:
        - name: upf
          image: upf:1.0
`
const KPTFILE = `apiVersion: kpt.dev/v1
kind: Kptfile
metadata:
  name: upf
`
const README = 'one\ntwo\nthree\n'

const CLONE = 'edge.site-1.ws1'

/** Publishes two revisions of a blueprint, and an edited clone of the first. */
async function editedClone(
  edit: (text: string) => string,
  upgrade: (text: string) => string,
): Promise<TestApp & { files: (name: string) => Promise<Record<string, string>> }> {
  const app = await memoryApp()
  const { client } = app
  await client.createRepository()
  await client.createRepository('edge', 'deployment')
  await client.publish('ws1', { resources: { Kptfile: KPTFILE, 'upf.yaml': V1, 'README.md': README } })
  await client.createDraft(
    'ws1',
    { clone: { upstream: 'blueprints.nf.upf.ws1' } },
    { repository: 'edge', package: 'site-1' },
  )
  await patch(client, CLONE, { 'upf.yaml': edit(V1) })
  await client.verb(CLONE, 'propose')
  await client.verb(CLONE, 'approve')
  await client.publish('ws2', {
    resources: { Kptfile: KPTFILE, 'upf.yaml': upgrade(V1), 'README.md': README },
  })
  const files = async (name: string) => (await client.resources(name)) as Record<string, string>
  return { ...app, files }
}

async function patch(client: Client, name: string, resources: object): Promise<void> {
  await client.ok('PATCH', `/packagerevisions/${name}/resources`, { resources }, { 'If-Match': '*' })
}

async function upgraded(client: Client, request: object = {}, workspace = 'ws2'): Promise<string> {
  const more = { repository: 'edge', package: 'site-1' }
  return (await client.createDraft(workspace, { upgrade: request }, more)).name
}

const moreReplicas = (text: string) => text.replace('replicas: 1', 'replicas: 3')
const newImage = (text: string) => text.replace('upf:1.0', 'upf:2.0')
const ownImage = (text: string) => text.replace('upf:1.0', 'mine:1.0')

describe('an upgrade', () => {
  it('merges the changes of the upstream, and keeps local ones', async () => {
    const { client, files } = await editedClone(moreReplicas, newImage)
    expect((await client.get(CLONE)).upstream).toMatchObject({
      revision: 1,
      latestRevision: 2,
      outdated: true,
    })
    const name = await upgraded(client)
    const draft = await client.get(name)
    expect(draft).toMatchObject({
      task: 'upgrade',
      lifecycle: 'Draft',
      upstream: { name: 'blueprints.nf.upf.ws2', revision: 2, outdated: false },
    })
    expect(draft.conditions).toContainEqual(
      expect.objectContaining({ type: 'Merged', status: 'True', reason: 'Clean' }),
    )
    const { 'upf.yaml': text, Kptfile: kptfile } = await files(name)
    expect(text).toBe(newImage(moreReplicas(V1)))
    expect(kptfile).toContain('ref: v2')
    await client.verb(name, 'propose')
    expect(await client.verb(name, 'approve')).toMatchObject({ revision: 2, latest: true })
  })

  it('can be previewed, which creates nothing', async () => {
    const { client } = await editedClone(ownImage, newImage)
    const preview = await client.ok('POST', `/packagerevisions/${CLONE}/upgrade-preview`, {})
    expect(preview).toMatchObject({
      from: CLONE,
      upstream: { name: 'blueprints.nf.upf.ws2' },
      conflicts: [{ path: 'upf.yaml', local: 'mine:1.0', upstream: 'upf:2.0', chosen: 'local' }],
    })
    expect(preview.files.map(({ path }: { path: string }) => path)).toEqual(['Kptfile'])
    const theirs = await client.ok('POST', `/packagerevisions/${CLONE}/upgrade-preview`, {
      conflicts: 'upstream',
    })
    expect(theirs.conflicts).toMatchObject([{ chosen: 'upstream' }])
    expect(theirs.files.map(({ path }: { path: string }) => path)).toEqual(['Kptfile', 'upf.yaml'])
    expect((await client.ok('GET', '/packagerevisions?repository=edge')).items).toHaveLength(1)
  })

  it('starts from and leads to the revisions in the request', async () => {
    const { client, files } = await editedClone(moreReplicas, newImage)
    await client.publish('ws3', { resources: { Kptfile: KPTFILE, 'upf.yaml': V1.replace('1.0', '3.0') } })
    const second = await upgraded(client, {
      to: { repository: 'blueprints', package: 'nf/upf', revision: 2 },
    })
    expect((await files(second))['upf.yaml']).toContain('upf:2.0')
    const third = await upgraded(client, { from: second }, 'ws3')
    expect((await files(third))['upf.yaml']).toBe(moreReplicas(V1).replace('1.0', '3.0'))
    expect(Object.keys(await files(third))).not.toContain('README.md')
  })

  it.each([
    ['to the current upstream', { to: 'blueprints.nf.upf.ws1' }, 409, 'conflict'],
    ['to an unknown revision', { to: 'blueprints.nf.upf.none' }, 404, 'not_found'],
    ['from another package', { from: 'blueprints.nf.upf.ws1' }, 400, 'invalid'],
    ['with an unknown strategy', { strategy: 'best' }, 400, 'invalid'],
    ['with fast-forward over local changes', { strategy: 'fast-forward' }, 409, 'conflict'],
  ])('is refused %s', async (_, request, status, code) => {
    const { client } = await editedClone(moreReplicas, newImage)
    const answer = await client.call('POST', '/packagerevisions', {
      repository: 'edge',
      package: 'site-1',
      workspace: 'ws2',
      source: { upgrade: request },
    })
    expect(answer).toMatchObject({ status, body: { code } })
  })

  it('is refused for a package without an upstream', async () => {
    const { client } = await editedClone(moreReplicas, newImage)
    const answer = await client.call('POST', '/packagerevisions/blueprints.nf.upf.ws1/upgrade-preview', {})
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid' } })
  })

  it('fast-forwards a clone without edits', async () => {
    const { client, files } = await editedClone((text) => text, newImage)
    const name = await upgraded(client, { strategy: 'fast-forward' })
    expect((await files(name))['upf.yaml']).toBe(newImage(V1))
    expect((await files(name)).Kptfile).toContain('name: site-1')
  })
})

describe('a conflict', () => {
  const conflicting = () => editedClone((text) => ownImage(moreReplicas(text)), newImage)

  it('is listed, and blocks the proposal of the draft until it is resolved', async () => {
    const { client, files } = await conflicting()
    const name = await upgraded(client)
    const { items } = await client.ok('GET', `/packagerevisions/${name}/conflicts`)
    expect(items).toEqual([
      {
        id: '1',
        path: 'upf.yaml',
        object: 'apps/Deployment upf',
        field: 'spec.template.spec.containers[name=upf].image',
        original: 'upf:1.0',
        local: 'mine:1.0',
        upstream: 'upf:2.0',
        chosen: 'local',
        resolved: false,
        resolution: null,
      },
    ])
    expect((await files(name))['upf.yaml']).toContain('mine:1.0')
    const refused = await client.call('POST', `/packagerevisions/${name}/propose`)
    expect(refused).toMatchObject({ status: 409, body: { code: 'not_ready' } })
    expect(refused.body.errors).toMatchObject([{ path: 'upf.yaml' }])
    const resolved = await client.ok('POST', `/packagerevisions/${name}/conflicts/1/resolve`, {
      choose: 'upstream',
    })
    expect(resolved).toMatchObject({ resolved: true, resolution: 'upstream' })
    expect((await files(name))['upf.yaml']).toBe(newImage(moreReplicas(V1)))
    await client.verb(name, 'propose')
    await client.verb(name, 'approve')
    expect((await client.ok('GET', `/packagerevisions/${name}/conflicts`)).items).toMatchObject([
      { resolved: true },
    ])
  })

  it.each([
    ['for the local side', { choose: 'local' }, 'mine:1.0'],
    ['with a value', { value: 'upf:2.0-mine' }, 'upf:2.0-mine'],
  ])('can be resolved %s', async (_, choice, image) => {
    const { client, files } = await conflicting()
    const name = await upgraded(client)
    await client.ok('POST', `/packagerevisions/${name}/conflicts/1/resolve`, choice)
    expect((await files(name))['upf.yaml']).toBe(moreReplicas(V1).replace('upf:1.0', image))
    await client.verb(name, 'propose')
  })

  it('is resolved by an edit of its field, but not by other edits', async () => {
    const { client, files } = await conflicting()
    const name = await upgraded(client)
    const text = (await files(name))['upf.yaml'] ?? ''
    await patch(client, name, { 'upf.yaml': text.replace('replicas: 3', 'replicas: 5') })
    expect((await client.ok('GET', `/packagerevisions/${name}/conflicts`)).items).toMatchObject([
      { resolved: false },
    ])
    await patch(client, name, { 'upf.yaml': text.replace('mine:1.0', 'mine:2.0') })
    expect((await client.ok('GET', `/packagerevisions/${name}/conflicts`)).items).toMatchObject([
      { resolved: true, resolution: 'edit' },
    ])
    await client.verb(name, 'propose')
  })

  it('can be resolved once, with a valid choice and a matching If-Match', async () => {
    const { client } = await conflicting()
    const name = await upgraded(client)
    const resolve = (id: string, body: object | string, headers = {}) =>
      client.call('POST', `/packagerevisions/${name}/conflicts/${id}/resolve`, body, headers)
    expect(await resolve('2', { choose: 'local' })).toMatchObject({ status: 404 })
    expect(await resolve('1', {})).toMatchObject({ status: 400 })
    expect(await resolve('1', { choose: 'local', value: 1 })).toMatchObject({ status: 400 })
    for (const depth of [200, 20_000]) {
      const deep = `{"value":${'['.repeat(depth)}12345678901234567${']'.repeat(depth)}}`
      const refused = await resolve('1', deep, { 'Content-Type': 'application/json' })
      expect(refused).toMatchObject({ status: 400, body: { code: 'invalid' } })
    }
    expect(await resolve('1', { choose: 'local' }, { 'If-Match': '"1"' })).toMatchObject({ status: 412 })
    expect(await resolve('1', { choose: 'local' })).toMatchObject({ status: 200 })
    expect(await resolve('1', { choose: 'upstream' })).toMatchObject({
      status: 409,
      body: { code: 'conflict' },
    })
  })

  it('is copied with the draft, and blocks further upgrades', async () => {
    const { client } = await conflicting()
    const name = await upgraded(client)
    await client.createDraft('copy', { copy: { from: name } }, { repository: 'edge', package: 'site-1' })
    expect(await client.call('POST', '/packagerevisions/edge.site-1.copy/propose')).toMatchObject({
      status: 409,
    })
    await client.publish('ws3', { resources: { 'upf.yaml': V1 } })
    expect(await client.call('POST', `/packagerevisions/${name}/upgrade-preview`, {})).toMatchObject({
      status: 409,
      body: { code: 'not_ready' },
    })
  })

  it('is stored in the registry beside the draft, and deleted with it', async () => {
    const { client } = await conflicting()
    const name = await upgraded(client)
    expect(await client.tags('edge/site-1')).toContain('_conflicts-ws2')
    await client.call('DELETE', `/packagerevisions/${name}`, undefined, { 'If-Match': '*' })
    expect(await client.tags('edge/site-1')).not.toContain('_conflicts-ws2')
  })
})
