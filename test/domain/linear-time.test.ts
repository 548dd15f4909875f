/**
 * Work on a file grows as the file does. These shapes once took the square of it; `linear-time.slow.test.ts` tries many
 * more.
 */
import { describe, expect, it } from 'vitest'
import type { Work } from '../support/doubled-inputs.ts'
import { growthOf } from '../support/growth.ts'

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

describe('work', () => {
  it.each(CASES)(
    'takes no more than two and a half times as long when the input is doubled: %s of %s',
    (work, shape) => {
      expect(growthOf(work, shape)).toBeLessThan(2.5)
    },
  )
})
