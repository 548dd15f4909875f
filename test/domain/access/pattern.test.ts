import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  covers,
  EVERYTHING,
  minimal,
  overlapOf,
  type Pattern,
  parsePattern,
  patternOf,
  patternText,
} from '../../../src/domain/access/pattern.ts'

const REPOSITORIES = ['a', 'ab', 'ab-c', 'abc', 'b', 'b-a']
const PATHS = ['x', 'x/y', 'x/y/z', 'xy', 'y']
const TARGETS = REPOSITORIES.flatMap((repository) =>
  [undefined, ...PATHS].map((path) => patternOf({ repository, package: path })),
)

const pattern: fc.Arbitrary<Pattern> = fc.oneof(
  fc.record({
    repository: fc.constantFrom('', 'a', 'ab', 'ab-', 'b'),
    prefix: fc.constant(true),
    path: fc.constantFrom(undefined, undefined, ...PATHS),
  }),
  fc.record({
    repository: fc.constantFrom(...REPOSITORIES),
    prefix: fc.constant(false),
    path: fc.constantFrom(undefined, undefined, ...PATHS),
  }),
)

const covered = (outer: Pattern) => TARGETS.filter((target) => covers(outer, target)).map(patternText)

describe('a pattern', () => {
  it.each(['*', 'a', 'team-*', 'a*', 'a/nf/**', 'a/nf/upf/**', 'team-*/nf/**', '*/nf/**'])(
    '%s is read, and written the same',
    (text) => {
      expect(patternText(parsePattern(text))).toBe(text)
    },
  )

  it.each([
    '',
    '**',
    '*a',
    'a*b',
    'A',
    'a/',
    'a/**',
    '/nf/**',
    'a/nf',
    'a/*',
    'a/n*/**',
    'a/../**',
    'a//**',
    'a/nf/**/**',
    'a.b',
    '-a',
    '-*',
    'a\n',
    'a%2Fb',
    `${'a'.repeat(64)}`,
  ])('%j is refused', (text) => {
    expect(() => parsePattern(text)).toThrow(/is no pattern of repositories: write \*/)
  })

  it('covers a package with those below it, and nothing beside it', () => {
    expect(covered(parsePattern('ab/x/**'))).toEqual(['ab/x/**', 'ab/x/y/**', 'ab/x/y/z/**'])
    expect(covered(parsePattern('ab'))).toEqual([
      'ab',
      'ab/x/**',
      'ab/x/y/**',
      'ab/x/y/z/**',
      'ab/xy/**',
      'ab/y/**',
    ])
    expect(covered(parsePattern('ab*/y/**'))).toEqual(['ab/y/**', 'ab-c/y/**', 'abc/y/**'])
    expect(covers(parsePattern('team-a'), parsePattern('team-*'))).toBe(false)
    expect(covers(parsePattern('team-*'), parsePattern('team-a*'))).toBe(true)
    expect(covers(EVERYTHING, parsePattern('*'))).toBe(true)
  })

  it('that covers another covers all that it covers', () => {
    fc.assert(
      fc.property(pattern, pattern, pattern, (outer, inner, third) => {
        if (!covers(outer, inner)) return
        expect(covered(outer)).toEqual(expect.arrayContaining(covered(inner)))
        if (covers(inner, third)) expect(covers(outer, third)).toBe(true)
      }),
    )
  })

  it('overlaps another in what both cover', () => {
    fc.assert(
      fc.property(pattern, pattern, (one, other) => {
        const overlap = overlapOf(one, other)
        const both = covered(one).filter((target) => covered(other).includes(target))
        expect(overlap ? covered(overlap) : []).toEqual(both)
        if (overlap) expect(covers(one, overlap) && covers(other, overlap)).toBe(true)
      }),
    )
  })

  it('list without those that others cover covers the same', () => {
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 6 }), (patterns) => {
        const union = (all: readonly Pattern[]) => new Set(all.flatMap(covered))
        const left = minimal(patterns)
        expect(union(left)).toEqual(union(patterns))
        expect(left.some((one) => left.some((other) => one !== other && covers(one, other)))).toBe(false)
      }),
    )
  })

  it('has no path that no package could have, as others pay for its length', () => {
    const longest = 'a/'.repeat(126)
    expect(parsePattern(`team/${longest}a/**`).path).toBe(`${longest}a`)
    expect(() => parsePattern(`team/${longest}aa/**`)).toThrow('is no pattern')
  })

  it('list of very many, deep ones is soon without those that others cover', () => {
    const repository = 'team-'.padEnd(63, 'x')
    const many = Array.from({ length: 16_000 }, (_, at) =>
      parsePattern(`${repository}/p${at}${'/a'.repeat(20)}/**`),
    )
    expect(minimal([...many, parsePattern(`${repository}/p7/**`)])).toHaveLength(16_000)
  })
})
