import { describe, expect, it } from 'vitest'
import { resolveCompatibly } from '../../../../src/domain/glasskube/resolution/compatible.ts'
import type { Resolution, Universe } from '../../../../src/domain/glasskube/resolution/problem.ts'
import { packages, type Repository, universe } from '../../../support/package-universe.ts'

/** Installed packages with a star are there as dependencies only. */
function resolve(published: Repository | Universe, install: string[], installed: string[] = []): Resolution {
  return resolveCompatibly({
    universe:
      typeof published.lookup === 'function' ? (published as Universe) : universe(published as Repository),
    install: packages(...install),
    installed: installed.flatMap((text) =>
      packages(text.replace('*', '')).map((found) => ({ ...found, asDependency: text.startsWith('*') })),
    ),
  })
}

const requirements = (answer: Resolution) =>
  answer.requirements.map(({ name, version }) => `${name} ${version}`)

const NAMESPACED = { scope: 'Namespaced' } as const

/** The answer if all goes well. */
const answered = (parts: Partial<Resolution>): Resolution => ({
  status: parts.requirements?.length ? 'RESOLVABLE' : 'OK',
  install: [],
  requirements: [],
  changes: [],
  conflicts: [],
  pruned: [],
  explanation: '',
  ...parts,
})

/** Of manager_test.go: P needs D, and other installed packages do. */
describe('resolveCompatibly, in the cases of Glasskube', () => {
  const P = { name: 'P', version: '12.2.0' }

  it('installs a package without dependencies', () => {
    expect(resolve({ 'P 12.2.0': [] }, ['P 12.2.0'])).toEqual(answered({ install: [P] }))
  })

  it.each([
    [['D'], [], [], '1.1.1', 'OK'],
    [['D'], ['D'], ['D'], '1.1.1', 'OK'],
    [['D'], ['D >= 1, < 2'], ['D'], '1.1.1', 'OK'],
    [['D'], ['D'], ['D 1.x.x'], '1.1.1', 'OK'],
    [['D'], ['D >= 1, < 2'], ['D 1.x.x'], '1.1.1', 'OK'],
    [['D ^1.2.3'], [], [], '1.3.0', 'OK'],
    [['D ^1.2.3'], [], [], '1.2.1', 'CONFLICT'],
    [['D ^1.2.3'], [], [], '2.0.0-alpha.2', 'CONFLICT'],
    [['D ^1.2.3'], ['D'], ['D'], '1.3.1', 'OK'],
    [['D ^1.2.3'], ['D'], ['D'], '1.1.7', 'CONFLICT'],
    [['D ^1.2.3'], ['D'], ['D'], '2.0.0-alpha.2', 'CONFLICT'],
    [['D ^1.2.3'], ['D ^1.0.0 || 2.0.0'], ['D >= 1.1.0, < 3'], '1.4.0', 'OK'],
    [['D ^1.2.3'], ['D ^1.0.0 || 2.0.0'], ['D >= 1.1.0, < 3'], '1.2.1', 'CONFLICT'],
    [['D ^1.2.3'], ['D ^1.0.0 || 2.0.0'], ['D >= 1.1.0, < 3'], '2.0.0', 'CONFLICT'],
  ])('P needs %j, X %j, Y %j, and D is %s: %s', (p, x, y, d, status) => {
    const published = { 'P 12.2.0': p, 'X 0.17.2': x, 'Y 3.2.0-beta.7': y, [`D ${d}`]: [] }
    const answer = resolve(published, ['P 12.2.0'], ['X 0.17.2', 'Y 3.2.0-beta.7', `D ${d}`])
    if (status === 'OK') return expect(answer).toEqual(answered({ install: [P] }))
    const conflicts = [{ name: 'D', actual: d, required: '^1.2.3', by: 'P' }]
    const explanation = expect.stringContaining(`P 12.2.0 needs D ^1.2.3, not ${d}.`)
    expect(answer).toEqual(answered({ status: 'CONFLICT', conflicts, explanation }))
  })

  it.each([
    ['D', '1.1.7'],
    ['D ^1.2.3', '1.7.4'],
  ])('adds what P lacks: %s', (needed, version) => {
    expect(resolve({ 'P 12.2.0': [needed], [`D ${version}`]: [] }, ['P 12.2.0'])).toEqual(
      answered({ install: [P], requirements: [{ name: 'D', version, transitive: false }] }),
    )
  })

  it('adds all that P lacks', () => {
    const published = { 'P 12.2.0': ['E', 'D'], 'D 1.1.7': [], 'E 1.1.7': [] }
    expect(requirements(resolve(published, ['P 12.2.0']))).toEqual(['D 1.1.7', 'E 1.1.7'])
    expect(resolve(published, ['P 12.2.0'], ['D 1.1.7', 'E 1.1.7'])).toEqual(answered({ install: [P] }))
  })

  it.each([
    ['2.0.0', 'CONFLICT', [], [{ name: 'D', actual: '2.0.0', required: '1.x.x', by: 'N' }]],
    ['1.2.0', 'OK', [{ name: 'D', from: '1.1.1', to: '1.2.0' }], []],
  ])('lets a package in a namespace forbid an update to %s: %s', (version, status, changes, conflicts) => {
    const published = {
      'D 1.1.1': [],
      [`D ${version}`]: [],
      'N 1.0.0': { dependencies: ['D 1.x.x'], ...NAMESPACED },
    }
    const answer = resolve(published, [`D ${version}`], ['D 1.1.1', 'default/N N 1.0.0'])
    expect(answer).toMatchObject({ status, changes, conflicts })
  })

  const components = (version: string) => [{ name: 'C', installedName: 'foo', version }]

  it.each([
    ['default/N N 1.0.0', 'N 1.0.0', NAMESPACED, { namespace: 'default', instance: 'N-foo' }],
    ['P 1.0.0', 'P 1.0.0', { defaultNamespace: 'p-system' }, { namespace: 'p-system', instance: 'P-foo' }],
  ])('adds the component of %s', (request, title, parts, place) => {
    const published = { [title]: { components: components('1.0.0'), ...parts }, 'C 1.0.0': NAMESPACED }
    expect(resolve(published, [request])).toMatchObject({
      status: 'RESOLVABLE',
      requirements: [{ name: 'C', version: '1.0.0', ...place, transitive: false }],
    })
  })

  it.each([
    ['>=1.1.0', 'OK', []],
    [
      '>=1.2.0',
      'CONFLICT',
      [{ name: 'C', namespace: 'default', instance: 'N-foo', actual: '1.1.0', by: 'N' }],
    ],
  ])('keeps an installed component where N needs %s: %s', (version, status, conflicts) => {
    const published = {
      'N 1.0.0': { components: components('>=1.0.0'), ...NAMESPACED },
      'N 2.0.0': { components: components(version), ...NAMESPACED },
      'C 1.1.0': NAMESPACED,
      'C 1.2.0': NAMESPACED,
    }
    const installed = ['default/N N 1.0.0', 'default/N-foo C 1.1.0']
    expect(resolve(published, ['default/N N 2.0.0'], installed)).toMatchObject({
      status,
      requirements: [],
      conflicts,
    })
  })

  it('prunes dependencies and components that the new version does not need', () => {
    const published = {
      'P 1.0.0': { dependencies: ['C 1.0.0'], components: [{ name: 'D' }], defaultNamespace: 'd' },
      'P 2.0.0': [],
      'C 1.0.0': [],
      'D 1.0.0': NAMESPACED,
    }
    const pruned = [
      { name: 'C', version: '1.0.0' },
      { name: 'D', namespace: 'd', instance: 'P-D', version: '1.0.0' },
    ]
    expect(resolve(published, ['P 2.0.0'], ['P 1.0.0', '*C 1.0.0', '*d/P-D D 1.0.0'])).toMatchObject({
      status: 'OK',
      requirements: [],
      pruned,
    })
    expect(resolve(published, ['P 2.0.0'], ['P 1.0.0', 'C 1.0.0', 'd/P-D D 1.0.0']).pruned).toEqual([])
  })
})

