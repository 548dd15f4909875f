import { expect, it } from 'vitest'
import { resultOf } from '../../../src/service/webhooks/result.ts'

const now = new Date('2026-01-01T00:00:00Z')
const delivery = { attempts: 0, giveUpAt: '2026-01-02T00:00:00.000Z' }
const DAY = 24 * 60 * 60 * 1000

it('tries once more at the end if a receiver asks for more time than a delivery has', () => {
  const busy = { statusCode: 503, retryAfter: 30 * DAY }
  const waiting = resultOf(delivery, busy, { now })
  expect(waiting).toMatchObject({ state: 'Pending', nextAttempt: delivery.giveUpAt })
  const late = new Date(now.getTime() + DAY)
  expect(resultOf(delivery, busy, { now: late })).toMatchObject({ state: 'GivenUp', nextAttempt: null })
})

it('waits longer than a receiver asks if the delivery has failed often', () => {
  const { nextAttempt, pausedUntil } = resultOf(
    { ...delivery, attempts: 20 },
    { statusCode: 429, retryAfter: 1000 },
    { now },
  )
  expect(pausedUntil).toBe(now.getTime() + 1000)
  expect(Date.parse(nextAttempt ?? '') - now.getTime()).toBeGreaterThan(30 * 60 * 1000)
})

it.each([500, 302, 404, 200])('takes no pause from a response with %i', (statusCode) => {
  expect(resultOf(delivery, { statusCode, retryAfter: 5000 }, { now }).pausedUntil).toBeUndefined()
})
