/** Compares the checks of values with Go, whose functions Glasskube uses: see values/main.go. */
import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { ValueDefinition } from '../../src/domain/glasskube/manifest-schema.ts'
import { Re2Patterns } from '../../src/domain/glasskube/re2-pattern.ts'
import { valueViolations } from '../../src/domain/glasskube/values.ts'
import { tool } from '../support/program.ts'
import { searching } from '../support/sizes.ts'
import { describeWith } from './tool.ts'

const program = tool('check-values')

type Question = { patterns: string[]; texts: string[] }
type Answer = { matches: (boolean[] | null)[]; numbers: boolean[]; booleans: boolean[] }

function original(question: Question): Answer {
  return JSON.parse(execFileSync(program.path, { input: JSON.stringify(question) }).toString())
}

function ours({ patterns, texts }: Question): Answer {
  return {
    matches: patterns.map((pattern) => {
      const compiled = new Re2Patterns()
      if (compiled.problemOf(pattern)) return null
      return texts.map((text) => compiled.test(pattern, text) === true)
    }),
    numbers: texts.map((text) => fits('number', text)),
    booleans: texts.map((text) => fits('boolean', text)),
  }
}

function fits(type: ValueDefinition['type'], value: string): boolean {
  return valueViolations({ a: { type, targets: [] } }, { a: { value } }).length === 0
}

const PATTERN_PARTS = [
  ...['a', 'b', 'K', 'k', 's', 'é', '𝄞', '-', '.', '^', '$', '|', '(', '(?:', ')', '{', '}', '[', ']'],
  ...['*', '+', '?', '*?', '++', '{2}', '{1,}', '{0,2}', '{,3}', '{1000}', '{1001}'],
  ...['(?i)', '(?s)', '(?m)', '(?U)', '(?-s:', '(?P<x>', '(?<y>', '(?=', '(?<!'],
  ...['\\.', '\\d', '\\w', '\\W', '\\s', '\\S', '\\b', '\\B', '\\A', '\\z', '\\Z', '\\n', '\\v', '\\a'],
  ...['\\pL', '\\p{Greek}', '\\PN', '\\Q', '\\E', '\\x41', '\\x{1F600}', '\\C', '\\1', '\\8', '\\07', '\\_'],
  ...['[a-c]', '[^a]', '[[:alpha:]]', '[[:^digit:]]', '[]a]', '[a-\\d]', '[\\w-.]', '[b-a]'],
]
const TEXT_PARTS = [
  ...['a', 'b', 'c', 'A', '1', '.', '-', '_', ' ', '\n', '\r', '\v', '\u00a0', '\u2028'],
  // Letters that are equal if case is ignored, some in unexpected ways.
  ...['é', 'É', 'K', 'k', '\u212a', 's', '\u017f', 'α', '𝄞'],
]
const VALUE_PARTS = [
  ...['0', '1', '9', '+', '-', '_', '.', 'e', 'x', ' ', '9223372036854775807', '9223372036854775808'],
  ...['t', 'T', 'f', 'true', 'True', 'TRUE', 'tRUE', 'false'],
]

function textOf(parts: string[], maxLength: number): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom(...parts), { maxLength }).map((each) => each.join(''))
}

describeWith(program, "Glasskube's checks of values", () => {
  it.each([
    ['texts', PATTERN_PARTS, TEXT_PARTS],
    ['numbers and booleans', ['^[0-9]+$', '^', 'e'], VALUE_PARTS],
  ])('accept and refuse the same %s', (_, patternParts, textParts) => {
    const question = fc.record({
      patterns: fc.array(textOf(patternParts, 6), { minLength: 100, maxLength: 100 }),
      texts: fc.array(textOf(textParts, 4), { minLength: 20, maxLength: 20 }),
    })
    const property = fc.property(question, (asked) => {
      expect(ours(asked)).toEqual(original(asked))
    })
    fc.assert(property, searching(100))
  })
})
