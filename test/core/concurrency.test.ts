import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { mapConcurrently } from '../../src/core/concurrency.ts'

const ITEMS = Array.from({ length: 20 }, (_, i) => i)

it('runs at most the given number of calls at a time and keeps the order of the results', async () => {
  let [running, most] = [0, 0]
  const results = await mapConcurrently(
    ITEMS,
    async (item) => {
      most = Math.max(most, ++running)
      await delay(item % 3)
      running--
      return item * 2
    },
    4,
  )
  expect(results).toEqual(ITEMS.map((item) => item * 2))
  expect(most).toBe(4)
})

it('starts nothing more after a failure, and rejects with it once all calls in flight have ended', async () => {
  const started: number[] = []
  const ended: number[] = []
  const mapping = mapConcurrently(
    ITEMS,
    async (item) => {
      started.push(item)
      await delay(item === 1 ? 5 : 50)
      if (item === 1) throw new Error('item 1 failed')
      ended.push(item)
    },
    4,
  )
  await expect(mapping).rejects.toThrow('item 1 failed')
  expect(started).toEqual([0, 1, 2, 3])
  expect(ended).toEqual([0, 2, 3])
})

it('keeps the order of more items than it queues at once', async () => {
  const many = Array.from({ length: 2500 }, (_, i) => i)
  expect(await mapConcurrently(many, async (item) => item + 1)).toEqual(many.map((item) => item + 1))
})
