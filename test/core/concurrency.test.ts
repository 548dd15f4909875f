import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { mapConcurrently } from '../../src/core/concurrency.ts'

describe('mapConcurrently', () => {
  it('keeps the order of the items and the bound on calls in flight', async () => {
    let running = 0
    let most = 0
    const doubled = await mapConcurrently(
      [30, 10, 20, 0, 5],
      async (milliseconds) => {
        most = Math.max(most, ++running)
        await sleep(milliseconds)
        running--
        return milliseconds * 2
      },
      2,
    )
    expect(doubled).toEqual([60, 20, 40, 0, 10])
    expect(most).toBe(2)
  })

  it('starts nothing more after a failure, and reports it when the calls in flight have ended', async () => {
    const started: number[] = []
    const ended: number[] = []
    const failing = mapConcurrently(
      [0, 1, 2, 3],
      async (item) => {
        started.push(item)
        if (item === 0) throw new Error('item 0')
        await sleep(10)
        ended.push(item)
      },
      2,
    )
    await expect(failing).rejects.toThrow('item 0')
    expect(started).toEqual([0, 1])
    expect(ended).toEqual([1])
  })
})
