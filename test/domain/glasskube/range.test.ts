import { describe, expect, it } from 'vitest'
import { namesBuild, parseRange, rangeMatches } from '../../../src/domain/glasskube/range.ts'
import { loose, range } from '../../support/glasskube-versions.ts'
import { MATCHING, PRINTED, RANGES } from '../../support/semver-cases.ts'

/** Glasskube's own table (internal/semver/validate_test.go). */
const GLASSKUBE: { ranges: string[]; matching: string[]; others: string[] }[] = [
  {
    ranges: ['>=1.2.0 <1.3.0', '~1.2.0', '~1.2', '1.2.x'],
    matching: ['1.2.0', '1.2.0+0', '1.2.4', '1.2.9'],
    others: ['1.1.9', '1.2.0-rc.1', '1.3.0-alpha.1', '1.3.0'],
  },
  {
    ranges: ['^1', '1.x'],
    matching: ['1.0.0', '1.3.5', '1.7.9+1'],
    others: ['1.0.0-rc.1', '2.0.0-rc.1', '2.0.0'],
  },
  {
    ranges: ['>= 1.0.0-alpha.1'],
    matching: ['1.0.0-alpha.1', '1.0.0-beta.0', '1.0.0-rc.0', '1.0.0+0', '3.0.0'],
    others: ['1.0.0-alpha.0'],
  },
  { ranges: ['>= 1.0.0+3'], matching: ['1.0.0+3', '1.0.0+2'], others: [] },
]

const glasskubeRows = GLASSKUBE.flatMap(({ ranges, matching, others }) =>
  ranges.flatMap((text) => [
    ...matching.map((version): [string, string, boolean] => [text, version, true]),
    ...others.map((version): [string, string, boolean] => [text, version, false]),
  ]),
)

/** Where npm's semver, the documentation of Masterminds/semver, or a later version of it says otherwise. */
const QUIRKS: [range: string, version: string, matches: boolean][] = [
  ['!=1.2.3', '1.2.4-rc.1', false],
  ['!=1.2.3-0', '1.2.4-rc.1', true],
  ['>=1.0.0-0, <2.0.0', '1.5.0-rc.1', false],
  ['>=1.0.0-0, <2.0.0-0', '1.5.0-rc.1', true],
  ['>=1.0.0-0, <2.0.0-0', '2.0.0-0', false],
  ['^*', '0.0.0', true],
  ['^*', '0.0.1', false],
  ['^*', '1.0.0', false],
  ['~*', '7.1.2', true],
  ['>*', '0.0.0', false],
  ['>*', '0.0.1', true],
  ['<=*', '0.0.9', true],
  ['<=*', '0.1.0', false],
  ['<*', '0.0.0', false],
  ['!=*', '0.0.0', false],
  ['!=*', '0.0.1', true],
  ['!=1.2.x-alpha', '1.2.9-alpha', false],
  ['!=1.2.x-alpha', '1.2.9-beta', true],
  ['!=1.2.x-alpha', '1.2.9', true],
  ['~0.0.0', '5.0.0', true],
  ['~0.0.x', '0.1.0', false],
  ['^0.0', '0.0.9', true],
  ['1.x.7', '1.9.2', true],
  ['x.7.7', '1.9.2', true],
  ['1.x+3', '1.4.0', true],
  ['v1.2.3', '1.2.3+7', true],
  ['>1.1', '1.1.9', false],
  ['<=1.1', '1.1.9', true],
  ['1.0 - 1.2', '1.2.9', true],
  ['1.0 - 1.2.0', '1.2.1', false],
  ['2 - 3 || 5', '5.4.3', true],
  ['>=18446744073709551615.0.0', '18446744073709551615.0.1', true],
]

describe('parseRange', () => {
  it.each(RANGES)('reads %j as Masterminds/semver does', (text, alternatives, comparators, refused) => {
    const parsed = parseRange(text)
    if (refused) return expect(parsed).toEqual({ problem: expect.any(String) })
    expect(range(text).alternatives).toHaveLength(alternatives)
    expect(range(text).alternatives[0]).toHaveLength(comparators)
  })

  it.each(PRINTED)('prints %j as %j', (text, printed) => {
    expect(range(text).text).toBe(printed)
    expect(range(printed).text).toBe(printed)
  })

  it.each([
    '',
    ' ',
    '||',
    '1 ||',
    '1,',
    ',1',
    '1,,2',
    '> = 1',
    '>> 1',
    '>',
    '1>2',
    '1|2',
    '=1 - 2',
    '1.2.3.4 - 5',
    'latest',
    '1.2.3-01',
    '01.2.3',
    '1x',
    '1.2.3\u00a0',
    '18446744073709551616.0.0',
  ])('refuses %j', (text) => expect(parseRange(text)).toEqual({ problem: expect.any(String) }))

  it('names the part that is none', () => {
    expect(parseRange('>= 1.0 || newest')).toEqual({
      problem:
        'must be a version range such as ">= 1.2.0, < 2.0.0", "^1.2.0" or "1.2.x", but "newest" is none',
    })
  })

  it('bounds the length', () => {
    expect(range(`1 ${'x '.repeat(499)}`).alternatives[0]).toHaveLength(500)
    expect(parseRange(`1 ${'x '.repeat(500)}`)).toEqual({
      problem: expect.stringContaining('1000 characters'),
    })
  })
})

describe('rangeMatches', () => {
  it('knows all 52 cases of Glasskube', () => expect(glasskubeRows).toHaveLength(52))

  it.each(glasskubeRows)('applies Glasskube’s %j to %s', (text, version, matches) => {
    expect(rangeMatches(range(text), loose(version))).toBe(matches)
  })

  it.each(MATCHING)('applies %j to %s as Masterminds/semver does', (text, version, matches) => {
    expect(rangeMatches(range(text), loose(version))).toBe(matches)
  })

  it.each(QUIRKS)('applies %j to %s, unlike others', (text, version, matches) => {
    expect(rangeMatches(range(text), loose(version))).toBe(matches)
  })
})

describe('namesBuild', () => {
  it.each([
    ['>= 1.0.0+3', true],
    ['1.x+3', true],
    ['1.0.0 || 2.0.0-rc.1+1', true],
    ['>= 1.0.0-rc.3', false],
  ])('finds a build number in %j: %s', (text, found) => expect(namesBuild(range(text))).toBe(found))
})
