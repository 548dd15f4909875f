import { describe, expect, it } from 'vitest'
import { ecmaPattern } from '../../../src/domain/glasskube/ecma-pattern.ts'
import { Re2Patterns } from '../../../src/domain/glasskube/re2-pattern.ts'
import { cpuTimer } from '../../support/cpu-time.ts'

describe('a pattern', () => {
  it.each<[string, string, boolean]>([
    ['a{2,3}b+', 'xaabx', true],
    ['^a$', 'ba', false],
    ['', '', true],
    ['(?i)ABC', 'abc', true],
    ['(?P<name>a)\\z', 'a\n', false],
    ['[[:alpha:]]\\pL', 'aü', true],
    ['^.$', '\n', false],
    ['^.$', '𝄞', true],
    ['\\s', '\u00A0', false],
    ['\\Qa.b\\E', 'axb', false],
  ])('%j on %j is %j, as in Go', (pattern, text, matches) => {
    expect(new Re2Patterns().test(pattern, text)).toBe(matches)
  })

  it.each(['(', 'a**', '(?=a)', '(?<!a)b', '\\1', 'a{1001}', '(?:a{100}){100}', '\\C', '[b-a]', '*'])(
    'is refused if Go refuses it: %s',
    (pattern) => {
      const problem = expect.stringContaining('is no regular expression in the syntax of RE2')
      const patterns = new Re2Patterns()
      expect(patterns.problemOf(pattern)).toEqual(problem)
      expect(patterns.test(pattern, 'a')).toEqual({ problem })
    },
  )

  it('is refused if it is too long', () => {
    expect(new Re2Patterns().problemOf('a'.repeat(1000))).toBeUndefined()
    expect(new Re2Patterns().problemOf('a'.repeat(1001))).toContain('more than 1000 characters')
  })

  it.each([
    ['that backtracks forever elsewhere', '^(a+)+$', `${'a'.repeat(100_000)}b`],
    ['with a large program', `${'.{1000}'.repeat(100)}x`, 'a'.repeat(1_000_000)],
    ['with large classes', `(?i)${'\\pL'.repeat(300)}x`, 'aéb'.repeat(300_000)],
  ])('takes bounded time: one %s', (_, pattern, text) => {
    const spent = cpuTimer()
    expect(new Re2Patterns().test(pattern, text)).not.toBe(true)
    expect(spent()).toBeLessThan(10_000)
  })

  it('can be matched until the work for all of them is done', () => {
    const patterns = new Re2Patterns()
    const text = 'a'.repeat(100_000)
    const answers = Array.from({ length: 200 }, () => patterns.test('b.{10}', text))
    expect(answers[0]).toBe(false)
    expect(answers.at(-1)).toEqual({ problem: expect.stringContaining('takes too long') })
  })
})

describe('ecmaPattern', () => {
  it.each([
    ['^[a-z0-9]([\\-a-z0-9]*[a-z0-9])?(\\.[a-z]{2,})*$', '^[a-z0-9]([\\-a-z0-9]*[a-z0-9])?(\\.[a-z]{2,})*$'],
    ['sk-.+', 'sk-[^\\n]+'],
    ['\\A(?:a|b)\\z', '^(?:a|b)$'],
    ['\\s[^\\s]\\S', '[\\t\\n\\f\\r ][^\\t\\n\\f\\r ][^\\t\\n\\f\\r ]'],
    ['a\\-b\\_\\"\\/\\.', 'a-b_"\\/\\.'],
    ['[\\_\\.\\]\\^]', '[_\\.\\]\\^]'],
    ['ü+?', 'ü+?'],
  ])('translates %s', (pattern, expected) => {
    expect(new Re2Patterns().problemOf(pattern)).toBeUndefined()
    expect(ecmaPattern(pattern)).toBe(expected)
  })

  it.each([
    '(?i)a',
    '(?P<n>a)',
    '(?<n>a)',
    '[[:alpha:]]',
    '\\pL',
    '\\p{Greek}',
    '\\Qa\\E',
    '[]a]',
    'a{,2}',
    'a}',
  ])('leaves out %s', (pattern) => {
    expect(new Re2Patterns().problemOf(pattern)).toBeUndefined()
    expect(ecmaPattern(pattern)).toBeUndefined()
  })
})
