/** Pushes by other OCI clients into the repositories of packages. */
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import { MEDIA_TYPE } from '../../src/oci/media-types.ts'
import { memoryApp, type TestApp } from '../support/app.ts'

const REPOSITORY = 'blueprints/nf/upf'

async function put(
  { client }: TestApp,
  reference: string,
  manifest: string,
  repository = REPOSITORY,
): Promise<Response> {
  const headers = { 'Content-Type': MEDIA_TYPE.manifest }
  return client.send(`/v2/${repository}/manifests/${reference}`, { method: 'PUT', body: manifest, headers })
}

async function pushBlob({ client }: TestApp, content: string, repository = REPOSITORY): Promise<string> {
  const digest = digestOf(Buffer.from(content))
  const response = await client.send(`/v2/${repository}/blobs/uploads/?digest=${digest}`, {
    method: 'POST',
    body: content,
  })
  expect(response.status).toBe(201)
  return digest
}

async function strangersManifest(app: TestApp, more: object = {}, repository = REPOSITORY): Promise<string> {
  const config = { mediaType: 'application/x', digest: await pushBlob(app, '{}', repository), size: 2 }
  return JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.manifest, config, layers: [], ...more })
}

async function remove({ client }: TestApp, path: string): Promise<Response> {
  return client.send(`/v2/${REPOSITORY}/${path}`, { method: 'DELETE' })
}

/** Yields to other tasks this many times. */
async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await setImmediate()
}

async function published(): Promise<
  TestApp & { revision: { name: string; artifact: { digest: string; layerDigest: string } } }
> {
  const app = await memoryApp()
  await app.client.createRepository()
  const revision = await app.client.publish('ws1')
  return { ...app, revision }
}

