import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PACKAGE_ARTIFACT_TYPE } from '../../src/artifact/package-manifest.ts'
import { type Descriptor, describe as describeContent } from '../../src/oci/descriptor.ts'
import {
  EMPTY_CONFIG_BYTES,
  EMPTY_DESCRIPTOR,
  encodeManifest,
  type Manifest,
} from '../../src/oci/manifest.ts'
import { MEDIA_TYPE } from '../../src/oci/media-types.ts'
import { fetchAll, type Repository } from '../../src/oci/roles.ts'
import { allAnswers } from '../support/answers.ts'
import { folderApp, memoryApp, type TestApp } from '../support/app.ts'
import { runCommand } from '../support/process.ts'
import { registryBehind, withoutDeletion, withoutTagDeletion } from '../support/registries.ts'
import { reindexed } from '../support/reindexed.ts'
import { reindexSuite } from './reindex-suite.ts'

function onRegistryBehind(...middlewares: Parameters<typeof registryBehind>[0]): () => Promise<TestApp> {
  return async () => {
    const url = await registryBehind(middlewares)
    return folderApp(undefined, { HOME: '/nonexistent', PKGSERVER_REGISTRY: new URL('/team', url).href })
  }
}

reindexSuite('files', folderApp)
reindexSuite('memory', memoryApp)
reindexSuite('a remote registry', onRegistryBehind())
reindexSuite('a remote registry that cannot delete tags', onRegistryBehind(withoutTagDeletion()))
reindexSuite('a remote registry that cannot delete', onRegistryBehind(withoutDeletion))

describe('a registry that does not list its repositories', () => {
  it('is indexed from the names on the command line', async () => {
    const url = await registryBehind([
      (c, next) => (c.req.path === '/v2/_catalog' ? Promise.resolve(c.text('no', 404)) : next()),
    ])
    const settings = { PKGSERVER_REGISTRY: url.href, HOME: '/nonexistent' }
    const app = await folderApp(undefined, settings)
    await app.client.createRepository()
    await app.client.publish('ws1')
    await app.client.publish('ws2', undefined, { package: 'other' })
    const before = await allAnswers(app.client)
    await app.close()
    await rm(join(app.data, 'index.db'))
    const reindex = (...names: string[]) => runCommand(['reindex', '--data', app.data, ...names], settings)
    expect(await reindex()).toMatchObject({
      code: 1,
      log: expect.stringContaining('Name the OCI repositories to read'),
    })
    const { code, output } = await reindex('blueprints/nf/upf', 'blueprints/other')
    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining('2 revisions') })
    const again = await folderApp(app.data, settings)
    expect(await allAnswers(again.client)).toEqual(before)
  })
})

describe('foreign content in the registry', () => {
  it('is ignored and reported', async () => {
    const app = await memoryApp()
    const { registry } = app.parts.ctx
    await app.client.createRepository()
    const { artifact } = await app.client.publish('ws1')
    await app.client.publish('ws1', undefined, { package: 'other' })
    const before = await allAnswers(app.client)
    const unreadable = registry.repository('blueprints/unreadable')
    const ours = await artifactOf(unreadable, { artifactType: PACKAGE_ARTIFACT_TYPE })
    await unreadable.tag(ours, 'v1', 'latest')
    const target = registry.repository('blueprints/nf/upf')
    const type = 'application/vnd.example.other'
    const stranger = artifactOf(target, { artifactType: type })
    await target.tag(await stranger, 'v9', '_package', 'draft-x', 'deletion-proposed-v1', 'signature')
    await target.tag(await artifactOf(target, { artifactType: PACKAGE_ARTIFACT_TYPE }), 'v8')
    await target.tag(await target.resolve(artifact.digest), 'v7')
    const lone = registry.repository('under_score/tools')
    await lone.tag(await artifactOf(lone, { artifactType: type }), 'v1')
    const again = await reindexed(app)
    const notes = again.report.notes.map(({ message }) => message).join('\n')
    for (const tag of ['v9', '_package', 'draft-x', 'deletion-proposed-v1', 'v8', 'v7']) {
      expect(notes).toContain(`the tag ${tag} is ignored`)
    }
    expect(again.report.notes).toContainEqual({
      repository: 'blueprints/unreadable',
      message: expect.stringContaining('the tag v1 is ignored: its annotations'),
    })
    expect(again.report.notes.map(({ repository }) => repository)).not.toContain('under_score/tools')
    expect(await allAnswers(again.client)).toEqual(before)
    // A foreign tag that points to our artifact would be deployed.
    expect(await app.client.resolve('v7')).toBeUndefined()
    expect(await app.client.resolve('v9')).toBeDefined()
  })
})

