/** Joint resolutions of small random universes, compared with all solutions that there are. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { resolveJointly } from '../../../../src/domain/glasskube/resolution/joint.ts'
import type { ResolutionProblem } from '../../../../src/domain/glasskube/resolution/problem.ts'
import { everySolution, isSolution, type Versions, versionsAfter } from '../../../support/every-solution.ts'
import { type Repository, universe } from '../../../support/package-universe.ts'
import { searching } from '../../../support/sizes.ts'

const NAMES = ['a', 'b', 'c', 'd']
const VERSIONS = ['1.0.0', '1.1.0', '2.0.0-rc.1', '2.0.0']
const RUNS = 500

const name = fc.constantFrom(...NAMES)
const range = fc.constantFrom(
  '',
  '^1',
  '^2',
  '>=1.1.0',
  '<=1.1.0',
  '1.0.0',
  '>=2.0.0-rc.1',
  '~1.1',
  '^3',
  'none',
)
const dependency = fc.tuple(name, range).map(([target, text]) => `${target} ${text}`)

const manifest = fc.record({
  dependencies: fc.array(dependency, { maxLength: 3 }),
  deprecated: fc.constantFrom(false, false, false, true),
})
const published = fc.record(
  Object.fromEntries(NAMES.flatMap((one) => VERSIONS.map((version) => [`${one} ${version}`, manifest]))),
  { requiredKeys: [] },
)
const problem: fc.Arbitrary<ResolutionProblem> = fc.record({
  universe: published.map((repository) => universe(repository as Repository)),
  install: fc.array(
    fc.record({
      name,
      version: fc.constantFrom(undefined, undefined, '1.0.0', '2.0.0', '2.0.0-rc.1', '>=1.1.0', '^2'),
    }),
    { minLength: 1, maxLength: 2 },
  ),
  installed: fc.uniqueArray(
    fc.record({ name, version: fc.constantFrom(...VERSIONS, '0.9.0'), asDependency: fc.boolean() }),
    { selector: (one) => one.name, maxLength: 4 },
  ),
})

it('finds a solution whenever there is one, and moves no more than it must', () => {
  const outcomes = { OK: 0, RESOLVABLE: 0, CONFLICT: 0 }
  fc.assert(
    fc.property(problem, (question) => {
      const answer = resolveJointly(question)
      outcomes[answer.status]++
      const solutions = everySolution(question, NAMES)
      if (solutions.length === 0) {
        expect(answer.status).toBe('CONFLICT')
        expect(answer.explanation).toMatch(/no solution/)
        return
      }
      expect(answer.status).not.toBe('CONFLICT')
      const versions = versionsAfter(question, answer)
      expect(isSolution(question, versions)).toBe(true)
      expect(solutions.filter((other) => isBetter(question, other, versions))).toEqual([])
    }),
    searching(RUNS),
  )
  for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(RUNS / 20)
})

/** Reports whether the other solution misses fewer updates, or moves fewer of the packages, or has higher versions. */
function isBetter(question: ResolutionProblem, other: Versions, versions: Versions): boolean {
  for (const faults of [missedUpdates, moves]) {
    const [theirs, ours] = [faults(question, other), faults(question, versions)]
    if (!theirs.isSubsetOf(ours)) return false
    if (theirs.size < ours.size) return true
  }
  const ranks = [...versions].map(([one, version]) => [rank(other.get(one)), rank(version)] as const)
  return ranks.every(([theirs, own]) => theirs >= own) && ranks.some(([theirs, own]) => theirs > own)
}

/** The installed packages that were asked for in any version, and got none that is higher. */
function missedUpdates({ install, installed }: ResolutionProblem, versions: Versions): Set<string> {
  const asked = install.filter(({ version }) => version === undefined).map((request) => request.name)
  const missed = installed.filter((one) => rank(versions.get(one.name)) <= rank(one.version))
  return new Set(asked).intersection(new Set(missed.map((one) => one.name)))
}

function moves({ install, installed }: ResolutionProblem, versions: Versions): Set<string> {
  const unasked = installed.filter((one) => !install.some((request) => request.name === one.name))
  return new Set(
    unasked.filter((one) => (versions.get(one.name) ?? one.version) !== one.version).map((one) => one.name),
  )
}

const rank = (version: string | undefined) => ['0.9.0', ...VERSIONS].indexOf(version ?? '')
