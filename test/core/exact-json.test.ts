import { expect, it } from 'vitest'
import { parseExact, stringifyExact } from '../../src/core/exact-json.ts'

it.each([
  '9007199254740993',
  '-9007199254740993',
  '12345678901234567890',
  `1${'0'.repeat(400)}`,
  '42',
  '0.5',
])('keeps the number %s as it is', (text) => {
  expect(stringifyExact(parseExact(`{"value":${text}}`))).toBe(`{"value":${text}}`)
})
