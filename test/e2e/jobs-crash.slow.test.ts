import { describe, expect, it } from 'vitest'
import { ended, itemsOf } from '../support/jobs.ts'
import { killAmid, untilGone } from '../support/kills.ts'
import { startServer } from '../support/process.ts'
import { temporaryFolder } from '../support/temporary.ts'

const TARGETS = 120
const KILLS = 3

describe('a job whose server is killed again and again', () => {
  it('creates each draft once, and fails none', async () => {
    const data = await temporaryFolder()
    let id = ''
    for (let round = 0; round < KILLS; round++) {
      const server = await startServer(data, ['--log-level', 'error'])
      const { client } = server
      if (round === 0) {
        await client.createRepository()
        await client.createRepository('prod', 'deployment')
        const { name: upstream } = await client.publish('ws1')
        const targets = Array.from({ length: TARGETS }, (_, at) => ({
          repository: 'prod',
          package: `c${at}`,
        }))
        id = (await client.ok('POST', '/clones', { upstream, targets })).id
      }
      const before = (await client.ok('GET', `/jobs/${id}`)).counts.pending
      expect(before).toBeGreaterThan(0)
      let pending = before
      const watch = untilGone(async () => {
        pending = (await client.ok('GET', `/jobs/${id}`)).counts.pending
      })
      await killAmid(server, [watch], () => pending < before, [0, 150])
    }
    const { client } = await startServer(data)
    expect(await ended(client, id)).toMatchObject({
      state: 'Completed',
      counts: { total: TARGETS, pending: 0, succeeded: TARGETS, failed: 0, skipped: 0 },
    })
    const { items } = await client.ok('GET', '/packagerevisions?repository=prod&limit=1000')
    const names = items.map(({ name }: { name: string }) => name)
    const made = (await itemsOf(client, id)).map(({ revision }) => revision)
    expect(made.sort()).toEqual(names)
    expect(new Set(names).size).toBe(TARGETS)
    for (let at = 0; at < TARGETS; at++) {
      await expect.poll(() => client.tags(`prod/c${at}`)).toEqual(['draft-main'])
    }
  })
})
