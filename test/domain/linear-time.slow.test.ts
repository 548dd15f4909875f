/** Work on YAML grows as its input does. Each run tries some shapes, and `PKGSERVER_TEST_RUNS=5` nearly all of them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SHAPES, WORKS } from '../support/doubled-inputs.ts'
import { growthOf } from '../support/growth.ts'

const AT_ONCE = 80 * Number(process.env.PKGSERVER_TEST_RUNS ?? 1)

const cases = Object.keys(SHAPES).flatMap((shape) => WORKS.map((work) => [work, shape] as const))
const [chosen = []] = fc.sample(fc.shuffledSubarray(cases, { minLength: Math.min(AT_ONCE, cases.length) }), 1)

describe('work', () => {
  it.each(chosen.slice(0, AT_ONCE))(
    'takes no more than two and a half times as long when the input is doubled: %s of %s',
    (work, shape) => {
      expect(growthOf(work, shape)).toBeLessThan(2.5)
    },
  )
})
