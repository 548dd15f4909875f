/** On a nearly full disk, the server refuses writes and everything else goes on. */
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import { DiskSpace } from '../../src/server/disk-space.ts'
import { memoryApp } from '../support/app.ts'
import { itemsOf } from '../support/jobs.ts'

const MIB = 1024 * 1024

/** Returns an app on a disk, and `have` to set the disk's free space in MiB. */
async function appOnDisk() {
  const state = { free: 1000, fault: undefined as Error | undefined }
  const disk = new DiskSpace({
    folder: '/',
    minFree: 256 * MIB,
    log: pino({ level: 'silent' }),
    freeBytes: async () => {
      if (state.free < 0) throw new Error('statfs failed')
      return state.free * MIB
    },
    checkWritable: async () => {
      if (state.fault) throw state.fault
    },
  })
  const app = await memoryApp(undefined, disk)
  const have = async (free: number) => {
    state.free = free
    await disk.check()
  }
  /** Makes all writes fail; without an error, they work again. */
  const failWith = async (fault: Error | undefined) => {
    state.fault = fault
    await disk.check()
  }
  await have(1000)
  await app.client.createRepository()
  return { ...app, disk, have, failWith }
}

describe('a server whose disk is nearly full', () => {
  it('refuses writes, and names the free space and the setting', async () => {
    const { client, have } = await appOnDisk()
    const draft = await client.createDraft('ws1')
    const before = await client.ok('GET', '/packagerevisions')
    await have(100)
    for (const [method, path, body] of [
      ['PUT', `/packagerevisions/${draft.name}/resources`, { resources: { a: 'b' } }],
      ['PATCH', `/packagerevisions/${draft.name}/resources`, { resources: { a: 'b' } }],
      ['PATCH', `/packagerevisions/${draft.name}`, { labels: { a: 'b' } }],
      ['POST', `/packagerevisions/${draft.name}/propose`, undefined],
      [
        'POST',
        '/packagerevisions',
        { repository: 'blueprints', package: 'x', workspace: 'y', source: { init: {} } },
      ],
      ['POST', '/repositories', { name: 'other', type: 'catalog' }],
      ['POST', '/clones', { upstream: draft.name, targets: [{ repository: 'blueprints', package: 'z' }] }],
    ] as const) {
      expect(await client.call(method, path, body, { 'If-Match': '*' }), `${method} ${path}`).toMatchObject({
        status: 507,
        body: {
          code: 'insufficient_storage',
          detail: expect.stringMatching(/has 100 MiB free.* less than 256 MiB \(PKGSERVER_MIN_FREE\)/),
        },
      })
    }
    expect(await client.ok('GET', '/packagerevisions')).toEqual(before)
  })

  it('refuses pushes, and serves pulls', async () => {
    const { client, have } = await appOnDisk()
    const { artifact } = await client.publish('ws1')
    await have(100)
    const blob = Buffer.from('blob')
    for (const [method, path] of [
      ['POST', `/v2/a/b/blobs/uploads/?digest=${digestOf(blob)}`],
      ['POST', '/v2/a/b/blobs/uploads/'],
      ['PUT', '/v2/a/b/manifests/x'],
    ] as const) {
      const refused = await client.send(path, { method, body: blob })
      expect(refused.status).toBe(507)
      expect(await refused.json()).toMatchObject({
        errors: [{ code: 'DENIED', message: expect.stringContaining('PKGSERVER_MIN_FREE') }],
      })
    }
    expect(await client.resolve('latest')).toBe(artifact.digest)
    expect(await client.resources('blueprints.nf.upf.ws1')).toHaveProperty('Kptfile')
  })

  it('still accepts deletions and collects garbage', async () => {
    const { client, have } = await appOnDisk()
    const { name } = await client.publish('ws1')
    const draft = await client.createDraft('ws2')
    await have(100)
    await client.verb(name, 'propose-deletion')
    for (const gone of [name, draft.name]) {
      await client.ok('DELETE', `/packagerevisions/${gone}`, undefined, { 'If-Match': '*' })
    }
    await client.ok('POST', '/garbage-collections', {})
  })

  it('stays ready, and reports that it is read-only', async () => {
    const { client, have } = await appOnDisk()
    await have(100)
    const ready = await client.send('/readyz')
    expect(ready.status).toBe(200)
    expect(await ready.json()).toMatchObject({
      status: 'read-only',
      parts: expect.arrayContaining([
        { name: 'disk', status: 'degraded', message: expect.stringContaining('100 MiB free') },
      ]),
    })
    const metrics = await (await client.send('/metrics')).text()
    expect(metrics).toMatch(/^read_only 1$/m)
    expect(metrics).toMatch(/^disk_free_bytes 104857600$/m)
  })

  it('accepts writes again once there is clearly enough space', async () => {
    const { client, have, disk } = await appOnDisk()
    const create = (workspace: string) =>
      client.call('POST', '/packagerevisions', {
        repository: 'blueprints',
        package: 'p',
        workspace,
        source: { init: {} },
      })
    await have(255)
    expect((await create('a')).status).toBe(507)
    await have(300)
    expect((await create('a')).status).toBe(507)
    await have(321)
    expect((await create('a')).status).toBe(201)
    await have(260)
    expect((await create('b')).status).toBe(201)
    await have(-1)
    expect(disk.refusal).toBeUndefined()
    expect((await create('c')).status).toBe(201)
  })

  it('is read-only as well while its folder cannot be written to', async () => {
    const { client, failWith } = await appOnDisk()
    const { name } = await client.createDraft('ws1')
    await failWith(new Error('EROFS: read-only file system'))
    expect(await client.call('POST', `/packagerevisions/${name}/propose`)).toMatchObject({
      status: 507,
      body: { detail: expect.stringContaining('cannot write to its data folder, / (EROFS') },
    })
    expect(await client.ok('GET', '/packagerevisions')).toHaveProperty('items.length', 1)
    expect(await (await client.send('/readyz')).json()).toMatchObject({ status: 'read-only' })
    await failWith(undefined)
    await client.verb(name, 'propose')
  })

  it('pauses jobs', async () => {
    const { client, have } = await appOnDisk()
    const { name } = await client.publish('ws1')
    const targets = Array.from({ length: 20 }, (_, at) => ({ package: `c${at}` }))
    const started = client.ok('POST', '/clones', {
      upstream: name,
      targets,
      defaults: { repository: 'blueprints' },
    })
    const job = await started
    await have(100)
    const halfway = await itemsOf(client, job.id)
    expect(halfway.filter(({ state }) => state === 'Failed')).toEqual([])
    await have(1000)
    await expect
      .poll(async () => (await client.ok('GET', `/jobs/${job.id}`)).counts)
      .toMatchObject({ succeeded: 20, failed: 0 })
  })
})
