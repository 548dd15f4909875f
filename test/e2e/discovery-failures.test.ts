/** Discovery reports artifacts and registries that it cannot read, and continues with the others. */
import { writeFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { MiddlewareHandler } from 'hono'
import { describe, expect, it, vi } from 'vitest'
import { AppError } from '../../src/core/errors.ts'
import { describe as describeBytes } from '../../src/oci/descriptor.ts'
import { MEDIA_TYPE } from '../../src/oci/media-types.ts'
import { sourceOpener } from '../../src/server/source-registry.ts'
import { Discovery } from '../../src/service/discovery/discovery.ts'
import { folderApp, memoryApp } from '../support/app.ts'
import type { Json } from '../support/client.ts'
import { files, register, revisions, shown, sync } from '../support/discovery.ts'
import { elsewhere, FLUX_LAYER, tarOf } from '../support/elsewhere.ts'
import { breakRegistry } from '../support/faults.ts'
import { listening } from '../support/listening.ts'
import { withBasic } from '../support/registries.ts'
import { tarGz } from '../support/tar.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { until } from '../support/until.ts'

/** Answers requests whose path matches with this status, and passes the others on. */
function refusing(what: RegExp, status: 401 | 403 | 404 | 405): MiddlewareHandler {
  return async (c, next) => {
    if (!what.test(c.req.path)) return next()
    const code = status === 404 ? 'NAME_UNKNOWN' : 'DENIED'
    return c.json({ errors: [{ code, message: 'no' }] }, status)
  }
}

describe('an artifact that cannot be read', () => {
  it('is reported, and does not stop the others', async () => {
    const there = await elsewhere()
    const { client } = await memoryApp()
    await there.flux('team/upf', 'v1.0.0', files(1))
    await there.push('team/upf', 'v1.1.0', [{ bytes: Buffer.from('garbage') }])
    await there.push('team/upf', 'v1.2.0', [{ bytes: tarGz([{ name: '../a', content: 'x' }]) }])
    const missing = {
      mediaType: FLUX_LAYER,
      digest: `sha256:${'1'.repeat(64)}`,
      size: 100,
      urls: ['https://a/b'],
    }
    await there.push('team/upf', 'v1.3.0', [{ bytes: Buffer.alloc(0), descriptor: missing }])
    const huge = { ...missing, digest: `sha256:${'2'.repeat(64)}`, size: 1 << 30 }
    await there.push('team/upf', 'v1.4.0', [{ bytes: Buffer.alloc(0), descriptor: huge }])
    const [image] = [await there.push('team/upf', 'image', [{ bytes: tarOf(files(1)) }])]
    await there.put('team/upf', 'v1.5.0', {
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.index,
      manifests: [image, describeBytes(MEDIA_TYPE.manifest, Buffer.from('elsewhere'))],
    })
    await there.push('team/upf', 'v1.6.0', [])
    await there.flux('team/upf', 'v2.0.0', files(2))
    await there.flux('team/not_a_path', 'v1.0.0', files(2))
    await register(client, there)
    const status = await sync(client)
    expect(status).toMatchObject({
      state: 'Succeeded',
      error: null,
      packages: 2,
      revisions: 2,
      problemCount: 7,
    })
    const reasons = Object.fromEntries(
      status.problems.map(({ reference, reason }: Json) => [reference.replace(/^.*\/team\//, ''), reason]),
    )
    expect(reasons).toEqual({
      not_a_path: expect.stringContaining('its name cannot be the path of a package'),
      'upf:v1.1.0': expect.stringContaining('should be a tar, and is not one'),
      'upf:v1.2.0': expect.stringContaining('"../a"'),
      'upf:v1.3.0': expect.stringContaining('404'),
      'upf:v1.4.0': expect.stringContaining('more than 67108864 bytes'),
      'upf:v1.5.0': expect.stringContaining('an index of 2 manifests'),
      'upf:v1.6.0': 'the artifact has no layers with files',
    })
    expect(await shown(client)).toEqual(['1 1.0.0 v1-0-0', '2 2.0.0 v2-0-0'])
  })

  it('is read again if its tag moves or a client requests a sync', async () => {
    const there = await elsewhere()
    const { client, parts } = await memoryApp()
    await there.push('team/upf', 'v1.0.0', [{ bytes: Buffer.from('garbage') }])
    await there.flux('team/upf', 'v2.0.0', files(2))
    await register(client, there)
    expect(await sync(client)).toMatchObject({ problemCount: 1, revisions: 1 })
    const pulls = () => there.requests.filter(({ line }) => line.includes('/blobs/')).length
    there.requests.length = 0
    await parts.discovery.sync('found', { thorough: false })
    expect(pulls()).toBe(0)
    await sync(client)
    expect(pulls()).toBe(1)
    await there.flux('team/upf', 'v1.0.0', files(1))
    await parts.discovery.sync('found', { thorough: false })
    // Its number follows those of the revisions found before it.
    expect(await shown(client)).toEqual(['1 2.0.0 v2-0-0', '2 1.0.0 v1-0-0'])
    expect(await sync(client)).toMatchObject({ problems: [] })
  })

  it('is reported if its bytes do not match its digest', async () => {
    let broken = true
    const there = await elsewhere([
      async (c, next) => {
        await next()
        if (broken && c.req.method === 'GET' && c.req.path.includes('/blobs/')) {
          const bytes = Buffer.from(await c.res.arrayBuffer())
          bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1
          c.res = new Response(bytes, c.res)
        }
      },
    ])
    const { client } = await memoryApp()
    await there.flux('team/upf', 'v1.0.0', files(1))
    await register(client, there)
    const { problems, state } = await sync(client)
    expect(state).toBe('Succeeded')
    expect(problems[0].reason).toContain('has the digest')
    broken = false
    expect(await sync(client)).toMatchObject({ revisions: 1, problems: [] })
  })
})

describe('a source registry', () => {
  it('may be down for a while', async () => {
    let down = false
    const there = await elsewhere([
      async (c, next) => (down ? c.json({ errors: [{ code: 'X', message: 'busy' }] }, 503) : next()),
    ])
    const { client } = await memoryApp()
    await there.flux('team/upf', 'v1.0.0', files(1))
    await register(client, there)
    const first = await sync(client)
    down = true
    const failed = await sync(client)
    expect(failed).toMatchObject({ state: 'Failed', lastSuccessAt: first.lastSyncAt, revisions: 1 })
    expect(failed.error).toContain('503')
    down = false
    expect(await sync(client)).toMatchObject({ state: 'Succeeded', error: null, problems: [] })
  })

  it('needs its repositories named if it cannot list them', async () => {
    const there = await elsewhere([refusing(/_catalog/, 404)])
    const { client } = await memoryApp()
    await there.flux('team/upf', 'v1.0.0', files(1))
    await there.flux('team/smf', 'v1.0.0', files(1))
    await register(client, there)
    const failed = await sync(client)
    expect(failed.state).toBe('Failed')
    expect(failed.error).toContain('name those to take in the packages of the source')
    const any = { 'If-Match': '*' }
    const named = { source: { packages: ['upf', 'amf'] } }
    await client.ok('PATCH', '/repositories/found', named, any)
    const partial = await sync(client)
    expect(partial).toMatchObject({ state: 'Failed', packages: 2, revisions: 1 })
    expect(partial.problems).toMatchObject([{ reference: `${there.url.host}/team/amf` }])
    await client.ok('PATCH', '/repositories/found', { source: { packages: ['upf'] } }, any)
    expect(await sync(client)).toMatchObject({ state: 'Succeeded', problems: [], packages: 1 })
  })

  it('may list repositories that have lost their tags', async () => {
    const there = await elsewhere([refusing(/\/team\/gone\//, 404)])
    const { client } = await memoryApp()
    await there.flux('team/gone', 'v1.0.0', files(1))
    await there.flux('team/upf', 'v1.0.0', files(1))
    await register(client, there)
    expect(await sync(client)).toMatchObject({ state: 'Succeeded', problems: [], revisions: 1 })
  })

  it('may refuse one repository without stopping the others', async () => {
    const there = await elsewhere([refusing(/\/team\/secret\//, 403)])
    const { client } = await memoryApp()
    await there.flux('team/secret', 'v1.0.0', files(1))
    await there.flux('team/upf', 'v1.0.0', files(1))
    await register(client, there)
    const status = await sync(client)
    expect(status).toMatchObject({ state: 'Failed', revisions: 1, lastSuccessAt: null })
    expect(status.problems).toMatchObject([{ reference: `${there.url.host}/team/secret` }])
  })

  it('gets the credentials configured for it, which no response reveals', async () => {
    const there = await elsewhere([withBasic('robot', 'secret')])
    await there.flux('team/upf', 'v1.0.0', files(1))
    const folder = await temporaryFolder()
    const auth = Buffer.from('robot:secret').toString('base64')
    const config = { auths: { [there.url.host]: { auth } } }
    await writeFile(join(folder, 'config.json'), JSON.stringify(config))
    const { client } = await folderApp(undefined, {
      PKGSERVER_SOURCE_HOSTS: there.url.host,
      DOCKER_CONFIG: folder,
    })
    await register(client, there)
    expect(await sync(client)).toMatchObject({ state: 'Succeeded', revisions: 1 })
    const { text } = await client.call('GET', '/repositories/found')
    expect(text).not.toContain('robot')
    await writeFile(join(folder, 'config.json'), '{}')
  })

  it('must be on a host that the server may reach', async () => {
    const there = await elsewhere()
    const { client } = await folderApp()
    for (const url of [
      there.url.href,
      'http://169.254.169.254/latest',
      'oci://localhost/x',
      'http://[::1]/x',
    ]) {
      const call = { name: 'found', type: 'catalog', source: { url } }
      const refused = await client.call('POST', '/repositories', call)
      expect(refused, url).toMatchObject({ status: 403, body: { code: 'forbidden' } })
      expect(refused.body.detail).toContain('PKGSERVER_SOURCE_HOSTS')
    }
    expect(there.requests).toEqual([])
    const {
      client: choosy,
      data,
      close,
    } = await folderApp(undefined, { PKGSERVER_SOURCE_HOSTS: '127.0.0.1, a.example' })
    await register(choosy, there, { interval: '0' })
    await close()
    const { client: changed } = await folderApp(data, { PKGSERVER_SOURCE_HOSTS: 'a.example' })
    const status = await sync(changed)
    expect(status).toMatchObject({ state: 'Failed', nextSyncAt: null })
    expect(status.error).toContain('may not fill repositories')
  })
})

describe('a silent source', () => {
  it('delays neither other sources nor writes, however often its sync is requested', async () => {
    const { client, parts } = await memoryApp()
    const there = await elsewhere()
    await there.flux('team/upf', 'v1.0.0', files(1))
    const unanswered: ServerResponse[] = []
    const silent = await listening((_, response) => void unanswered.push(response))
    const source = (url: URL) => ({ type: 'catalog', source: { url: url.href } })
    for (let i = 0; i < 10; i++)
      await client.ok('POST', '/repositories', { name: `silent${i}`, ...source(silent) })
    await register(client, there)
    const due = parts.discovery.syncDue()
    const status = async () => (await client.ok('GET', '/repositories/found')).status
    await expect.poll(status).toMatchObject({ state: 'Succeeded', revisions: 1 })
    for (let i = 0; i < 40; i++) {
      const requested = await client.call('POST', `/repositories/silent${i % 10}/sync`)
      expect(requested).toMatchObject({ status: 202, body: { state: 'Syncing' } })
    }
    await client.createRepository()
    await client.createDraft('ws1')
    expect(await sync(client)).toMatchObject({ state: 'Succeeded' })
    // All ten are asked once, two at a time, and once more as it was requested.
    let answered = 0
    while (answered < 20) {
      await until(() => unanswered.length > 0)
      for (const response of unanswered.splice(0)) {
        response.writeHead(404).end()
        answered++
      }
    }
    await due
    const shown = async () => (await client.ok('GET', '/repositories')).items
    expect(await shown()).toHaveLength(12)
  })
})

describe('many silent sources', () => {
  it('leave room for others after a while, and are asked again', async () => {
    const { client, parts } = await memoryApp((made) => {
      const discovery = new Discovery(made.ctx, {
        open: sourceOpener({ sourceHosts: ['*'], registryConfig: undefined }, '1'),
        report: made.ctx.report,
        onFailure: () => undefined,
        longSyncs: { after: 1000, all: 3 },
      })
      const close = async () => {
        await discovery.stop()
        await made.close()
      }
      return { ...made, discovery, close }
    })
    const there = await elsewhere()
    await there.flux('team/upf', 'v1.0.0', files(1))
    for (let i = 0; i < 30; i++) {
      const silent = await listening(() => undefined)
      const source = { url: silent.href, packages: ['a', 'b'] }
      await client.ok('POST', '/repositories', { name: `silent${i}`, type: 'catalog', source })
    }
    const due = parts.discovery.syncDue()
    await register(client, there)
    expect(await sync(client)).toMatchObject({ state: 'Succeeded', revisions: 1 })
    const statusOf = async (at: number) => (await client.ok('GET', `/repositories/silent${at}`)).status
    const syncing = async () => {
      const all = await Promise.all(Array.from({ length: 30 }, (_, at) => statusOf(at)))
      return all.filter(({ state }) => state === 'Syncing').length
    }
    await expect.poll(syncing).toBe(3)
    expect(await statusOf(29)).toMatchObject({
      state: 'Failed',
      error: 'the sync took too long: the next one continues from there',
    })
    await parts.discovery.stop()
    await due
  })
})

describe('a source with too many versions', () => {
  it('is reported, and none of them is read', async () => {
    const tags = Array.from({ length: 10_001 }, (_, at) => `1.0.${at}`)
    const there = await elsewhere([
      async (c, next) =>
        c.req.path.endsWith('/upf/tags/list') ? c.json({ name: 'team/upf', tags }) : next(),
    ])
    const { client } = await memoryApp()
    await there.flux('team/upf', 'v1.0.0', files(1))
    await there.flux('team/smf', 'v1.0.0', files(1))
    await register(client, there)
    const { problems, revisions: count } = await sync(client)
    expect(count).toBe(1)
    expect(problems).toMatchObject([{ reason: expect.stringContaining('more than 10000 versions') }])
    expect(there.requests.filter(({ line }) => line.includes('upf/manifests'))).toEqual([])
  })

  it('has a hundred tags listed that stand for no usable version', async () => {
    const tags = Array.from({ length: 2000 }, (_, at) => `1.0.${at}_x`)
    const there = await elsewhere([
      async (c, next) => (c.req.path.endsWith('/tags/list') ? c.json({ tags: [...tags, 'v1.0.0'] }) : next()),
    ])
    const { client } = await memoryApp()
    await there.flux('team/upf', 'v1.0.0', files(1))
    await register(client, there)
    for (let i = 0; i < 2; i++)
      expect(await sync(client)).toMatchObject({ state: 'Succeeded', revisions: 1, problemCount: 100 })
  })
})

describe('a sync', () => {
  it('finds everything pushed before it was requested, even if another one is in progress', async () => {
    let release: (() => void) | undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    let listed = 0
    const there = await elsewhere([
      async (c, next) => {
        if (!c.req.path.endsWith('/tags/list')) return next()
        await next()
        if (listed++ === 0) await held
        return undefined
      },
    ])
    const { client, parts } = await memoryApp()
    const syncs = vi.spyOn(parts.discovery, 'request')
    await there.flux('team/upf', 'v1.0.0', files(1))
    await register(client, there)
    const first = sync(client)
    await until(() => listed > 0)
    expect((await client.ok('GET', '/repositories/found')).status.state).toBe('Syncing')
    await there.flux('team/upf', 'v2.0.0', files(2))
    const others = [sync(client), sync(client), sync(client)]
    await until(() => syncs.mock.calls.length === 4)
    release?.()
    await first
    for (const status of await Promise.all(others)) expect(status.revisions).toBe(2)
    expect(listed).toBe(2)
  })

  it('ends quietly if the repository is deleted meanwhile', async () => {
    let release: (() => void) | undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const there = await elsewhere([
      async (c, next) => {
        if (c.req.path.includes('/blobs/')) await held
        return next()
      },
    ])
    const { client, parts } = await memoryApp()
    await there.flux('team/upf', 'v1.0.0', files(1))
    await register(client, there)
    const syncing = expect(parts.discovery.sync('found', { thorough: true })).rejects.toMatchObject({
      code: 'not_found',
    })
    await until(() => there.requests.some(({ line }) => line.includes('/blobs/')))
    const any = { 'If-Match': '*' }
    expect((await client.call('DELETE', '/repositories/found', undefined, any)).status).toBe(204)
    release?.()
    await syncing
    expect(await client.ok('GET', '/packagerevisions')).toMatchObject({ items: [] })
  })

  it('leaves nothing behind if the repository is deleted while our own registry fails', async () => {
    const there = await elsewhere()
    const settings = { PKGSERVER_SOURCE_HOSTS: '*' }
    const { client, parts, data, close } = await folderApp(undefined, settings)
    for (const tag of ['v1.0.0', 'v2.0.0']) await there.flux('team/upf', tag, files(1))
    await register(client, there)
    await sync(client)
    breakRegistry(parts.ctx, (operation) => operation === 'delete')
    const any = { 'If-Match': '*' }
    expect((await client.call('DELETE', '/repositories/found', undefined, any)).status).toBe(503)
    expect((await client.call('GET', '/repositories/found')).status).toBe(404)
    await close()
    const again = await folderApp(data, settings)
    expect(await again.client.tags('found/upf')).toEqual(['_package'])
    expect(await again.client.tags('found')).toEqual([])
    await register(again.client, there)
    expect(await sync(again.client)).toMatchObject({ revisions: 2, problems: [] })
  })

  it('runs at its interval, starting with a new repository', async () => {
    const there = await elsewhere()
    const { client, parts } = await memoryApp()
    await there.flux('team/upf', 'v1.0.0', files(1))
    await register(client, there, { interval: '1h' })
    await parts.discovery.syncDue()
    const { status } = await client.ok('GET', '/repositories/found')
    expect(status).toMatchObject({ state: 'Succeeded', revisions: 1 })
    const wait = Date.parse(status.nextSyncAt) - Date.parse(status.lastSyncAt)
    expect(wait).toBeGreaterThanOrEqual(60 * 60_000)
    expect(wait).toBeLessThan(67 * 60_000)
    await there.flux('team/upf', 'v2.0.0', files(2))
    await parts.discovery.syncDue()
    expect(await revisions(client)).toHaveLength(1)
    parts.ctx.now = () => new Date(Date.now() + 67 * 60_000)
    await parts.discovery.syncDue()
    expect(await revisions(client)).toHaveLength(2)
    await client.ok('PATCH', '/repositories/found', { source: { interval: '0' } }, { 'If-Match': '*' })
    parts.ctx.now = () => new Date(Date.now() + 7 * 86_400_000)
    there.requests.length = 0
    await parts.discovery.syncDue()
    expect(there.requests).toEqual([])
  })

  it('checks known tags for changes once a day', async () => {
    const there = await elsewhere()
    const { client, parts } = await memoryApp()
    await there.flux('team/upf', 'v1.0.0', files(1))
    await register(client, there)
    await parts.discovery.syncDue()
    await there.flux('team/upf', 'v1.0.0', files(2))
    parts.ctx.now = () => new Date(Date.now() + 60 * 60_000)
    await parts.discovery.syncDue()
    expect((await client.ok('GET', '/repositories/found')).status.problems).toEqual([])
    parts.ctx.now = () => new Date(Date.now() + 25 * 60 * 60_000)
    await parts.discovery.syncDue()
    expect((await client.ok('GET', '/repositories/found')).status.problemCount).toBe(1)
  })

  it('resumes after our own registry has failed', async () => {
    const there = await elsewhere()
    const { client, parts } = await memoryApp()
    for (const minor of [1, 2, 3, 4]) await there.flux('team/upf', `v1.${minor}.0`, files(minor))
    await register(client, there)
    for (const failing of ['push', 'tag'] as const) {
      breakRegistry(parts.ctx, (operation) => operation === failing)
      expect(await sync(client)).toMatchObject({ state: 'Failed' })
      breakRegistry(parts.ctx, () => false)
    }
    expect(await sync(client)).toMatchObject({ state: 'Succeeded', problems: [] })
    expect((await shown(client)).map((line) => line.slice(0, 7))).toEqual([
      '1 1.1.0',
      '2 1.2.0',
      '3 1.3.0',
      '4 1.4.0',
    ])
    expect(await client.tags('found/upf')).toHaveLength(9)
  })

  it('postpones a version and all later ones while the server is overloaded', async () => {
    const there = await elsewhere()
    const { client, parts } = await memoryApp()
    for (const minor of [1, 2]) await there.flux('team/upf', `v1.${minor}.0`, files(minor))
    await register(client, there)
    const { prepare } = parts.ctx
    parts.ctx.prepare = async () => {
      throw new AppError('unavailable', 'it takes too long')
    }
    expect(await sync(client)).toMatchObject({ state: 'Failed', revisions: 0, error: 'it takes too long' })
    parts.ctx.prepare = prepare
    await parts.discovery.sync('found', { thorough: false })
    expect(await shown(client)).toEqual(['1 1.1.0 v1-1-0', '2 1.2.0 v1-2-0'])
  })
})
