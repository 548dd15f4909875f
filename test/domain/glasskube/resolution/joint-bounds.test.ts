/** Joint resolutions end, with an answer or an error, whatever they are asked. */
import { describe, expect, it } from 'vitest'
import { resolveJointly } from '../../../../src/domain/glasskube/resolution/joint.ts'
import { brokenChain, names, pigeonholes, ring } from '../../../support/large-universes.ts'
import { packages, type Repository, universe } from '../../../support/package-universe.ts'

const LARGE = 2000
const at = (version: string) => names(LARGE).map((name) => ({ name, version }))

describe('a joint resolution', () => {
  it('moves thousands of packages together', () => {
    const problem = {
      universe: ring(LARGE),
      install: [{ name: 'p0', version: '2.0.0' }],
      installed: at('1.0.0'),
    }
    const { status, changes, explanation } = resolveJointly(problem)
    expect([status, changes.length]).toEqual(['RESOLVABLE', LARGE])
    const lines = explanation.split('\n')
    expect([lines[0], lines.at(-1), lines.length]).toEqual([
      'p1 moves from 1.0.0 to 2.0.0 because p0 2.0.0 depends on p1 ^2.',
      '(1979 more.)',
      21,
    ])
  })

  it('follows dependencies to any depth', () => {
    const { status, conflicts } = resolveJointly({
      universe: brokenChain(LARGE),
      install: [{ name: 'p0' }],
      installed: [],
    })
    expect(status).toBe('CONFLICT')
    expect(conflicts[0]).toEqual({ name: `p${LARGE}`, required: '^1', by: `p${LARGE - 1}` })
    expect(conflicts.length).toBe(49)
  })

  it('gives up a search that takes too many steps, and says what to do', () => {
    const problem = { universe: pigeonholes(12), install: names(12).map((name) => ({ name })), installed: [] }
    expect(() => resolveJointly(problem, 1_000_000)).toThrow(
      expect.objectContaining({
        code: 'too_large',
        message: 'found no answer in 1000000 steps: ask for exact versions, or for fewer packages at a time',
      }),
    )
    expect(
      resolveJointly({ ...problem, universe: pigeonholes(6), install: names(6).map((name) => ({ name })) })
        .status,
    ).toBe('CONFLICT')
  })

  it('counts long ranges over many versions, and components of components', () => {
    const versions = Object.fromEntries(names(500, 'b 1.').map((name) => [`${name}.0`, []]))
    const long = Array.from({ length: 100 }, (_, i) => `>=${i}`).join(', ')
    expect(() =>
      resolveJointly(
        {
          universe: universe({ ...versions, 'a 1.0.0': [`b ${long}`] }),
          install: packages('a 1.0.0'),
          installed: [],
        },
        50_000,
      ),
    ).toThrow(/steps/)

    const components = names(10, 'c').map((name) => ({ name }))
    const nested: Repository = Object.fromEntries(
      names(10, 'c').map((name) => [`${name} 1.0.0`, { scope: 'Namespaced', components }]),
    )
    const install = packages('work/c0 c0 1.0.0')
    expect(() => resolveJointly({ universe: universe(nested), install, installed: [] }, 1_000_000)).toThrow(
      /steps/,
    )
  })
})