describe('another OCI client', () => {
  it.each([
    'v1',
    'v1.0.0',
    'latest',
    'v2',
    'v2.0.0',
    '9.9.9',
    'draft-ws2',
    'deletion-proposed-v1',
    '_package',
  ])('cannot set the tag %s of a package, used or reserved', async (tag) => {
    const app = await published()
    await app.client.createDraft('ws2')
    const before = await app.client.resolve(tag)
    const response = await put(app, tag, await strangersManifest(app))
    expect(response.status).toBe(409)
    expect(await response.json()).toMatchObject({
      errors: [{ code: 'DENIED', message: expect.stringContaining('by pkgserver alone') }],
    })
    expect(await app.client.resolve(tag)).toBe(before)
  })

  it('cannot set such a tag along with others when it pushes a manifest by its digest', async () => {
    const app = await published()
    const manifest = await strangersManifest(app)
    const digest = digestOf(Buffer.from(manifest))
    expect((await put(app, `${digest}?tag=mine&tag=v2`, manifest)).status).toBe(409)
    expect(await app.client.resolve('mine')).toBeUndefined()
    expect(await app.client.resolve(digest)).toBeUndefined()
    expect((await put(app, `${digest}?tag=mine&tag=yours`, manifest)).status).toBe(201)
    expect(await app.client.resolve('yours')).toBe(digest)
  })

  it('cannot set such a tag before the package exists, and leaves its first number free', async () => {
    const app = await memoryApp()
    await app.client.createRepository()
    expect((await put(app, 'v1', await strangersManifest(app))).status).toBe(409)
    const revision = await app.client.publish('ws1')
    expect(await app.client.resolve('v1')).toBe(revision.artifact.digest)
  })

  it('may push a published manifest again under its own tags, which changes nothing', async () => {
    const app = await published()
    const manifest = await (await app.client.send(`/v2/${REPOSITORY}/manifests/v1`)).text()
    for (const reference of ['v1', 'v1.0.0', 'latest', app.revision.artifact.digest]) {
      expect((await put(app, reference, manifest)).status, reference).toBe(201)
    }
    expect((await put(app, 'v2', manifest)).status).toBe(409)
    expect(await app.client.tags()).toEqual(['latest', 'v1', 'v1.0.0'])
  })

  it('cannot delete revisions, drafts, records or their blobs', async () => {
    const app = await published()
    const draft = await app.client.createDraft('ws2')
    await app.client.verb(app.revision.name, 'propose-deletion')
    const record = await app.client.resolve('deletion-proposed-v1')
    const before = await app.client.tags()
    for (const path of [
      ...before.map((tag) => `manifests/${tag}`),
      `manifests/${app.revision.artifact.digest}`,
      `manifests/${draft.artifact.digest}`,
      `manifests/${record}`,
    ]) {
      expect((await remove(app, path)).status, path).toBe(409)
    }
    const blob = await remove(app, `blobs/${app.revision.artifact.layerDigest}`)
    expect(blob.status).toBe(403)
    expect(await blob.json()).toMatchObject({ errors: [{ code: 'DENIED' }] })
    expect(await app.client.tags()).toEqual(before)
    expect(await app.client.resources(app.revision.name)).toHaveProperty('Kptfile')
  })

  it('may push and delete under other tags without affecting the package', async () => {
    const app = await published()
    const manifest = await strangersManifest(app)
    expect((await put(app, 'mine', manifest)).status).toBe(201)
    await app.client.publish('ws2')
    expect(await app.client.tags()).toEqual(['latest', 'mine', 'v1', 'v1.0.0', 'v2', 'v2.0.0'])
    expect((await app.client.ok('GET', '/packagerevisions')).items).toHaveLength(2)
    expect((await remove(app, 'manifests/mine')).status).toBe(202)
    expect((await remove(app, `manifests/${digestOf(Buffer.from(manifest))}`)).status).toBe(202)
    expect(await app.client.tags()).toEqual(['latest', 'v1', 'v1.0.0', 'v2', 'v2.0.0'])
  })

  it('may attach a signature to a published revision', async () => {
    const app = await published()
    const subject = { mediaType: MEDIA_TYPE.manifest, digest: app.revision.artifact.digest, size: 1 }
    const signature = await strangersManifest(app, {
      subject,
      artifactType: 'application/vnd.example.signature',
    })
    const response = await put(app, digestOf(Buffer.from(signature)), signature)
    expect(response.status).toBe(201)
    const referrers = await (await app.client.send(`/v2/${REPOSITORY}/referrers/${subject.digest}`)).json()
    expect(referrers).toMatchObject({ manifests: [{ artifactType: 'application/vnd.example.signature' }] })
  })

  it('may use any tag in a repository that is not managed', async () => {
    const app = await published()
    const manifest = await strangersManifest(app, {}, 'tools/helper')
    for (const tag of ['v1', 'latest'])
      expect((await put(app, tag, manifest, 'tools/helper')).status).toBe(201)
    expect((await app.client.send('/v2/tools/helper/manifests/v1', { method: 'DELETE' })).status).toBe(202)
  })

  it.each([
    ['strange', '_repository'],
    ['strange/package', '_package'],
    ['strange/package', '_conflicts-ws1'],
  ])('cannot make records, not even in a repository that is not managed: %s:%s', async (repository, tag) => {
    const app = await memoryApp()
    const manifest = await strangersManifest(app, {}, repository)
    expect((await put(app, tag, manifest, repository)).status).toBe(409)
    await app.client.createRepository('strange')
  })

  it.each(['v1', 'latest', 'v9.0.0', '9.9.9'])(
    'is reported if it set the tag %s before the repository was registered',
    async (tag) => {
      const app = await memoryApp()
      expect((await put(app, tag, await strangersManifest(app))).status).toBe(201)
      expect((await put(app, 'mine', await strangersManifest(app))).status).toBe(201)
      await app.client.createRepository()
      const body = { repository: 'blueprints', package: 'nf/upf', workspace: 'ws1', source: { init: {} } }
      expect(await app.client.call('POST', '/packagerevisions', body)).toMatchObject({
        status: 409,
        body: {
          code: 'conflict',
          detail: expect.stringMatching(
            new RegExp(`only publications of this package may set: ${tag}\\. Delete them`),
          ),
        },
      })
      await app.client.publish('ws1', undefined, { package: 'nf/smf' })

      expect((await remove(app, `manifests/${tag}`)).status).toBe(202)
      expect(await app.client.publish('ws1')).toMatchObject({ revision: 1 })
    },
  )

  it('can delete by digest what it pushed before the repository was registered', async () => {
    const app = await memoryApp()
    const manifest = await strangersManifest(app)
    for (const tag of ['v1', 'latest', 'mine']) expect((await put(app, tag, manifest)).status).toBe(201)
    await app.client.createRepository()
    expect((await remove(app, `manifests/${digestOf(Buffer.from(manifest))}`)).status).toBe(202)
    expect(await app.client.publish('ws1')).toMatchObject({ revision: 1 })
  })

  it('is refused while the package is being created, or makes the creation fail', async () => {
    let refused = 0
    for (let round = 0; round < 40; round++) {
      const app = await memoryApp()
      const manifest = await strangersManifest(app)
      const make = async (): Promise<number> => {
        await turns(round % 8)
        await app.client.createRepository()
        const body = { repository: 'blueprints', package: 'nf/upf', workspace: 'ws1', source: { init: {} } }
        return (await app.client.call('POST', '/packagerevisions', body)).status
      }
      const push = async (): Promise<number> => {
        await turns(round)
        return (await put(app, '9.9.9', manifest)).status
      }
      const [made, pushed] = await Promise.all([make(), push()])
      expect([
        [201, 409],
        [409, 201],
      ]).toContainEqual([made, pushed])
      refused += pushed === 409 ? 1 : 0
    }
    // Unless both happen, the rounds prove nothing.
    expect(refused).toBeGreaterThan(0)
    expect(refused).toBeLessThan(40)
  })

  it('cannot set tags of a package whose repository was deleted', async () => {
    const app = await published()
    await app.client.verb(app.revision.name, 'propose-deletion')
    await app.client.verb(app.revision.name, 'approve')
    await app.client.ok('DELETE', '/repositories/blueprints', undefined, { 'If-Match': '*' })
    expect((await put(app, 'v2', await strangersManifest(app))).status).toBe(409)
  })
})
