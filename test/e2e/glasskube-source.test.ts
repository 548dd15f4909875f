/** Catalogs that are filled from a repository in the format of Glasskube elsewhere. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS } from '../../src/domain/resources.ts'
import { sourceOpener } from '../../src/server/source-registry.ts'
import { Discovery } from '../../src/service/discovery/discovery.ts'
import { getRepository } from '../../src/service/repository-record.ts'
import { folderApp, folderServer, memoryApp, type TestApp } from '../support/app.ts'
import type { Client, Json } from '../support/client.ts'
import { shown, sync } from '../support/discovery.ts'
import { glasskubeRepository, manifest, publishVersion } from '../support/glasskube.ts'
import { treeFolder } from '../support/glasskube-import.ts'
import { indexFile, packageFiles, serveFolder, type WebFolder, writeTree } from '../support/glasskube-tree.ts'
import { listening } from '../support/listening.ts'
import { resolving } from '../support/names.ts'
import { reindexed } from '../support/reindexed.ts'

function register(client: Client, url: URL, source: object = {}): Promise<Json> {
  const place = { url: url.href, format: 'glasskube', ...source }
  return client.ok('POST', '/repositories', { name: 'found', type: 'catalog', source: place })
}

type Versions = Parameters<typeof packageFiles>[1]

/** A server with a tree of the package `app`, and an app with a catalog of it. */
async function start(versions: Versions, latest?: string) {
  const folder = await treeFolder(
    indexFile({ app: 'v1' }),
    packageFiles('app', versions, latest ? { latest } : {}),
  )
  const there = await serveFolder(folder)
  const app = await memoryApp()
  await register(app.client, there.url)
  return { ...app, folder, there, change: (files: Versions) => writeTree(folder, packageFiles('app', files)) }
}

const problems = ({ problems: found }: Json): string[] =>
  found.map(({ reference, reason }: Json) => `${reference.replace(/^.*\/packages\//, '')}: ${reason}`)

/** Syncs as the schedule does, which does not read again what has not changed. */
const pass = ({ parts }: TestApp) => parts.discovery.sync('found', { thorough: false })

