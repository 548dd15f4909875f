/** The memory of the server and its children under requests that cost the client little. Linux only. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { expect, it, onTestFinished } from 'vitest'
import { register, sync } from '../support/discovery.ts'
import { elsewhere } from '../support/elsewhere.ts'
import { memoryOf } from '../support/memory.ts'
import { type ServerProcess, startServer } from '../support/process.ts'
import { tar } from '../support/tar.ts'
import { temporaryFolder } from '../support/temporary.ts'

/** In MiB. */
const PEAK = 512
const MIB = 1024 * 1024
const ANY = { 'If-Match': '*' }
const GZIP = 'application/gzip'

async function expectLittleMemory({ process }: ServerProcess): Promise<void> {
  const memory = await memoryOf(process.pid as number)
  if (memory) expect(memory.peak).toBeLessThan(PEAK)
}

async function connection({ url }: ServerProcess): Promise<Socket> {
  const socket = connect(Number(url.port), url.hostname)
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** A package of a few kilobytes with one large file. */
function largeFile(bytes: number): Buffer {
  return gzipSync(tar([{ name: 'a.txt', content: Buffer.alloc(bytes, 'all work and no play\n') }]))
}

async function largeDrafts({ client }: ServerProcess, count: number): Promise<string[]> {
  const names: string[] = []
  const body = largeFile(60 * MIB)
  await client.createRepository()
  for (let at = 0; at < count; at++) {
    const { name } = await client.createDraft('ws1', { init: {} }, { package: `p${at}` })
    await client.ok('PUT', `/packagerevisions/${name}/resources`, body, { ...ANY, 'Content-Type': GZIP })
    names.push(name)
  }
  return names
}

async function publish({ client }: ServerProcess, name: string): Promise<void> {
  await client.verb(name, 'propose')
  await client.verb(name, 'approve')
}

it('stays small with 100 idle connections', async () => {
  const server = await startServer(await temporaryFolder())
  for (let at = 0; at < 100; at++) await connection(server)
  await server.client.createRepository()
  await expectLittleMemory(server)
})

it('stays small with 12 clients that ask for a large package and read nothing', async () => {
  const server = await startServer(await temporaryFolder())
  const { client, url } = server
  const [name] = await largeDrafts(server, 1)
  const answered = Array.from({ length: 12 }, async () => {
    const socket = await connection(server)
    const path = `/api/v1/packagerevisions/${name}/resources`
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`)
    await once(socket, 'readable')
  })
  // Others wait until the first have read their answers, or are refused.
  await Promise.race(answered)
  await client.ok('GET', '/repositories')
  await expectLittleMemory(server)
})

it('stays small with four pushes of 60 MB at once', async () => {
  const server = await startServer(await temporaryFolder())
  const { client } = server
  await client.createRepository()
  const drafts = await Promise.all(
    Array.from({ length: 4 }, (_, at) => client.createDraft('ws1', { init: {} }, { package: `p${at}` })),
  )
  const body = largeFile(60 * MIB)
  const headers = { ...ANY, 'Content-Type': GZIP }
  const answers = await Promise.all(
    drafts.map(({ name }) => client.call('PUT', `/packagerevisions/${name}/resources`, body, headers)),
  )
  for (const { status, text } of answers) expect([200, 413, 503], text).toContain(status)
  expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0)
  await expectLittleMemory(server)
})

it('stays small with 12 edits of large packages at once', async () => {
  const server = await startServer(await temporaryFolder())
  const names = await largeDrafts(server, 12)
  const patch = { resources: { 'b.txt': 'x' } }
  const answers = await Promise.all(
    names.map((name) => server.client.call('PATCH', `/packagerevisions/${name}/resources`, patch, ANY)),
  )
  for (const { status, text } of answers) expect([200, 503], text).toContain(status)
  await expectLittleMemory(server)
})

it('stays small with 12 upgrades of large packages at once', async () => {
  const server = await startServer(await temporaryFolder())
  const { client } = server
  const [first = ''] = await largeDrafts(server, 1)
  await publish(server, first)
  const clones = []
  for (let at = 0; at < 12; at++) {
    const source = { clone: { upstream: first } }
    clones.push(await client.createDraft('ws1', source, { package: `clone${at}` }))
  }
  const { name } = await client.createDraft('ws2', { copy: { from: first } }, { package: 'p0' })
  await client.ok('PATCH', `/packagerevisions/${name}/resources`, { resources: { 'b.txt': 'x' } }, ANY)
  await publish(server, name)
  const answers = await Promise.all(
    clones.map((clone) =>
      client.call('POST', '/packagerevisions', {
        repository: clone.repository,
        package: clone.package,
        workspace: 'ws2',
        source: { upgrade: { from: clone.name } },
      }),
    ),
  )
  for (const { status, text } of answers) expect([201, 503], text).toContain(status)
  expect(answers.filter(({ status }) => status === 201).length).toBeGreaterThan(0)
  await expectLittleMemory(server)
})

it('stays small with a source whose layers unpack to gigabytes', async () => {
  const there = await elsewhere()
  const bytes = largeFile(63 * MIB)
  const layers = Array.from({ length: 40 }, () => ({ bytes }))
  await there.push('team/upf', 'v1.0.0', layers)
  const server = await startServer(await temporaryFolder(), [], { PKGSERVER_SOURCE_HOSTS: there.url.host })
  await register(server.client, there)
  expect((await sync(server.client)).problemCount).toBe(1)
  await expectLittleMemory(server)
})