/** A copy of a published manifest that says of itself that it is a revision of another package, with its content. */
async function forged({ client, parts }: TestApp, repository: string, digest: string): Promise<Buffer> {
  const source = parts.ctx.registry.repository('blueprints/nf/upf')
  const manifest = await (await client.send(`/v2/blueprints/nf/upf/manifests/${digest}`)).json()
  const { annotations, config, layers } = manifest as Manifest
  for (const blob of [config, ...layers]) {
    await parts.ctx.registry.repository(repository).push(blob, await fetchAll(source, blob, blob.size))
  }
  const [name, ...path] = repository.split('/')
  const claims = {
    'dev.pkgserver.repository': name,
    'dev.pkgserver.package': path.join('/'),
    'dev.pkgserver.published-by': 'the administrator',
  }
  return Buffer.from(
    JSON.stringify({ ...(manifest as Manifest), annotations: { ...annotations, ...claims } }),
  )
}

describe('packages that others pushed before there was a repository', () => {
  it('are refused where the registry is our own', async () => {
    const app = await memoryApp()
    await app.client.createRepository()
    const { artifact } = await app.client.publish('ws1')
    const headers = { 'Content-Type': MEDIA_TYPE.manifest }
    for (const tag of ['v1', 'latest', 'v1.0.0', 'draft-ws1']) {
      const body = await forged(app, 'strange/nf/upf', artifact.digest)
      const { status } = await app.client.send(`/v2/strange/nf/upf/manifests/${tag}`, {
        method: 'PUT',
        headers,
        body,
      })
      expect([tag, status]).toEqual([tag, 409])
    }
  })

  it('are not indexed, nor added by a repair', async () => {
    const app = await memoryApp()
    const { client } = app
    await client.createRepository()
    const { artifact } = await client.publish('ws1')
    const before = await allAnswers(client)
    // An external registry lets others do this.
    const target = app.parts.ctx.registry.repository('strange/nf/upf')
    const bytes = await forged(app, 'strange/nf/upf', artifact.digest)
    const descriptor = describeContent(MEDIA_TYPE.manifest, bytes)
    await target.push(descriptor, bytes)
    await target.tag(descriptor, 'v1', 'latest')
    expect((await client.ok('POST', '/verifications', { fix: true })).differences).toEqual([])
    const { client: again, report } = await reindexed(app)
    expect(report.notes).toEqual([
      {
        repository: 'strange/nf/upf',
        message: expect.stringContaining('there is no record of the repository strange'),
      },
    ])
    expect(await allAnswers(again)).toEqual(before)

    // An operator who has lost no more than the record gets the packages back.
    await client.createRepository('strange')
    const { client: last } = await reindexed(app)
    expect(await last.get('strange.nf.upf.ws1')).toMatchObject({ revision: 1 })
  })
})

async function artifactOf(
  target: Repository,
  { artifactType }: { artifactType: string },
): Promise<Descriptor> {
  await target.push(EMPTY_DESCRIPTOR, EMPTY_CONFIG_BYTES)
  const bytes = encodeManifest({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    artifactType,
    config: EMPTY_DESCRIPTOR,
    layers: [EMPTY_DESCRIPTOR],
  })
  const descriptor = describeContent(MEDIA_TYPE.manifest, bytes)
  await target.push(descriptor, bytes)
  return descriptor
}
