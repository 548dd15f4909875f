import { describe, expect, it } from 'vitest'
import { ended, itemsOf } from '../support/jobs.ts'
import { killAmid, untilGone } from '../support/kills.ts'
import { startServer } from '../support/process.ts'
import { temporaryFolder } from '../support/temporary.ts'

const TARGETS = 120
const KILLS = 3

describe('a job whose server is killed again and again', () => {
  it('creates each draft once, and gives up only what was running at two of the kills', async () => {
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
    const { state, counts } = await ended(client, id)
    expect(state).toBe('Completed')
    const job = await itemsOf(client, id)
    const failed = job.filter((item) => item.state === 'Failed')
    // Three items are processed at once.
    expect(failed.length).toBeLessThanOrEqual(3 * (KILLS - 1))
    for (const { error } of failed) expect(error.message).toContain('The server ended twice')
    const succeeded = TARGETS - failed.length
    expect(counts).toMatchObject({ total: TARGETS, pending: 0, succeeded, failed: failed.length, skipped: 0 })
    const { items } = await client.ok('GET', '/packagerevisions?repository=prod&limit=1000')
    const names = items.map(({ name }: { name: string }) => name)
    const made = job.flatMap(({ revision }) => revision ?? [])
    expect(made.sort()).toEqual(names)
    expect(new Set(names).size).toBe(succeeded)
    for (const { package: path } of job.filter((item) => item.state === 'Succeeded')) {
      await expect.poll(() => client.tags(`prod/${path}`)).toEqual(['draft-main'])
    }
  })
})
