import { expect, it } from 'vitest'
import { parseDuration } from '../../src/core/duration.ts'

it.each([
  ['0', 0],
  ['30s', 30_000],
  ['10m', 600_000],
  ['1h', 3_600_000],
  ['7d', 604_800_000],
])('parses %s', (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds)
})

it.each(['', '10', 's', '1.5h', '-1s', '1w', ' 1s', '1s ', '1h30m', '1234567s'])('rejects "%s"', (text) => {
  expect(parseDuration(text)).toBeUndefined()
})
