import { expect, it } from 'vitest'
import { matchesPath } from '../../../src/domain/review/path-pattern.ts'

it.each([
  ['/net/', ['net/a.yaml'], true],
  ['/net/', ['a.yaml', 'x/net/a.yaml'], false],
  ['*.yaml', ['deep/down/a.yaml'], true],
  ['Kptfile', ['Kptfile'], true],
  ['Kptfile', [], false],
])('the pattern %s and the paths %j: %s', (pattern, paths, expected) => {
  expect(matchesPath(pattern, paths)).toBe(expected)
})

it('a pattern that takes too long to match is taken to match', () => {
  const paths = Array.from({ length: 10_000 }, (_, at) => `${'a'.repeat(240)}${at}`)
  expect(matchesPath(`*${'a'.repeat(100)}b`, paths)).toBe(true)
})