describe('a catalog with a source of the format glasskube', () => {
  it('has the versions of the tree, with their files as they are and its latest version', async () => {
    const manifests = [{ url: './a.yaml' }]
    const own = { 'package.yaml': `# as written\n${manifest('app', { manifests })}`, 'a.yaml': 'a: 1\n' }
    const at = await start({ 'v1.10.0+1': own, 'v1.9.0+1': {}, 'v2.0.0-rc.1+1': {} }, 'v1.9.0+1')
    const { client, there } = at
    expect(await client.ok('GET', '/repositories/found')).toMatchObject({
      format: 'glasskube',
      source: {
        format: 'glasskube',
        url: there.url.href,
        packages: null,
        prereleases: true,
        interval: '10m',
      },
    })
    expect(await sync(client)).toMatchObject({
      state: 'Succeeded',
      error: null,
      packages: 1,
      revisions: 3,
      problems: [],
    })
    expect(await shown(client)).toEqual([
      '1 1.9.0+1 v1-9-0-1',
      '2 1.10.0+1 v1-10-0-1',
      '3 2.0.0-rc.1+1 v2-0-0-rc-1-1',
    ])
    expect(await client.resources('found.app.v1-10-0-1')).toEqual(own)
    expect((await client.get('found.app.v1-10-0-1')).annotations).toEqual({
      'pkgserver.dev/origin-reference': new URL('app/v1.10.0+1', there.url).href,
      'pkgserver.dev/origin-digest': expect.stringMatching(/^sha256:/),
    })
    expect(await client.ok('GET', '/packages/found/app')).toMatchObject({
      latestVersion: '1.9.0+1',
      listing: { latestVersion: '1.9.0+1' },
    })
  })

  it('asks for no version that it has', async () => {
    const at = await start({ 'v1.0.0+1': {} })
    await sync(at.client)
    at.there.requests.length = 0
    await pass(at)
    expect(at.there.requests).toEqual(['/packages/index.yaml', '/packages/app/versions.yaml'])
  })

  it('follows what is added to the tree, and its latest version', async () => {
    const at = await start({ 'v1.0.0+1': {}, 'v2.0.0+1': {} }, 'v1.0.0+1')
    await sync(at.client)
    await at.change({ 'v1.0.0+1': {}, 'v1.0.1+1': {}, 'v2.0.0+1': {} })
    await pass(at)
    expect(await shown(at.client)).toEqual(['1 1.0.0+1 v1-0-0-1', '2 2.0.0+1 v2-0-0-1', '3 1.0.1+1 v1-0-1-1'])
    expect(await at.client.ok('GET', '/packages/found/app')).toMatchObject({
      latestVersion: '2.0.0+1',
      listing: { latestVersion: null },
    })
  })

  it('keeps what is published where the tree has changed, and reports it', async () => {
    const at = await start({ 'v1.0.0+1': {}, 'v1.0.0+2': {} })
    await sync(at.client)
    const { artifact } = await at.client.get('found.app.v1-0-0-1')
    await at.change({ 'v1.0.0+1': { 'package.yaml': manifest('app', { longDescription: 'new' }) } })
    const status = await sync(at.client)
    expect(problems(status)).toEqual([
      expect.stringMatching(
        /^app\/v1\.0\.0\+1: the files of v1\.0\.0\+1 have changed since found\.app\.v1-0-0-1 was published from them: sha256:.* → sha256:/,
      ),
    ])
    expect((await at.client.get('found.app.v1-0-0-1')).artifact).toEqual(artifact)
    expect(status.revisions).toBe(2)
  })

  it('reports what it does not take, with line and column, and takes it once it is right', async () => {
    const at = await start({
      'v1.0.0+1': {},
      'v1.0.0': {},
      'v1.1.0+x': {},
      'v1.2.0+1': { 'package.yaml': manifest('other') },
      'v1.3.0+1': undefined,
      '../v1': undefined,
    })
    await writeTree(at.folder, {
      'index.yaml': 'packages: [{name: app}, {name: ../x}, {name: a/b}, {name: lost}]\n',
    })
    const status = await sync(at.client)
    expect(status).toMatchObject({
      state: 'Failed',
      error: expect.stringContaining('lost/versions.yaml'),
      revisions: 1,
    })
    expect(problems(status)).toEqual([
      expect.stringMatching(/^\.\.\/x: its name cannot be the path of a package/),
      expect.stringMatching(/^a\/b: its name cannot be the path of a package/),
      expect.stringMatching(/^app\/\.\.\/v1: it is no version/),
      expect.stringMatching(/^app\/v1\.0\.0\+1: its version clashes with 1\.0\.0/),
      expect.stringMatching(/^app\/v1\.1\.0\+x: it is no version/),
      'app/v1.2.0+1: package.yaml:1:7: name must be app, the name of the package, and is "other"',
      'app/v1.3.0+1: versions.yaml lists it, but its package.yaml is missing',
      expect.stringMatching(/^lost: there is no file /),
    ])
    await at.change({ 'v1.0.0': {}, 'v1.2.0+1': {}, 'v1.3.0+1': {} })
    await pass(at)
    expect((await shown(at.client)).map((line) => line.split(' ')[1])).toEqual([
      '1.0.0',
      '1.2.0+1',
      '1.3.0+1',
    ])
  })

  it('reads a version again that a page stood for, and not one that is too large', async () => {
    const folder = await treeFolder(
      indexFile({ app: 'v2.0.0' }),
      packageFiles('app', { 'v1.0.0': {}, 'v2.0.0': undefined }),
    )
    const files = await serveFolder(folder)
    const asked: string[] = []
    let broken = true
    const { href } = await listening(async (request, response) => {
      const { url = '' } = request
      asked.push(url)
      const isPage = broken && url.endsWith('v1.0.0/package.yaml')
      response.writeHead(200, { 'Content-Type': isPage ? 'text/html' : 'text/yaml' })
      if (url.endsWith('v2.0.0/package.yaml')) response.end(Buffer.alloc(DEFAULT_LIMITS.maxBytes + 1))
      else response.end(await (await fetch(new URL(url, files.url))).text())
    })
    const at = await memoryApp()
    await register(at.client, new URL('/packages/', href))
    await pass(at)
    broken = false
    await pass(at)
    expect(await shown(at.client)).toEqual(['1 1.0.0 v1-0-0'])
    expect(asked.filter((url) => url.endsWith('v2.0.0/package.yaml'))).toHaveLength(1)
  })

  it('leaves prereleases out if it should', async () => {
    const { client, there } = await start({ 'v1.0.0+1': {}, 'v2.0.0-rc.1+1': {} })
    await client.ok('PATCH', '/repositories/found', { source: { prereleases: false } }, { 'If-Match': '*' })
    expect(await sync(client)).toMatchObject({ revisions: 1, problems: [] })
    expect(there.requests).not.toContain('/packages/app/v2.0.0-rc.1+1/package.yaml')
  })

  it('is synced at its interval', async () => {
    const { client, parts } = await start({ 'v1.0.0+1': {} })
    await parts.discovery.syncDue()
    const { status } = await client.ok('GET', '/repositories/found')
    expect(status).toMatchObject({ state: 'Succeeded', revisions: 1 })
    expect(Date.parse(status.nextSyncAt) - Date.parse(status.lastSyncAt)).toBeGreaterThanOrEqual(600_000)
  })

  it('knows after a lost index what it has imported', async () => {
    const at = await start({ 'v1.0.0+1': {}, 'v2.0.0+1': {} }, 'v1.0.0+1')
    await sync(at.client)
    const again = await reindexed(at)
    expect(await again.client.ok('GET', '/repositories/found')).toMatchObject({
      format: 'glasskube',
      source: { format: 'glasskube', url: at.there.url.href },
    })
    const changed = { 'package.yaml': `${manifest('app')}# changed\n` }
    await at.change({ 'v1.0.0+1': changed, 'v2.0.0+1': {} })
    const discovery = new Discovery(again.parts.ctx, {
      open: sourceOpener({ sourceHosts: ['*'], registryConfig: undefined }, '1'),
      report: at.parts.ctx.report,
      onFailure: () => undefined,
    })
    await discovery.sync('found', { thorough: false })
    const status = await discovery.status(await getRepository(again.parts.ctx.db, 'found'))
    expect(problems(status)).toEqual([expect.stringContaining('the files of v1.0.0+1 have changed')])
    expect(await shown(again.client)).toEqual(await shown(at.client))
  })

  it('can have another pkgserver as its source', async () => {
    const there = await folderServer()
    await glasskubeRepository(there.client)
    const manifests = [{ url: './a.yaml' }]
    await publishVersion(there.client, 'app', '1.0.0+1', {
      fields: { manifests },
      files: { 'a.yaml': 'a: 1\n' },
    })
    await publishVersion(there.client, 'app', '1.0.0+2')
    await there.client.ok('PATCH', '/packages/apps/app', { latestVersion: '1.0.0+1' })
    const { client } = await memoryApp()
    await register(client, new URL('/glasskube/apps/', there.url))
    expect(await sync(client)).toMatchObject({ state: 'Succeeded', revisions: 2, problems: [] })
    expect(await client.resources('found.app.v1-0-0-1')).toEqual({
      'package.yaml': manifest('app', { manifests }),
      'a.yaml': 'a: 1\n',
    })
    expect(await client.ok('GET', '/packages/found/app')).toMatchObject({ latestVersion: '1.0.0+1' })
  })

  it('is empty where the tree is gone, until that is back', async () => {
    const at = await start({ 'v1.0.0+1': {} })
    await rm(join(at.folder, 'index.yaml'))
    expect(await sync(at.client)).toMatchObject({
      state: 'Failed',
      error: expect.stringContaining('index.yaml'),
      revisions: 0,
    })
    await writeTree(at.folder, indexFile({ app: 'v1.0.0+1' }))
    expect(await sync(at.client)).toMatchObject({ state: 'Succeeded', revisions: 1 })
  })
})

