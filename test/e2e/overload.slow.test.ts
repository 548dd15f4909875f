/** More work than the server can do: it refuses some of it, and asks these clients to try again later. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../src/core/errors.ts'
import { createLoad, LOAD_LIMITS, type LoadLimits } from '../../src/http/load-shedding.ts'
import { getRevision } from '../../src/service/change-revision.ts'
import { readLayer } from '../../src/service/registry-content.ts'
import { folderServer, memoryApp, type TestApp } from '../support/app.ts'
import { twentyFiles } from '../support/files.ts'

const MIB = 1024 * 1024

/** An app that lets little in, and packs nothing after the first draft until `goOn` is called. */
async function narrowApp(limits: Partial<LoadLimits>): Promise<TestApp & { goOn: () => void }> {
  let goOn = () => undefined as unknown
  const hanging = new Promise((resolve) => {
    goOn = () => resolve(undefined)
  })
  const app = await memoryApp((parts) => {
    const { prepare } = parts.ctx
    let first = true
    parts.ctx.prepare = async (...args) => {
      if (!first) await hanging
      first = false
      return prepare(...args)
    }
    return { ...parts, load: createLoad({ ...LOAD_LIMITS, ...limits }) }
  })
  await app.client.createRepository()
  await app.client.createDraft('ws1')
  return { ...app, goOn }
}

const PATH = '/packagerevisions/blueprints.nf.upf.ws1'

