/** Joint resolutions of large random universes, and of adversarial ones of 10,000 packages. */
import { describe, expect, it } from 'vitest'
import { resolveJointly } from '../../../../src/domain/glasskube/resolution/joint.ts'
import type { Resolution, ResolutionProblem } from '../../../../src/domain/glasskube/resolution/problem.ts'
import { isSolution, versionsAfter } from '../../../support/every-solution.ts'
import { brokenChain, names, pigeonholes, randomUniverse, ring } from '../../../support/large-universes.ts'

const HUGE = 10_000
const SEEDS = names(10, '').map(Number)

/** Undefined if there was no answer within the bound. */
function answered(problem: ResolutionProblem): Resolution | undefined {
  try {
    return resolveJointly(problem)
  } catch (error) {
    expect(error).toMatchObject({ code: 'too_large' })
    return undefined
  }
}

describe('a joint resolution of 1,000 random packages', () => {
  it.each(SEEDS)('installs some, and updates them beside what is installed: universe %i', (seed) => {
    const universe = randomUniverse(seed, 1000, 3)
    const first: ResolutionProblem = { universe, install: [{ name: 'p0' }, { name: 'p1' }], installed: [] }
    const installed = resolveJointly(first)
    expect(installed.status).not.toBe('CONFLICT')
    expect(isSolution(first, versionsAfter(first, installed))).toBe(true)

    const second: ResolutionProblem = {
      universe,
      install: [{ name: 'p2' }, { name: 'p3' }],
      installed: [
        ...installed.install,
        ...installed.requirements.map((one) => ({ ...one, asDependency: true })),
      ],
    }
    const updated = resolveJointly(second)
    expect(isSolution(second, versionsAfter(second, updated))).toBe(updated.status !== 'CONFLICT')
  })
})

describe('a joint resolution of 10,000 packages ends', () => {
  it.each(SEEDS.slice(0, 3))('in random universe %i', (seed) => {
    const problem = { universe: randomUniverse(seed, HUGE, 3), install: [{ name: 'p0' }], installed: [] }
    const answer = answered(problem)
    expect(answer && isSolution(problem, versionsAfter(problem, answer))).toBe(true)
  })

  it('in a dense universe', () => {
    expect(
      answered({ universe: randomUniverse(1, HUGE, 40), install: [{ name: 'p0' }], installed: [] }),
    ).toBeUndefined()
  })

  it('with all of them installed, and all in need of moving', () => {
    const installed = names(HUGE).map((name) => ({ name, version: '1.0.0' }))
    const problem = { universe: ring(HUGE), install: [{ name: 'p0', version: '2.0.0' }], installed }
    expect(answered(problem)?.changes.length).toBe(HUGE)
  })

  it('where they depend on each other in one line', () => {
    const problem = { universe: brokenChain(HUGE), install: [{ name: 'p0' }], installed: [] }
    expect(answered(problem)?.status).toBe('CONFLICT')
  })

  it('where every choice contradicts the others', () => {
    const problem = {
      universe: pigeonholes(100),
      install: names(100).map((name) => ({ name })),
      installed: [],
    }
    expect(answered(problem)).toBeUndefined()
  })
})
