import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Remembered } from '../../src/registry/remembered.ts'
import { randomFrom, someTurns } from '../support/disturbed-store.ts'

it('never remembers what a change has made stale, whatever comes at once and whatever fails', async () => {
  const operations = fc.array(fc.constantFrom('read', 'write', 'delete', 'fail'), { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(fc.integer(), operations, async (seed, operations) => {
      const random = randomFrom(seed)
      const remembered = new Remembered<{ n: number }>(false, { entries: 10 })
      let stored: { n: number } | undefined
      const step = async <T>(work: () => T): Promise<T> => {
        await someTurns(random, 5)
        const result = work()
        await someTurns(random, 5)
        return result
      }
      const set = (value: { n: number } | undefined, fails = false) =>
        step(() => {
          stored = value
        }).then(() => {
          if (fails) throw new Error('done, and yet it fails')
        })
      await Promise.allSettled(
        operations.map(async (operation, n) => {
          await someTurns(random, 20)
          const value = { n }
          if (operation === 'read') await remembered.get('k', () => step(() => stored))
          else if (operation === 'delete') await remembered.change('k', () => set(undefined))
          else await remembered.change('k', () => set(value, operation === 'fail'), value)
        }),
      )
      expect(await remembered.get('k', async () => stored)).toBe(stored)
    }),
    { seed: 1, numRuns: 1000 },
  )
})

it('remembers what was read and written, and nothing of a store that is shared', async () => {
  const never = async () => Promise.reject(new Error('asked again'))
  const own = new Remembered<object>(false, { entries: 10 })
  await own.get('read', async () => ({}))
  await own.change('written', async () => true, {})
  expect([await own.get('read', never), await own.get('written', never)]).toEqual([{}, {}])
  const shared = new Remembered<object>(true, { entries: 10 })
  await shared.change('written', async () => true, {})
  await expect(shared.get('written', never)).rejects.toThrow('asked again')
})
