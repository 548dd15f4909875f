/** Each kind of work on each shape of YAML grows as the input does. */
import { describe, expect, it } from 'vitest'
import { SHAPES, WORKS } from '../support/doubled-inputs.ts'
import { growthOf } from '../support/growth.ts'

describe.each(Object.keys(SHAPES))('%s', (shape) => {
  it.each(WORKS)(
    'take no more than two and a half times as long when there are twice as many: %s',
    (work) => {
      expect(growthOf(work, shape)).toBeLessThan(2.5)
    },
  )
})
