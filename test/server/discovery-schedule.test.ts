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
