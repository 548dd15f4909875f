/** Work on YAML grows as its input does. Each run tries some more shapes, and `PKGSERVER_TEST_RUNS=5` nearly all of them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SHAPES, WORKS, type Work } from '../support/doubled-inputs.ts'
import { growthOf } from '../support/growth.ts'

/** Shapes that once took the square of their size. */
const CASES: [Work, string][] = [
  ['diff', 'comments below metadata'],
  ['merge', 'spaces in a comment'],
  ['merge', 'comments that change'],
  ['merge', 'objects'],
  ['merge', 'functions with names'],
  ['diff', 'functions with names'],
  ['merge', 'items in brackets that upstream changes'],
  ['merge', 'comments of which local removes the fields'],
  ['edits', 'fields that both sides change'],
  ['edits', 'items with keys'],
  ['setters', 'names of setters without end'],
  ['setters', 'a pattern with many setters'],
  ['setters', 'line feeds in a text with a setter'],
  ['validation', 'merge keys'],
]

const AT_ONCE = 80 * Number(process.env.PKGSERVER_TEST_RUNS ?? 1)

const cases = Object.keys(SHAPES).flatMap((shape) => WORKS.map((work) => [work, shape] as const))
const [chosen = []] = fc.sample(fc.shuffledSubarray(cases, { minLength: Math.min(AT_ONCE, cases.length) }), 1)

describe('work', () => {
  it.each([...CASES, ...chosen.slice(0, AT_ONCE)])(
    'takes no more than two and a half times as long when the input is doubled: %s of %s',
    (work, shape) => {
      expect(growthOf(work, shape)).toBeLessThan(2.5)
    },
  )
})