describe('resolveCompatibly', () => {
  it('never reconsiders a version that it chose', () => {
    const rest = { 'A 1.0.0': [], 'A 2.0.0': [], 'B 1.0.0': ['A <2'] }
    expect(resolve({ 'P 1.0.0': ['A', 'B'], ...rest }, ['P']).conflicts).toEqual([
      { name: 'A', actual: '2.0.0', required: '<2', by: 'B' },
    ])
    expect(requirements(resolve({ 'P 1.0.0': ['B', 'A'], ...rest }, ['P']))).toEqual(['A 1.0.0', 'B 1.0.0'])
  })

  it('takes prereleases where there is no range', () => {
    const published = { 'P 1.0.0': ['D'], 'D 1.0.0': [], 'D 2.0.0-rc.1+1': [] }
    expect(requirements(resolve(published, ['P']))).toEqual(['D 2.0.0-rc.1+1'])
  })

  it('marks what only others need', () => {
    const published = { 'P 1.0.0': ['A'], 'A 1.0.0': ['B'], 'B 1.0.0': ['C'], 'C 1.0.0': [] }
    expect(resolve(published, ['P']).requirements).toEqual([
      { name: 'A', version: '1.0.0', transitive: false },
      { name: 'B', version: '1.0.0', transitive: true },
      { name: 'C', version: '1.0.0', transitive: true },
    ])
  })

  it('ends in cycles', () => {
    expect(requirements(resolve({ 'P 1.0.0': ['A 1'], 'A 1.0.0': ['P 1', 'A'] }, ['P']))).toEqual(['A 1.0.0'])
    expect(resolve({ 'P 1.0.0': ['A 1'], 'A 1.0.0': ['P 2'] }, ['P']).conflicts).toEqual([
      { name: 'P', actual: '1.0.0', required: '2', by: 'A' },
    ])
  })

  it('cannot move packages that must move together', () => {
    const published = {
      'A 1.0.0': ['B 1.x'],
      'A 2.0.0': ['B 2.x'],
      'B 1.0.0': ['A 1.x'],
      'B 2.0.0': ['A 2.x'],
    }
    expect(resolve(published, ['A 2.0.0', 'B 2.0.0'], ['A 1.0.0', 'B 1.0.0'])).toEqual(
      answered({
        status: 'CONFLICT',
        conflicts: [
          { name: 'A', actual: '2.0.0', required: '1.x', by: 'B' },
          { name: 'B', actual: '1.0.0', required: '2.x', by: 'A' },
        ],
        explanation:
          'B 1.0.0 needs A 1.x, not 2.0.0. A 2.0.0 needs B 2.x, not 1.0.0. ' +
          'Glasskube moves one package at a time: the mode "joint" may find a solution.',
      }),
    )
  })

  it('takes requests one after the other, each on top of those before', () => {
    const published = {
      'P 1.0.0': ['A'],
      'P 2.0.0': [],
      'Q 1.0.0': ['A 1.x', 'B'],
      'A 1.0.0': [],
      'A 2.0.0': [],
      'B 1.0.0': [],
    }
    expect(requirements(resolve(published, ['Q', 'P 1.0.0']))).toEqual(['A 1.0.0', 'B 1.0.0'])
    expect(resolve(published, ['P 1.0.0', 'Q']).conflicts).toEqual([
      { name: 'A', actual: '2.0.0', required: '1.x', by: 'Q' },
    ])
    expect(resolve(published, ['P 1.0.0', 'A 1.0.0', 'Q'])).toEqual(
      answered({
        install: packages('P 1.0.0', 'A 1.0.0', 'Q 1.0.0'),
        requirements: [{ name: 'B', version: '1.0.0', transitive: false }],
      }),
    )
    expect(resolve(published, ['P 1.0.0', 'P 2.0.0'])).toEqual(answered({ install: packages('P 2.0.0') }))
  })

  it('ignores what was broken before, and no more', () => {
    const published = {
      'P 1.0.0': ['D 2'],
      'P 1.1.0': ['D 2'],
      'X 1.0.0': ['Z'],
      'D 1.0.0': [],
      'D 2.0.0': [],
      'D 3.0.0': [],
    }
    const installed = ['P 1.0.0', 'X 1.0.0', 'D 1.0.0']
    expect(resolve(published, ['P'], installed).changes).toEqual([{ name: 'P', from: '1.0.0', to: '1.1.0' }])
    expect(resolve(published, ['D 3.0.0'], installed).status).toBe('OK')
    expect(resolve(published, ['D 2.0.0', 'D 3.0.0'], installed).conflicts).toEqual([
      { name: 'D', actual: '3.0.0', required: '2', by: 'P' },
    ])
  })

  describe('chooses the version of a request without one:', () => {
    const { lookup } = universe({ 'P 1.0.0+2': [], 'P 1.0.0+10': [], 'P 2.0.0-rc.1': [] })

    it.each([
      ['the highest release', undefined, [], '1.0.0+10'],
      ['the latest version that the repository names', '1.0.0+2', [], '1.0.0+2'],
      ['what is installed, if that is as high', undefined, ['P 1.0.0+10'], '1.0.0+10'],
      ['what is installed, if that is higher', '1.0.0+2', ['P 2.0.0-rc.1'], '2.0.0-rc.1'],
      ['an update', undefined, ['P 1.0.0+2'], '1.0.0+10'],
    ])('%s', (_, latestVersion, installed, version) => {
      const published = {
        lookup: (name: string) => lookup(name).map((found) => ({ ...found, latestVersion })),
      }
      expect(resolve(published, ['P'], installed)).toMatchObject({ status: 'OK', install: [{ version }] })
    })

    it('a prerelease if there is nothing else', () => {
      expect(resolve({ 'P 1.0.0-rc.1': [], 'P 1.0.0-rc.2': [] }, ['P']).install).toEqual(
        packages('P 1.0.0-rc.2'),
      )
    })
  })

  it('finds a version with "v" that is asked for without', () => {
    expect(resolve({ 'P v1.0.0+1': [] }, ['P 1.0.0+1']).install).toEqual(packages('P v1.0.0+1'))
  })

  it('allows a downgrade', () => {
    expect(resolve({ 'P 1.0.0': [], 'P 2.0.0': [] }, ['P 1.0.0'], ['P 2.0.0']).changes).toEqual([
      { name: 'P', from: '2.0.0', to: '1.0.0' },
    ])
  })

  it('keeps what it cannot look up, and says so', () => {
    const answer = resolve({ 'P 1.0.0': ['gone 1', 'D 7'], 'D 1.0.0': [] }, ['P'], ['gone 1.0.0', 'D 7.0.0'])
    const explanation = 'Not published, so it is unknown what they need: gone 1.0.0, D 7.0.0.'
    expect(answer).toEqual(answered({ install: packages('P 1.0.0'), explanation }))
  })

  it('keeps what only the new package needs', () => {
    const published = { 'P 1.0.0': ['D'], 'D 1.0.0': [], 'E 1.0.0': [] }
    expect(resolve(published, ['P'], ['*D 1.0.0', '*E 1.0.0']).pruned).toEqual(packages('E 1.0.0'))
  })

  it('keeps what was asked for, even if it was installed as a dependency', () => {
    const answer = resolve({ 'P 1.0.0': [], 'P 1.1.0': [] }, ['P'], ['*P 1.0.0'])
    expect(answer).toMatchObject({ install: packages('P 1.1.0'), pruned: [] })
  })

  it.each<[title: string, published: Repository, request: string, conflict: object, text: string]>([
    ['an unknown package', {}, 'P', { name: 'P' }, 'P is not available in any repository.'],
    [
      'an unknown version',
      { 'P 1.0.0': [] },
      'P 2.0.0',
      { name: 'P', required: '2.0.0' },
      'repository-0 has no version 2.0.0 of P.',
    ],
    [
      'an unknown dependency',
      { 'P 1.0.0': ['D 1.x'] },
      'P',
      { name: 'D', required: '1.x', by: 'P' },
      'P 1.0.0 needs D, which is not available in any repository.',
    ],
    [
      'a dependency of which no version fits',
      { 'P 1.0.0': ['A', 'D 2.x'], 'A 1.0.0': ['D'], 'D 1.0.0': [] },
      'P',
      { name: 'D', by: 'A' },
      'No version of D suits all: P 1.0.0 needs 2.x, A 1.0.0 needs any.',
    ],
    [
      'a dependency with a version that cannot be read',
      { 'P 1.0.0': ['D 1.x'], 'D 1.0.0': [], 'D newest': [] },
      'P',
      { name: 'D', actual: 'newest' },
      'Glasskube cannot read the version "newest" of D.',
    ],
    [
      'a range that cannot be read',
      { 'P 1.0.0': ['D newest'], 'D 1.0.0': [] },
      'P',
      { name: 'D', by: 'P' },
      'The range in which P 1.0.0 needs D must be a version range such as',
    ],
    [
      'a package for the cluster in a namespace',
      { 'P 1.0.0': [] },
      'default/P P',
      { name: 'P', namespace: 'default', instance: 'P' },
      'P 1.0.0 has the scope Cluster: leave out namespace and instance.',
    ],
    [
      'a package for namespaces without one',
      { 'P 1.0.0': NAMESPACED },
      'P',
      { name: 'P' },
      'P 1.0.0 has the scope Namespaced: name a namespace.',
    ],
  ])('refuses %s', (_, published, request, conflict, text) => {
    const answer = resolve(published, [request])
    const explanation = expect.stringContaining(text)
    expect(answer).toEqual(answered({ status: 'CONFLICT', conflicts: answer.conflicts, explanation }))
    expect(answer.conflicts[0]).toEqual(conflict)
  })

  it('refuses what several repositories have, even the one of highest priority', () => {
    const published = universe({ 'P 1.0.0': ['D'], 'D 1.0.0': [], 'E 1.0.0': [] }, { 'D 2.0.0': [] })
    expect(resolve(published, ['D'])).toMatchObject({ status: 'CONFLICT', conflicts: [{ name: 'D' }] })
    expect(resolve(published, ['P'])).toMatchObject({
      status: 'CONFLICT',
      conflicts: [{ name: 'D', by: 'P' }],
      explanation:
        'P 1.0.0 needs D, which is available from several repositories (repository-0, repository-1), ' +
        'of which Glasskube takes none: name one of them.',
    })
    expect(resolve(published, ['P'], ['D 2.0.0']).status).toBe('OK')
    expect(resolve(published, ['E']).status).toBe('OK')
  })

  it('refuses a package without versions', () => {
    const published = { lookup: () => [{ repository: 'main', versions: [] }] }
    expect(resolve(published, ['P']).explanation).toBe('main has no version of P.')
  })

  it('refuses all while the version of an installed package cannot be read', () => {
    const answer = resolve({ 'P 1.0.0': [] }, ['P'], ['X newest'])
    expect(answer).toMatchObject({ status: 'CONFLICT', conflicts: [{ name: 'X', actual: 'newest' }] })
  })

  it('explains the first of many conflicts', () => {
    const published: Repository = { 'P 1.0.0': [], 'P 2.0.0': [] }
    const dependants = Array.from({ length: 15 }, (_, i) => `x${i} 1.0.0`)
    for (const dependant of dependants) published[dependant] = ['P 1.x']
    const { conflicts, explanation } = resolve(published, ['P 2.0.0'], ['P 1.0.0', ...dependants])
    expect(conflicts).toHaveLength(15)
    expect(explanation).toContain('There are 5 more conflicts.')
  })
})
