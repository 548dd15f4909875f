/** Compares versions and ranges with Masterminds/semver, which Glasskube uses, on generated texts: see semver/main.go. */
import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { comparePrecedence, parseLooseVersion } from '../../src/domain/glasskube/loose-version.ts'
import { parseRange, rangeMatches } from '../../src/domain/glasskube/range.ts'
import { tool } from '../support/program.ts'
import { MATCHING, ORDERED, PRINTED, RANGES, VERSIONS } from '../support/semver-cases.ts'
import { searching } from '../support/sizes.ts'
import { describeWith } from './tool.ts'

const program = tool('check-ranges')

type Question = { versions: string[]; ranges: string[] }
type Answer = { versions: (number[] | null)[]; ranges: ({ text: string; matches: boolean[] } | null)[] }

function original(question: Question): Answer {
  return JSON.parse(execFileSync(program.path, { input: JSON.stringify(question) }).toString())
}

function ours({ versions: texts, ranges }: Question): Answer {
  const versions = texts.map(parseLooseVersion)
  return {
    versions: versions
      .map((a) => a && versions.map((b) => (b ? Math.sign(comparePrecedence(a, b)) : 0)))
      .map((orders) => orders ?? null),
    ranges: ranges.map((text) => {
      const range = parseRange(text)
      if ('problem' in range) return null
      const matches = versions.map((version) => version !== undefined && rangeMatches(range, version))
      return { text: range.text, matches }
    }),
  }
}

const NUMBERS = ['0', '0', '1', '1', '2', '3', '10', '01', '18446744073709551615', '18446744073709551616']
const WILDCARDS = ['x', 'X', '*', '1|2', 'xx', '1x']
const PRERELEASES = [
  '-0',
  '-1',
  '-alpha',
  '-alpha.1',
  '-alpha.02',
  '-beta.10',
  '-rc1',
  '--',
  '-a.18446744073709551616',
]
const METADATA = ['+1', '+2', '+build.01', '+a-b', '+']
const SPACES = ['', '', '', ' ', ' ', '  ', '\t', '\n', '\v', '\u00a0']
const OPERATORS = ['', '', '=', '!=', '>', '<', '>=', '=>', '<=', '=<', '~', '~>', '^', '==', '><']
const SEPARATORS = [' ', ' ', ', ', ',', ' , ', ' || ', '||', ' - ', ' -  ', '|', '']

const oneOf = (texts: string[]) => fc.constantFrom(...texts)
const joined = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts).map((texts) => texts.join(''))
const sometimes = (part: fc.Arbitrary<string>) => fc.oneof({ arbitrary: fc.constant(''), weight: 2 }, part)

function versionOf(part: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const parts = fc.array(part, { minLength: 1, maxLength: 4 }).map((texts) => texts.join('.'))
  return joined(oneOf(['', '', 'v']), parts, sometimes(oneOf(PRERELEASES)), sometimes(oneOf(METADATA)))
}

const version = versionOf(oneOf(NUMBERS))
const comparator = joined(
  oneOf(OPERATORS),
  oneOf(SPACES),
  versionOf(fc.oneof({ arbitrary: oneOf(NUMBERS), weight: 4 }, oneOf(WILDCARDS))),
)
const range = joined(
  oneOf(SPACES),
  comparator,
  fc.array(joined(oneOf(SEPARATORS), comparator), { maxLength: 3 }).map((texts) => texts.join('')),
  oneOf(SPACES),
)
/** Valid ones only: few of the others are. */
const plainVersion = joined(
  fc.array(oneOf(['0', '1', '2', '3']), { minLength: 1, maxLength: 3 }).map((texts) => texts.join('.')),
  sometimes(oneOf(['-0', '-alpha', '-alpha.1', '-rc.1'])),
)
const plainRange = joined(
  oneOf(['', '=', '!=', '>', '<', '>=', '<=', '~', '^']),
  plainVersion.map((text) => text.replace('3', 'x')),
  sometimes(joined(oneOf([' ', ', ', ' || ']), oneOf(['', '!=', '<', '~', '^']), plainVersion)),
)

describeWith(program, 'the version ranges of Masterminds/semver', () => {
  it('are read, printed and applied alike where its own tests look', () => {
    const question = {
      versions: [
        ...VERSIONS.map(([text]) => text),
        ...MATCHING.map(([, text]) => text),
        ...ORDERED.flat().map(String),
      ],
      ranges: [...MATCHING, ...RANGES, ...PRINTED].map(([text]) => text),
    }
    expect(ours(question)).toEqual(original(question))
  })

  it.each([
    ['valid texts', plainVersion, plainRange],
    ['nearly valid texts', version, range],
  ])('are read, printed and applied alike: %s', (_, versions, ranges) => {
    const question = fc.record({
      versions: fc.array(versions, { minLength: 50, maxLength: 50 }),
      ranges: fc.array(ranges, { minLength: 100, maxLength: 100 }),
    })
    const property = fc.property(question, (asked) => {
      expect(ours(asked)).toEqual(original(asked))
    })
    fc.assert(property, searching(100))
  })
})
