import { describe, expect, it } from 'vitest'
import { hasMoreValues } from '../../src/http/json-size.ts'

/** The number of values that the count stops at. */
function counted(json: string): number {
  const bytes = Buffer.from(json)
  let most = 0
  while (hasMoreValues(bytes, most)) most++
  return most
}

describe('the number of values in JSON', () => {
  it.each([
    ['[1,2,3]', 3],
    ['[{},{},{}]', 6],
    ['{"a":"b","c":"d"}', 2],
    ['["[,[,[,[,"]', 1],
    ['["\\"[,","\\\\"]', 2],
    ['["\\\\\\",[,,,"]', 1],
    ['"{{{{{{{{{"', 0],
    ['["not closed,,,,,,,', 1],
  ])('of %s is %d', (json, values) => expect(counted(json)).toBe(values))

  it('is not counted inside a large text', () => {
    const text = JSON.stringify({ resources: { 'a.yaml': '- "{[,:\\\n'.repeat(1_000_000) } })
    expect(hasMoreValues(Buffer.from(text), 10)).toBe(false)
  })
})
