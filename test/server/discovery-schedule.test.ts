import { pino } from 'pino'
import { expect, it, onTestFinished, vi } from 'vitest'
import { scheduleDiscovery } from '../../src/server/discovery-schedule.ts'

it('runs due syncs periodically, even after a failure, until it is stopped', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  let rounds = 0
  const stop = scheduleDiscovery(
    async () => {
      if (++rounds === 1) throw new Error('the database is locked')
    },
    pino({ level: 'silent' }),
  )
  expect(rounds).toBe(0)
  await vi.advanceTimersByTimeAsync(5000)
  expect(rounds).toBe(1)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(rounds).toBe(3)
  stop()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(rounds).toBe(3)
})

it('does not wait for syncs that take long', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  let rounds = 0
  const { promise: never } = Promise.withResolvers<void>()
  const syncDue = (): Promise<void> => {
    rounds++
    return never
  }
  onTestFinished(scheduleDiscovery(syncDue, pino({ level: 'silent' })))
  await vi.advanceTimersByTimeAsync(15_000)
  expect(rounds).toBe(3)
})
