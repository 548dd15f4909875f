/** More work than the server can do: it does what it can, and tells the others to come again. */
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createLoad, LOAD_LIMITS, type LoadLimits } from '../../src/http/load-shedding.ts'
import { createThreadPool } from '../../src/service/threads/thread-pool.ts'
import { memoryApp, type TestApp } from '../support/app.ts'
import { memoryOf } from '../support/memory.ts'
import { startServer } from '../support/process.ts'
import { temporaryFolder } from '../support/temporary.ts'

const MIB = 1024 * 1024
const CLIENTS = Number(process.env.PKGSERVER_TEST_CLIENTS ?? 300)
/** In MiB: the process, a thread at work, and what 300 requests hold. */
const PEAK = 700

function files(seed: number): Record<string, string> {
  const names = Array.from({ length: 20 }, (_, at) => `file-${at}.yaml`)
  const text = (name: string) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name.replace('.yaml', '')}\ndata:\n  seed: "${seed}"\n`
  return Object.fromEntries(names.map((name) => [name, text(name)]))
}

describe(`${CLIENTS} clients that save 20 files each at once`, () => {
  it('are answered with 200 or 503, and those who pull manifests hardly notice', async () => {
    const server = await startServer(await temporaryFolder())
    const { client } = server
    await client.createRepository()
    const published = await client.publish('ws1')
    const drafts: string[] = []
    for (let at = 0; at < CLIENTS; at += 10) {
      const some = Array.from({ length: Math.min(10, CLIENTS - at) }, (_, i) =>
        client.createDraft('ws1', { init: {} }, { package: `p${at + i}` }),
      )
      for (const { name } of await Promise.all(some)) drafts.push(name)
    }
    let saving = true
    const answers = Promise.all(
      drafts.map((name, at) =>
        client.call(
          'PUT',
          `/packagerevisions/${name}/resources`,
          { resources: files(at) },
          { 'If-Match': '*' },
        ),
      ),
    ).finally(() => {
      saving = false
    })
    const pulls: number[] = []
    while (saving) {
      const start = performance.now()
      expect(await client.resolve('latest')).toBe(published.artifact.digest)
      pulls.push(performance.now() - start)
      await setTimeout(5)
    }
    const counts = new Map<number, number>()
    for (const { status, headers, body } of await answers) {
      counts.set(status, (counts.get(status) ?? 0) + 1)
      if (status === 503) {
        expect(body.code).toBe('overloaded')
        expect(Number(headers.get('Retry-After'))).toBeGreaterThan(0)
      }
    }
    expect([...counts.keys()].filter((status) => status !== 200 && status !== 503)).toEqual([])
    expect(counts.get(200)).toBeGreaterThan(0)
    const memory = await memoryOf(server.process.pid as number)
    if (memory) expect(memory.peak).toBeLessThan(PEAK)
    pulls.sort((a, b) => a - b)
    const median = pulls[Math.floor(pulls.length / 2)] ?? 0
    process.stderr.write(
      `saves: ${JSON.stringify(Object.fromEntries(counts))}, ${pulls.length} pulls with a median of ${Math.round(median)} ms and ${Math.round(pulls.at(-1) ?? 0)} ms at most, memory at most ${Math.round(memory?.peak ?? 0)} MiB\n`,
    )
    expect(await server.stop()).toBe(0)
    expect(server.log()).not.toContain('"level":50')
  }, 120_000)
})

/** An app that lets little in, and whose threads hang until they are told. */
async function narrowApp(limits: Partial<LoadLimits>): Promise<TestApp & { goOn: () => void }> {
  let goOn = () => undefined as unknown
  const hanging = new Promise((resolve) => {
    goOn = () => resolve(undefined)
  })
  const app = await memoryApp((parts) => {
    const { prepare } = parts.ctx
    let first = true
    parts.ctx.prepare = async (input) => {
      if (!first) await hanging
      first = false
      return prepare(input)
    }
    return { ...parts, load: createLoad({ ...LOAD_LIMITS, ...limits }) }
  })
  await app.client.createRepository()
  await app.client.createDraft('ws1')
  return { ...app, goOn }
}

const PATH = '/packagerevisions/blueprints.nf.upf.ws1'

describe('a server with too much to do', () => {
  it('sends writes away, and serves reads and what helps it', async () => {
    const gate = { atOnce: 1, queue: 1, wait: 10_000 }
    const { client, goOn, parts } = await narrowApp({ gates: { ...LOAD_LIMITS.gates, write: gate } })
    const save = (at: number) =>
      client.call('PUT', `${PATH}/resources`, { resources: files(at) }, { 'If-Match': '*' })
    const saving = [save(1), save(2)]
    await expect.poll(() => parts.load.gates.write).toMatchObject({ inside: 1, waiting: 1 })
    const refused = await save(3)
    expect(refused).toMatchObject({ status: 503, body: { code: 'overloaded' } })
    expect(refused.headers.get('Retry-After')).toBe('2')
    expect(await client.get('blueprints.nf.upf.ws1')).toMatchObject({ lifecycle: 'Draft' })
    await client.resources('blueprints.nf.upf.ws1')
    await client.ok('POST', '/garbage-collections', { dryRun: true })
    goOn()
    for (const answer of await Promise.all(saving)) expect(answer.status).toBe(200)
    expect(await save(4)).toMatchObject({ status: 200 })
  })

  it('holds no more of bodies in memory than it says', async () => {
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

  it('takes so many pushes at once', async () => {
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

  it('lets so much wait for a thread, and the rest come again', async () => {
    const pool = createThreadPool({ threads: 1, maxQueue: 1, report: () => undefined })
    const large = new Map([['a.yaml', Buffer.from('- a\n'.repeat(100_000))]])
    const outcomes = await Promise.all(
      Array.from({ length: 4 }, () =>
        pool.tasks.prepare(large).then(
          () => 'done',
          ({ code }) => code,
        ),
      ),
    )
    await pool.close()
    expect(new Set(outcomes)).toEqual(new Set(['done', 'overloaded']))
  })
})