describe('the source of a Glasskube repository', () => {
  it.each([
    'oci://registry.invalid/team',
    'https://user:secret@packages.invalid/',
    'https://packages.invalid/?a=b',
    'packages',
  ])('has a plain URL, not %s', async (url) => {
    const { client } = await memoryApp()
    const source = { url, format: 'glasskube' }
    const made = await client.call('POST', '/repositories', { name: 'found', type: 'catalog', source })
    expect([made.status, made.body.errors[0].path]).toEqual([400, 'body.source.url'])
  })

  it.each([
    ['krm', 'glasskube'],
    ['glasskube', 'oci'],
  ])('has the same format: not %s and %s', async (format, other) => {
    const { client } = await memoryApp()
    const source = { url: 'https://packages.invalid/x', format: other }
    const { status, body } = await client.call('POST', '/repositories', {
      name: 'found',
      type: 'catalog',
      format,
      source,
    })
    expect([status, body.code]).toEqual([400, 'invalid'])
  })

  it('leads the server to no address that the operator has not allowed', async () => {
    resolving({ 'evil.example': () => '127.0.0.1' })
    const asked: string[] = []
    const inside = await listening((request, response) => {
      asked.push(request.url ?? '')
      response.end()
    })
    const { client } = await folderApp()
    const refused = await client.call('POST', '/repositories', {
      name: 'found',
      type: 'catalog',
      source: { url: inside.href, format: 'glasskube' },
    })
    expect([refused.status, refused.body.code]).toEqual([403, 'forbidden'])
    await register(client, new URL(`http://evil.example:${inside.port}/packages/`), { interval: '0' })
    expect((await sync(client)).error).toContain('is not a public address')
    expect(asked).toEqual([])
  })

  it('leads to no such address by a redirect or a manifest', async () => {
    resolving({ 'evil.example': () => '127.0.0.1', 'good.example': () => '127.0.0.1' })
    const asked: string[] = []
    const inside = await listening((request, response) => {
      asked.push(request.url ?? '')
      response.end('a: 1\n')
    })
    const target = `http://evil.example:${inside.port}/a.yaml`
    const manifests = [{ url: target }, { url: `//evil.example:${inside.port}/b.yaml` }, { url: 'c.yaml' }]
    const files: WebFolder = await serveFolder(
      await treeFolder(
        indexFile({ app: 'v1.0.0' }),
        packageFiles('app', { 'v1.0.0': { 'package.yaml': manifest('app', { manifests }) } }),
      ),
    )
    const redirecting = await listening(async (request, response) => {
      if (request.url?.endsWith('/c.yaml')) response.writeHead(302, { Location: target }).end()
      else response.end(await (await fetch(new URL(request.url ?? '', files.url))).text())
    })
    const { client } = await folderApp(undefined, { PKGSERVER_SOURCE_HOSTS: 'good.example' })
    await register(client, new URL(`http://good.example:${redirecting.port}/packages/`), { interval: '0' })
    expect(await sync(client)).toMatchObject({ state: 'Failed', revisions: 0 })
    expect(asked).toEqual([])
  })
})
