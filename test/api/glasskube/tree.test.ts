/** Reads a repository as Glasskube's clients do. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { memoryApp, type TestApp } from '../../support/app.ts'
import type { Client } from '../../support/client.ts'
import { draftVersion, glasskubeRepository, publishVersion } from '../../support/glasskube.ts'
import { get, latestVersions, textAt, versionsOf } from '../../support/read-tree.ts'

async function withRepository(): Promise<TestApp> {
  const app = await memoryApp()
  await glasskubeRepository(app.client)
  return app
}

async function publishAll(client: Client, ...versions: string[]): Promise<void> {
  for (const version of versions) await publishVersion(client, 'store', version)
}

async function remove(client: Client, name: string): Promise<void> {
  await client.verb(name, 'propose-deletion')
  await client.verb(name, 'approve')
}

describe('the lists of a repository', () => {
  it('have all that is published and nothing else, at once after each change', async () => {
    const { client } = await withRepository()
    expect(await latestVersions(client)).toEqual({})
    await publishAll(client, '1.10.0+2', '1.9.0', '1.10.0+10', '2.0.0-rc.1')
    await publishVersion(client, 'cache', '0.1.0')
    await draftVersion(client, 'store', '3.0.0')
    await draftVersion(client, 'drafted', '1.0.0')
    expect(await versionsOf(client)).toEqual({
      latest: 'v1.10.0+10',
      versions: ['v1.9.0', 'v1.10.0+2', 'v1.10.0+10', 'v2.0.0-rc.1'],
    })
    expect(Object.entries(await latestVersions(client))).toEqual([
      ['cache', 'v0.1.0'],
      ['store', 'v1.10.0+10'],
    ])

    await client.ok('PATCH', '/packages/apps/store', { latestVersion: '1.9.0' })
    expect((await versionsOf(client)).latest).toBe('v1.9.0')
    expect(await latestVersions(client)).toMatchObject({ store: 'v1.9.0' })

    await remove(client, 'apps.store.1-9-0')
    await remove(client, 'apps.cache.0-1-0')
    expect(await versionsOf(client)).toEqual({
      latest: 'v1.10.0+10',
      versions: ['v1.10.0+2', 'v1.10.0+10', 'v2.0.0-rc.1'],
    })
    expect(await latestVersions(client)).toEqual({ store: 'v1.10.0+10' })
    expect((await get(client, 'apps/store/v1.9.0/package.yaml')).status).toBe(404)
    expect((await get(client, 'apps/cache/versions.yaml')).status).toBe(404)
    expect((await get(client, 'apps/drafted/versions.yaml')).status).toBe(404)
  })

  it('keep a deprecated version, and one whose deletion is only proposed', async () => {
    const { client } = await withRepository()
    await publishAll(client, '1.0.0', '1.1.0')
    const deprecations = { '1.1.0': { message: 'loses data', successor: '1.0.0' } }
    await client.ok('PATCH', '/packages/apps/store', { deprecations })
    await client.verb('apps.store.1-0-0', 'propose-deletion')
    expect(await versionsOf(client)).toEqual({ latest: 'v1.1.0', versions: ['v1.0.0', 'v1.1.0'] })
    for (const version of ['v1.0.0', 'v1.1.0']) await textAt(client, `apps/store/${version}/package.yaml`)
  })

  it('show what the manifest of the latest version says', async () => {
    const { client } = await withRepository()
    const old = { shortDescription: 'Old', scope: 'Cluster', iconUrl: 'https://icons.test/old.png' }
    await publishVersion(client, 'store', '1.0.0', { fields: old })
    await publishVersion(client, 'store', '1.1.0', { fields: { shortDescription: 'New' } })
    const entry = 'packages:\n- latestVersion: v1.1.0\n  name: store\n  shortDescription: New\n'
    expect(await textAt(client, 'apps/index.yaml')).toBe(entry)
    await client.ok('PATCH', '/packages/apps/store', { latestVersion: '1.0.0' })
    expect(await textAt(client, 'apps/index.yaml')).toBe(
      'packages:\n- iconUrl: https://icons.test/old.png\n  latestVersion: v1.0.0\n  name: store\n  scope: Cluster\n  shortDescription: Old\n',
    )
  })

  it('are those of a repository that was deleted and made again', async () => {
    const { client } = await withRepository()
    await publishVersion(client, 'store', '1.0.0')
    expect(await latestVersions(client)).toEqual({ store: 'v1.0.0' })
    await remove(client, 'apps.store.1-0-0')
    await client.ok('DELETE', '/repositories/apps', undefined, { 'If-Match': '*' })
    expect((await get(client, 'apps/index.yaml')).status).toBe(404)
    await glasskubeRepository(client)
    await publishVersion(client, 'other', '2.0.0')
    expect(await latestVersions(client)).toEqual({ other: 'v2.0.0' })
  })

  it('are missing for packages of another format, with a reason', async () => {
    const { client } = await withRepository()
    await client.createRepository('blueprints')
    await client.publish('ws1', { init: {} }, { package: 'upf', version: '1.0.0' })
    for (const path of ['index.yaml', 'upf/versions.yaml', 'upf/v1.0.0/Kptfile']) {
      const answer = await get(client, `blueprints/${path}`)
      expect(answer.status).toBe(404)
      expect(await answer.text()).toBe(
        "blueprints is no Glasskube repository, so Glasskube's clients cannot read its packages\n",
      )
    }
    const none = await get(client, 'none/index.yaml')
    expect([none.status, await none.text()]).toEqual([404, 'there is no repository none\n'])
  })
})

describe('the files of a version', () => {
  const YAML = '# Ünicode, no line feed at the end, and CRLF\r\nname: store\ndefaultNamespace:   store'
  const BINARY = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
  const FILES = {
    'package.yaml': YAML,
    'manifest.yml': 'a: 1\n',
    'values.schema.JSON': '{}',
    'deep/er/page.html': '<script>alert(1)</script>',
    'icon.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
    'README.md': '# Store',
    'notes +&%20.txt': 'spaces',
    LICENSE: 'do what you like',
    'blob.bin': { base64: BINARY.toString('base64') },
    'empty.yaml': '',
  }

  it('are those that were published, byte for byte, with types that the client takes', async () => {
    const { client } = await withRepository()
    await publishVersion(client, 'store', '1.17.0+2', { files: FILES })
    const types: Record<string, string> = {}
    for (const [path, file] of Object.entries(FILES)) {
      const escaped = path.split('/').map(encodeURIComponent).join('/')
      const answer = await get(client, `apps/store/v1.17.0+2/${escaped}`)
      expect(answer.status, path).toBe(200)
      const content = typeof file === 'string' ? Buffer.from(file) : BINARY
      expect(Buffer.from(await answer.arrayBuffer()), path).toEqual(content)
      expect(answer.headers.get('Content-Length')).toBe(String(content.byteLength))
      expect(answer.headers.get('X-Content-Type-Options')).toBe('nosniff')
      types[path] = answer.headers.get('Content-Type') ?? ''
    }
    expect(types).toEqual({
      'package.yaml': 'application/yaml',
      'manifest.yml': 'application/yaml',
      'values.schema.JSON': 'application/json',
      'deep/er/page.html': 'application/octet-stream',
      'icon.svg': 'application/octet-stream',
      'README.md': 'text/plain; charset=utf-8',
      'notes +&%20.txt': 'text/plain; charset=utf-8',
      LICENSE: 'application/octet-stream',
      'blob.bin': 'application/octet-stream',
      'empty.yaml': 'application/yaml',
    })
  })

  it.each(['v1.17.0+2', 'v1.17.0%2B2', 'v1.17.0%2b2', '1.17.0+2', '1.17.0%2B2'])(
    'are found below %s',
    async (version) => {
      const { client } = await withRepository()
      await publishAll(client, '1.17.0+2')
      expect(await textAt(client, `apps/store/${version}/package.yaml`)).toContain('name: store')
    },
  )

  it.each([
    'v1.17.0%202',
    'v1.17.0 2',
    'v1.17.0%252B2',
    'v1.17.0',
    'vv1.17.0+2',
    'V1.17.0+2',
    'v1.17.0+02',
    'v1.17.0+1',
    'latest',
  ])('are not found below %s', async (version) => {
    const { client } = await withRepository()
    await publishAll(client, '1.17.0+2')
    const answer = await get(client, `apps/store/${version}/package.yaml`)
    expect(answer.status).toBe(404)
    expect(answer.headers.get('Cache-Control')).toBe('no-store')
  })

  it('are missing where there is none, and so is a folder', async () => {
    const { client } = await withRepository()
    await publishVersion(client, 'store', '1.0.0', { files: FILES })
    for (const path of ['none.yaml', 'deep', 'deep/er/', 'PACKAGE.YAML', 'package.yaml/'])
      expect((await get(client, `apps/store/v1.0.0/${path}`)).status, path).toBe(404)
    for (const path of [
      '',
      'apps',
      'apps/',
      'apps/store',
      'apps/store/',
      'apps/store/v1.0.0',
      'apps/store/v1.0.0/',
    ])
      expect((await get(client, path)).status, path).toBe(404)
  })
})

describe('each file', () => {
  const PATHS = ['apps/index.yaml', 'apps/store/versions.yaml', 'apps/store/v1.0.0/package.yaml']

  it.each(PATHS)('%s has the digest of its content as its ETag, and is not sent again', async (path) => {
    const { client } = await withRepository()
    await publishAll(client, '1.0.0')
    const first = await get(client, path)
    const digest = createHash('sha256')
      .update(await first.text())
      .digest('hex')
    const tag = first.headers.get('ETag') ?? ''
    expect(tag).toBe(`"sha256:${digest}"`)
    for (const known of [tag, `W/${tag}`, `"x", ${tag}`, '*']) {
      const again = await get(client, path, { 'If-None-Match': known })
      expect([again.status, await again.text()], known).toEqual([304, ''])
      expect(again.headers.get('ETag')).toBe(tag)
      expect(again.headers.get('Cache-Control')).toBe(first.headers.get('Cache-Control'))
    }
    for (const other of ['"x"', 'malformed', tag.replace('sha256', 'sha512')])
      expect((await get(client, path, { 'If-None-Match': other })).status, other).toBe(200)
    if (path.endsWith('package.yaml')) return
    await publishAll(client, '1.1.0')
    expect((await get(client, path, { 'If-None-Match': tag })).status).toBe(200)
  })

  it.each(PATHS)('%s answers HEAD as GET, without the content', async (path) => {
    const { client } = await withRepository()
    await publishAll(client, '1.0.0')
    const head = await get(client, path, {}, 'HEAD')
    const whole = await get(client, path)
    expect([head.status, await head.text()]).toEqual([200, ''])
    const headersOf = ({ headers }: Response) =>
      ['Content-Length', 'Content-Type', 'ETag', 'Cache-Control'].map((name) => headers.get(name))
    expect(headersOf(head)).toEqual(headersOf(whole))
    expect(head.headers.get('Content-Length')).toBe(String((await whole.arrayBuffer()).byteLength))
  })

  it('can only be read', async () => {
    const { client } = await withRepository()
    await publishAll(client, '1.0.0')
    for (const path of PATHS) {
      const answer = await get(client, path, {}, 'PUT')
      expect([answer.status, answer.headers.get('Allow')], path).toEqual([405, 'GET, HEAD'])
    }
  })
})
