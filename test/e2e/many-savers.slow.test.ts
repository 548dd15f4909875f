/** Many more clients than the server can serve at once. */
import { expect, it } from 'vitest'
import { LOAD_LIMITS } from '../../src/http/load-shedding.ts'
import { twentyFiles } from '../support/files.ts'
import { memoryOf } from '../support/memory.ts'
import { startServer } from '../support/process.ts'
import { temporaryFolder } from '../support/temporary.ts'

const { atOnce, queue } = LOAD_LIMITS.gates.write
const CLIENTS = 200 + atOnce + queue
/** In MiB: the process, a thread that packs, and the requests of all clients. */
const PEAK = 700

it(`${CLIENTS} clients that save 20 files each at once get 200 or 503, and every pull meanwhile succeeds`, async () => {
  const server = await startServer(await temporaryFolder())
  const { client } = server
  await client.createRepository()
  const published = await client.publish('ws1')
  const drafts: string[] = []
  while (drafts.length < CLIENTS) {
    const some = Array.from({ length: Math.min(10, CLIENTS - drafts.length) }, (_, at) =>
      client.createDraft('ws1', { init: {} }, { package: `p${drafts.length + at}` }),
    )
    for (const { name } of await Promise.all(some)) drafts.push(name)
  }

  let answered = 0
  const save = async (name: string, at: number) => {
    const answer = await client.call(
      'PUT',
      `/packagerevisions/${name}/resources`,
      { resources: twentyFiles(at) },
      { 'If-Match': '*' },
    )
    answered++
    return answer
  }
  const saving = Promise.all(drafts.map(save))
  /** How many saves were answered during each pull. */
  const overtaken: number[] = []
  while (answered < CLIENTS) {
    const before = answered
    expect(await client.resolve('latest')).toBe(published.artifact.digest)
    overtaken.push(answered - before)
  }

  const answers = await saving
  const saved = answers.filter(({ status }) => status === 200)
  const refused = answers.filter(({ status }) => status === 503)
  expect(saved.length + refused.length).toBe(CLIENTS)
  expect(saved.length).toBeGreaterThanOrEqual(atOnce)
  expect(refused.length).toBeGreaterThan(0)
  for (const { headers, body } of refused) {
    expect(body.code).toBe('overloaded')
    expect(Number(headers.get('Retry-After'))).toBeGreaterThan(0)
  }
  // Pulls do not queue behind saves: the typical one is overtaken by fewer than are worked on at once.
  overtaken.sort((a, b) => a - b)
  expect(overtaken[Math.floor(overtaken.length / 2)]).toBeLessThan(atOnce)
  const memory = await memoryOf(server.process.pid as number)
  if (memory) expect(memory.peak).toBeLessThan(PEAK)
  expect(await server.stop()).toBe(0)
  expect(server.log()).not.toContain('"level":50')
})
