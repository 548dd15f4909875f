import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ReadCache } from '../../src/registry/read-cache.ts'
import { randomTurns, seededRandom } from '../support/seeded-random.ts'

it('never returns a stale value, however reads and writes overlap and fail', async () => {
  const operations = fc.array(fc.constantFrom('read', 'write', 'delete', 'fail'), { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(fc.integer(), operations, async (seed, operations) => {
      const random = seededRandom(seed)
      const cache = new ReadCache<{ n: number }>(false, { entries: 10 })
      let stored: { n: number } | undefined
      const step = async <T>(work: () => T): Promise<T> => {
        await randomTurns(random, 5)
        const result = work()
        await randomTurns(random, 5)
        return result
      }
      const set = (value: { n: number } | undefined, fails = false) =>
        step(() => {
          stored = value
        }).then(() => {
          if (fails) throw new Error('failed after the write was done')
        })
      await Promise.allSettled(
        operations.map(async (operation, n) => {
          await randomTurns(random, 20)
          const value = { n }
          if (operation === 'read') await cache.get('k', () => step(() => stored))
          else if (operation === 'delete') await cache.update('k', () => set(undefined))
          else await cache.update('k', () => set(value, operation === 'fail'), value)
        }),
      )
      expect(await cache.get('k', async () => stored)).toBe(stored)
    }),
    { seed: 1, numRuns: 1000 },
  )
})

it('caches values that were read or written, but not of a shared store', async () => {
  const never = async () => Promise.reject(new Error('loaded again'))
  const own = new ReadCache<object>(false, { entries: 10 })
  await own.get('read', async () => ({}))
  await own.update('written', async () => true, {})
  expect([await own.get('read', never), await own.get('written', never)]).toEqual([{}, {}])
  const shared = new ReadCache<object>(true, { entries: 10 })
  await shared.update('written', async () => true, {})
  await expect(shared.get('written', never)).rejects.toThrow('loaded again')
})