/** A server with lists of 6 MiB. */
async function serverWithLongLists(
  answers: number,
): Promise<Pick<TestApp, 'client' | 'parts'> & { askWithoutReading: (path: string) => () => void }> {
  const { url, client, parts } = await folderServer({}, undefined, (opened) => ({
    ...opened,
    load: createLoad({ ...LOAD_LIMITS, answers }),
  }))
  await client.createRepository()
  const annotations = { a: '€'.repeat(86_000) }
  for (let at = 0; at < 24; at++) await client.createDraft(`ws${at}`, { init: {} }, { annotations })
  const askWithoutReading = (path: string) => {
    const sockets = Array.from({ length: 30 }, () => {
      const socket = connect(Number(url.port), url.hostname)
      socket.on('error', () => undefined)
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`)
      return socket
    })
    return () => {
      for (const socket of sockets) socket.destroy()
    }
  }
  return { client, parts, askWithoutReading }
}

describe('a server with too much to do', () => {
  it('refuses writes, and serves reads, pulls and garbage collections', async () => {
    const gate = { atOnce: 1, queue: 1, wait: 10_000 }
    const { client, goOn, parts } = await narrowApp({ gates: { ...LOAD_LIMITS.gates, write: gate } })
    const save = (at: number) =>
      client.call('PUT', `${PATH}/resources`, { resources: twentyFiles(at) }, { 'If-Match': '*' })
    const saving = [save(1), save(2)]
    await expect.poll(() => parts.load.gates.write).toMatchObject({ inside: 1, waiting: 1 })
    const refused = await save(3)
    expect(refused).toMatchObject({ status: 503, body: { code: 'overloaded' } })
    expect(refused.headers.get('Retry-After')).toBe('2')
    expect(await client.get('blueprints.nf.upf.ws1')).toMatchObject({ lifecycle: 'Draft' })
    await client.resources('blueprints.nf.upf.ws1')
    for (const method of ['HEAD', 'GET']) {
      const pulled = await client.send('/v2/blueprints/nf/upf/manifests/draft-ws1', { method })
      expect(pulled.status).toBe(200)
    }
    await client.ok('POST', '/garbage-collections', { dryRun: true })
    goOn()
    for (const answer of await Promise.all(saving)) expect(answer.status).toBe(200)
    expect(await save(4)).toMatchObject({ status: 200 })
  })

  it('holds no more bytes of bodies in memory than its limit', async () => {
    const { client, goOn, parts } = await narrowApp({ bodies: 4 * MIB })
    const save = (bytes: number) =>
      client.call('PUT', `${PATH}/resources`, { resources: { a: 'x'.repeat(bytes) } }, { 'If-Match': '*' })
    const first = save(3 * MIB)
    await expect.poll(() => parts.load.bodies.used).toBeGreaterThan(3 * MIB)
    expect(await save(2 * MIB)).toMatchObject({ status: 503, body: { code: 'overloaded' } })
    goOn()
    expect(await first).toMatchObject({ status: 200 })
    expect(parts.load.bodies.used).toBe(0)
    expect(await save(2 * MIB)).toMatchObject({ status: 200 })
  })

  it('holds no more bytes of answers in memory than its limit, while clients do not read them', async () => {
    const { url, client, parts } = await folderServer({}, undefined, (opened) => ({
      ...opened,
      load: createLoad({ ...LOAD_LIMITS, answers: 24 * MIB }),
    }))
    await client.createRepository()
    const large = { 'large.txt': 'line\n'.repeat(3 * MIB) }
    const { name } = await client.createDraft('ws1', { resources: large })
    await client.createDraft('ws1', { init: {} }, { package: 'small' })
    const paths = ['resources', 'resources/large.txt', 'diff'].map(
      (part) => `/api/v1/packagerevisions/${name}/${part}`,
    )
    for (const path of paths.slice(0, 2)) {
      const stuck = connect(Number(url.port), url.hostname)
      stuck.on('error', () => undefined)
      await once(stuck, 'connect')
      stuck.write(`GET ${path} HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`)
      await expect.poll(() => parts.load.answers.used, { message: path }).toBeGreaterThan(14 * MIB)
      // The place for work is free again, but there is no memory for another such answer.
      await expect.poll(() => parts.load.gates.read.inside).toBe(0)
      for (const other of paths) {
        const refused = await client.send(other)
        expect(refused.status, `${path}, ${other}`).toBe(503)
        expect(await refused.json()).toMatchObject({ code: 'overloaded' })
      }
      await client.resources('blueprints.small.ws1')
      stuck.destroy()
      await expect.poll(() => parts.load.answers.used).toBe(0)
      expect((await client.resources(name))['large.txt']).toBe(large['large.txt'])
      await expect.poll(() => parts.load.answers.used).toBe(0)
    }
  })

  it('counts the packed bytes of a package before it reads them, and its files before it unpacks them', async () => {
    const { client, parts } = await memoryApp()
    await client.createRepository()
    const random = { base64: randomBytes(3 * MIB).toString('base64') }
    const { name } = await client.createDraft('ws1', { resources: { 'random.bin': random } })
    const revision = await getRevision(parts.ctx.db, name)
    const taken: number[] = []
    await readLayer(parts.ctx, revision, (bytes) => void taken.push(bytes))
    expect(taken).toHaveLength(2)
    expect(Math.min(...taken)).toBeGreaterThan(3 * MIB)
    const unread = {
      ...parts.ctx.registry,
      repository: () => ({ fetch: () => expect.unreachable() }) as never,
    }
    const refuse = () => {
      throw new AppError('overloaded', 'full')
    }
    const reading = readLayer({ ...parts.ctx, registry: unread }, revision, refuse)
    await expect(reading).rejects.toMatchObject({ code: 'overloaded' })
  })

  it('makes no more lists for clients that do not read them than its limit allows', async () => {
    const { client, parts, askWithoutReading } = await serverWithLongLists(16 * MIB)
    const close = askWithoutReading('/api/v1/packagerevisions')
    await expect.poll(async () => (await client.send('/api/v1/packages')).status).toBe(503)
    expect(parts.load.answers.used).toBeLessThan(24 * MIB)
    await client.get('blueprints.nf.upf.ws1')
    close()
    await expect.poll(() => parts.load.answers.used).toBe(0)
    expect(await client.ok('GET', '/packages')).toMatchObject({ items: [{}] })
  })

  it('ends watches that do not read the existing revisions, when their memory is used up', async () => {
    const { client, parts, askWithoutReading } = await serverWithLongLists(48 * MIB)
    const close = askWithoutReading('/api/v1/packagerevisions?watch=true&sendInitialEvents=true')
    await expect.poll(() => parts.load.answers.used).toBeGreaterThan(0)
    await expect.poll(() => parts.watches.watching).toBeLessThan(5)
    expect(parts.load.answers.used).toBeLessThan(24 * MIB)
    await client.ok('GET', '/packages')
    close()
    await expect.poll(() => parts.load.answers.used).toBe(0)
  })

  it('makes one backup at a time', async () => {
    const { url, client, data } = await folderServer()
    await client.createRepository()
    for (let at = 0; at < 3; at++) {
      const large = { resources: { 'large.bin': { base64: randomBytes(8 * MIB).toString('base64') } } }
      await client.createDraft(`ws${at}`, large)
    }
    const unread = connect(Number(url.port), url.hostname)
    unread.write(`POST /api/v1/backups HTTP/1.1\r\nHost: ${url.host}\r\nContent-Length: 0\r\n\r\n`)
    await once(unread, 'readable')
    expect(await client.call('POST', '/backups')).toMatchObject({ status: 503, body: { code: 'overloaded' } })
    unread.destroy()
    const backup = async () => {
      const answer = await client.send('/api/v1/backups', { method: 'POST' })
      await answer.arrayBuffer()
      return answer.status
    }
    await expect.poll(backup).toBe(200)
    await expect.poll(() => readdir(join(data, 'registry/tmp'))).toEqual([])
  })

  it('takes a limited number of pushes at once', async () => {
    const { client } = await narrowApp({
      gates: { ...LOAD_LIMITS.gates, push: { atOnce: 1, queue: 0, wait: 0 } },
    })
    let send = (_bytes: Uint8Array) => undefined as unknown
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        send = (bytes) => {
          controller.enqueue(bytes)
          controller.close()
        }
      },
    })
    const start = await client.send('/v2/a/b/blobs/uploads/', { method: 'POST' })
    const location = start.headers.get('Location') ?? ''
    const pushing = client.send(location, { method: 'PATCH', body, duplex: 'half' } as RequestInit)
    const refused = await client.send('/v2/a/c/blobs/uploads/', { method: 'POST' })
    expect(refused.status).toBe(429)
    expect(await refused.json()).toMatchObject({ errors: [{ code: 'TOOMANYREQUESTS' }] })
    expect(refused.headers.get('Retry-After')).toBe('2')
    expect((await client.send('/v2/')).status).toBe(200)
    send(Buffer.from('blob'))
    expect((await pushing).status).toBe(202)
  })
})
