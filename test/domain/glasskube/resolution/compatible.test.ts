import { describe, expect, it } from 'vitest'
import { resolveCompatibly } from '../../../../src/domain/glasskube/resolution/compatible.ts'
import type {
  InstalledPackage,
  InstallRequest,
  Resolution,
} from '../../../../src/domain/glasskube/resolution/problem.ts'
import { type Manifests, published, universe } from '../../../support/glasskube-universe.ts'

type Packages = Parameters<typeof universe>[0]

function resolve(
  packages: Packages,
  install: InstallRequest[],
  installed: InstalledPackage[] = [],
): Resolution {
  return resolveCompatibly({ universe: universe(packages), install, installed })
}

/** A manifest that needs these packages, each in a range or in any version. */
const needing = (ranges: Record<string, string>) => ({
  dependencies: Object.entries(ranges).map(([name, version]) => ({ name, version })),
})

const P = { name: 'P', version: '12.2.0' }
const FOUND = { install: [P], changes: [], conflicts: [], pruned: [], explanation: '' }

/** Of manager_test.go: P needs D, and other installed packages do. */
describe('resolveCompatibly, in the cases of Glasskube', () => {
  it('installs a package without dependencies', () => {
    expect(resolve({ P: { '12.2.0': {} } }, [P])).toEqual({ ...FOUND, status: 'OK', requirements: [] })
  })

  /** The ranges in which P, X and Y need D; undefined if they do not. */
  const OTHERS: [
    p: string,
    x: string | undefined,
    y: string | undefined,
    d: string,
    status: 'OK' | 'CONFLICT',
  ][] = [
    ['', undefined, undefined, '1.1.1', 'OK'],
    ['', '', '', '1.1.1', 'OK'],
    ['', '>= 1, < 2', '', '1.1.1', 'OK'],
    ['', '', '1.x.x', '1.1.1', 'OK'],
    ['', '>= 1, < 2', '1.x.x', '1.1.1', 'OK'],
    ['^1.2.3', undefined, undefined, '1.3.0', 'OK'],
    ['^1.2.3', undefined, undefined, '1.2.1', 'CONFLICT'],
    ['^1.2.3', undefined, undefined, '2.0.0-alpha.2', 'CONFLICT'],
    ['^1.2.3', '', '', '1.3.1', 'OK'],
    ['^1.2.3', '', '', '1.1.7', 'CONFLICT'],
    ['^1.2.3', '', '', '2.0.0-alpha.2', 'CONFLICT'],
    ['^1.2.3', '^1.0.0 || 2.0.0', '>= 1.1.0, < 3', '1.4.0', 'OK'],
    ['^1.2.3', '^1.0.0 || 2.0.0', '>= 1.1.0, < 3', '1.2.1', 'CONFLICT'],
    ['^1.2.3', '^1.0.0 || 2.0.0', '>= 1.1.0, < 3', '2.0.0', 'CONFLICT'],
  ]

  it.each(OTHERS)('P needs D %j, X %j, Y %j, and D is %s: %s', (p, x, y, d, status) => {
    const packages = {
      P: { '12.2.0': needing({ D: p }) },
      D: { [d]: {} },
      X: { '0.17.2': x === undefined ? {} : needing({ D: x }) },
      Y: { '3.2.0-beta.7': y === undefined ? {} : needing({ D: y }) },
    }
    const installed = [
      { name: 'D', version: d },
      { name: 'X', version: '0.17.2' },
      { name: 'Y', version: '3.2.0-beta.7' },
    ]
    const answer = resolve(packages, [P], installed)
    if (status === 'OK') return expect(answer).toEqual({ ...FOUND, status, requirements: [] })
    expect(answer).toEqual({
      status,
      install: [],
      requirements: [],
      changes: [],
      conflicts: [{ name: 'D', actual: d, required: '^1.2.3', by: 'P' }],
      pruned: [],
      explanation: expect.stringContaining(`P 12.2.0 needs D ^1.2.3, not ${d}.`),
    })
  })

  it.each([
    ['', '1.1.7'],
    ['^1.2.3', '1.7.4'],
  ])('adds what P needs in %j', (text, version) => {
    expect(resolve({ P: { '12.2.0': needing({ D: text }) }, D: { [version]: {} } }, [P])).toEqual({
      ...FOUND,
      status: 'RESOLVABLE',
      requirements: [{ name: 'D', version, transitive: false }],
    })
  })

  it('adds all that P needs', () => {
    const packages = { P: { '12.2.0': needing({ E: '', D: '' }) }, D: { '1.1.7': {} }, E: { '1.1.7': {} } }
    expect(resolve(packages, [P])).toMatchObject({
      status: 'RESOLVABLE',
      requirements: [
        { name: 'D', version: '1.1.7' },
        { name: 'E', version: '1.1.7' },
      ],
    })
    const installed = [
      { name: 'D', version: '1.1.7' },
      { name: 'E', version: '1.1.7' },
    ]
    expect(resolve(packages, [P], installed)).toMatchObject({ status: 'OK', requirements: [] })
  })

  it.each([
    ['2.0.0', 'CONFLICT'],
    ['1.2.0', 'OK'],
  ])('lets a package in a namespace forbid an update to %s: %s', (version, status) => {
    const packages = {
      D: { '1.1.1': {}, [version]: {} },
      N: { '1.0.0': { ...needing({ D: '1.x.x' }), scope: 'Namespaced' as const } },
    }
    const installed = [
      { name: 'D', version: '1.1.1' },
      { name: 'N', namespace: 'default', version: '1.0.0' },
    ]
    const answer = resolve(packages, [{ name: 'D', version }], installed)
    expect(answer.status).toBe(status)
    expect(answer.changes).toEqual(status === 'OK' ? [{ name: 'D', from: '1.1.1', to: version }] : [])
    expect(answer.conflicts).toHaveLength(status === 'OK' ? 0 : 1)
  })

  const COMPONENT = { name: 'C', installedName: 'foo' }

  it('adds the component of a package in a namespace', () => {
    const packages = {
      N: { '1.0.0': { components: [{ ...COMPONENT, version: '1.0.0' }], scope: 'Namespaced' as const } },
      C: { '1.0.0': { scope: 'Namespaced' as const } },
    }
    expect(resolve(packages, [{ name: 'N', namespace: 'default' }])).toMatchObject({
      status: 'RESOLVABLE',
      install: [{ name: 'N', namespace: 'default', instance: 'N', version: '1.0.0' }],
      requirements: [
        { name: 'C', version: '1.0.0', namespace: 'default', instance: 'N-foo', transitive: false },
      ],
    })
  })

  it('adds the component of a package for the cluster', () => {
    const packages = {
      P: { '1.0.0': { components: [{ ...COMPONENT, version: '1.0.0' }], defaultNamespace: 'p-system' } },
      C: { '1.0.0': { scope: 'Namespaced' as const } },
    }
    expect(resolve(packages, [{ name: 'P' }])).toMatchObject({
      status: 'RESOLVABLE',
      requirements: [
        { name: 'C', version: '1.0.0', namespace: 'p-system', instance: 'P-foo', transitive: false },
      ],
    })
  })

  it.each([
    ['>=1.1.0', 'OK', []],
    [
      '>=1.2.0',
      'CONFLICT',
      [{ name: 'C', namespace: 'default', instance: 'N-foo', actual: '1.1.0', by: 'N' }],
    ],
  ])('keeps an installed component if N needs it in %s: %s', (version, status, conflicts) => {
    const scope = 'Namespaced' as const
    const packages = {
      N: {
        '1.0.0': { components: [{ ...COMPONENT, version: '>=1.0.0' }], scope },
        '2.0.0': { components: [{ ...COMPONENT, version }], scope },
      },
      C: { '1.1.0': { scope }, '1.2.0': { scope } },
    }
    const installed = [
      { name: 'N', namespace: 'default', version: '1.0.0' },
      { name: 'C', namespace: 'default', instance: 'N-foo', version: '1.1.0' },
    ]
    const answer = resolve(packages, [{ name: 'N', namespace: 'default', version: '2.0.0' }], installed)
    expect(answer).toMatchObject({ status, requirements: [], conflicts, pruned: [] })
  })

  it('prunes dependencies and components that the new version does not need', () => {
    const scope = 'Namespaced' as const
    const packages = {
      P: {
        '1.0.0': { ...needing({ C: '1.0.0' }), components: [{ name: 'D' }], defaultNamespace: 'd' },
        '2.0.0': {},
      },
      C: { '1.0.0': {} },
      D: { '1.0.0': { scope } },
    }
    const installed = [
      { name: 'P', version: '1.0.0' },
      { name: 'C', version: '1.0.0', asDependency: true },
      { name: 'D', namespace: 'd', instance: 'P-D', version: '1.0.0', asDependency: true },
    ]
    expect(resolve(packages, [{ name: 'P', version: '2.0.0' }], installed)).toMatchObject({
      status: 'OK',
      requirements: [],
      pruned: [
        { name: 'C', version: '1.0.0' },
        { name: 'D', namespace: 'd', instance: 'P-D', version: '1.0.0' },
      ],
    })
  })
})

describe('resolveCompatibly', () => {
  const names = ({ requirements }: Resolution) =>
    requirements.map(({ name, version }) => `${name} ${version}`)

  it('never reconsiders a version that it chose', () => {
    const packages = {
      P: { '1.0.0': needing({ A: '', B: '' }) },
      A: { '1.0.0': {}, '2.0.0': {} },
      B: { '1.0.0': needing({ A: '<2' }) },
    }
    expect(resolve(packages, [{ name: 'P' }]).conflicts).toEqual([
      { name: 'A', actual: '2.0.0', required: '<2', by: 'B' },
    ])
    const other = { ...packages, P: { '1.0.0': needing({ B: '', A: '' }) } }
    expect(names(resolve(other, [{ name: 'P' }]))).toEqual(['A 1.0.0', 'B 1.0.0'])
  })

  it('takes prereleases where there is no range', () => {
    const packages = { P: { '1.0.0': needing({ D: '' }) }, D: { '1.0.0': {}, '2.0.0-rc.1+1': {} } }
    expect(names(resolve(packages, [{ name: 'P' }]))).toEqual(['D 2.0.0-rc.1+1'])
  })

  it('marks what only others need', () => {
    const packages = {
      P: { '1': needing({ A: '' }) },
      A: { '1': needing({ B: '' }) },
      B: { '1': needing({ C: '' }) },
      C: { '1': {} },
    }
    expect(resolve(packages, [{ name: 'P' }]).requirements).toEqual([
      { name: 'A', version: '1', transitive: false },
      { name: 'B', version: '1', transitive: true },
      { name: 'C', version: '1', transitive: true },
    ])
  })

  it('ends in cycles', () => {
    const packages = { P: { '1.0.0': needing({ A: '1' }) }, A: { '1.0.0': needing({ P: '1', A: '' }) } }
    expect(names(resolve(packages, [{ name: 'P' }]))).toEqual(['A 1.0.0'])
    const other = { ...packages, A: { '1.0.0': needing({ P: '2' }) } }
    expect(resolve(other, [{ name: 'P' }]).conflicts).toEqual([
      { name: 'P', actual: '1.0.0', required: '2', by: 'A' },
    ])
  })

  it('cannot move packages that must move together', () => {
    const packages = {
      A: { '1.0.0': needing({ B: '1.x' }), '2.0.0': needing({ B: '2.x' }) },
      B: { '1.0.0': needing({ A: '1.x' }), '2.0.0': needing({ A: '2.x' }) },
    }
    const installed = [
      { name: 'A', version: '1.0.0' },
      { name: 'B', version: '1.0.0' },
    ]
    const answer = resolve(
      packages,
      [
        { name: 'A', version: '2.0.0' },
        { name: 'B', version: '2.0.0' },
      ],
      installed,
    )
    expect(answer).toEqual({
      status: 'CONFLICT',
      install: [],
      requirements: [],
      changes: [],
      conflicts: [
        { name: 'A', actual: '2.0.0', required: '1.x', by: 'B' },
        { name: 'B', actual: '1.0.0', required: '2.x', by: 'A' },
      ],
      pruned: [],
      explanation:
        'B 1.0.0 needs A 1.x, not 2.0.0. A 2.0.0 needs B 2.x, not 1.0.0. ' +
        'Glasskube moves one package at a time: the mode "joint" may find a solution.',
    })
  })

  it('takes requests one after the other, each on top of those before', () => {
    const packages = {
      P: { '1.0.0': needing({ A: '' }), '2.0.0': {} },
      Q: { '1.0.0': needing({ A: '1.x', B: '' }) },
      A: { '1.0.0': {}, '2.0.0': {} },
      B: { '1.0.0': {} },
    }
    const [p, q] = [{ name: 'P', version: '1.0.0' }, { name: 'Q' }]
    expect(names(resolve(packages, [q, p]))).toEqual(['A 1.0.0', 'B 1.0.0'])
    expect(resolve(packages, [p, q]).conflicts).toEqual([
      { name: 'A', actual: '2.0.0', required: '1.x', by: 'Q' },
    ])
    expect(resolve(packages, [p, { name: 'A', version: '1.0.0' }, q])).toMatchObject({
      install: [p, { name: 'A', version: '1.0.0' }, { name: 'Q', version: '1.0.0' }],
      requirements: [{ name: 'B', version: '1.0.0' }],
      changes: [],
    })
    expect(resolve(packages, [p, { name: 'P', version: '2.0.0' }])).toMatchObject({
      status: 'OK',
      install: [{ name: 'P', version: '2.0.0' }],
      requirements: [],
      pruned: [],
    })
  })

  it('ignores what was broken before', () => {
    const packages = {
      P: { '1.0.0': needing({ D: '2' }), '1.1.0': needing({ D: '2' }) },
      X: { '1.0.0': needing({ Z: '' }) },
      D: { '1.0.0': {} },
    }
    const installed = [
      { name: 'P', version: '1.0.0' },
      { name: 'X', version: '1.0.0' },
      { name: 'D', version: '1.0.0' },
    ]
    expect(resolve(packages, [{ name: 'P' }], installed)).toMatchObject({
      status: 'OK',
      changes: [{ name: 'P', from: '1.0.0', to: '1.1.0' }],
    })
  })

  describe('chooses the version of a request without one:', () => {
    const versions: Manifests = { '1.0.0+2': {}, '1.0.0+10': {}, '2.0.0-rc.1': {} }
    const chosen = (latest?: string, installed?: string) => {
      const found = installed === undefined ? [] : [{ name: 'P', version: installed }]
      return resolve({ P: [published('main', versions, latest)] }, [{ name: 'P' }], found)
    }

    it.each([
      ['the highest release', undefined, undefined, '1.0.0+10'],
      ['the latest version that the repository names', '1.0.0+2', undefined, '1.0.0+2'],
      ['what is installed, if that is as high', undefined, '1.0.0+10', '1.0.0+10'],
      ['what is installed, if that is higher', '1.0.0+2', '2.0.0-rc.1', '2.0.0-rc.1'],
      ['an update', undefined, '1.0.0+2', '1.0.0+10'],
    ])('%s', (_, latest, installed, version) => {
      expect(chosen(latest, installed)).toMatchObject({ status: 'OK', install: [{ name: 'P', version }] })
    })

    it('a prerelease if there is nothing else', () => {
      expect(resolve({ P: { '1.0.0-rc.1': {}, '1.0.0-rc.2': {} } }, [{ name: 'P' }]).install).toEqual([
        { name: 'P', version: '1.0.0-rc.2' },
      ])
    })
  })

  it('finds a version with "v" that is asked for without', () => {
    expect(resolve({ P: { 'v1.0.0+1': {} } }, [{ name: 'P', version: '1.0.0+1' }]).install).toEqual([
      { name: 'P', version: 'v1.0.0+1' },
    ])
  })

  it('allows a downgrade', () => {
    const packages = { P: { '1.0.0': {}, '2.0.0': {} } }
    expect(
      resolve(packages, [{ name: 'P', version: '1.0.0' }], [{ name: 'P', version: '2.0.0' }]).changes,
    ).toEqual([{ name: 'P', from: '2.0.0', to: '1.0.0' }])
  })

  it('keeps what it cannot look up, and says so', () => {
    const installed = [
      { name: 'gone', version: '1.0.0' },
      { name: 'D', version: '7.0.0' },
    ]
    const packages = { P: { '1.0.0': needing({ gone: '1', D: '7' }) }, D: { '1.0.0': {} } }
    expect(resolve(packages, [{ name: 'P' }], installed)).toMatchObject({
      status: 'OK',
      explanation: 'Not published, so it is unknown what they need: gone 1.0.0, D 7.0.0.',
    })
  })

  it('keeps what was asked for, even if it was installed as a dependency', () => {
    const installed = [{ name: 'P', version: '1.0.0', asDependency: true }]
    expect(resolve({ P: { '1.0.0': {}, '1.1.0': {} } }, [{ name: 'P' }], installed)).toMatchObject({
      install: [{ name: 'P', version: '1.1.0' }],
      pruned: [],
    })
  })

  describe('refuses', () => {
    const FAULTS: [
      title: string,
      packages: Packages,
      request: InstallRequest,
      conflict: object,
      text: string,
    ][] = [
      ['an unknown package', {}, { name: 'P' }, { name: 'P' }, 'P is not available in any repository.'],
      [
        'a package in several repositories',
        { P: [published('a', { '1.0.0': {} }), published('b', {})] },
        { name: 'P' },
        { name: 'P' },
        'P is available from several repositories (a, b), of which Glasskube takes none: name one of them.',
      ],
      [
        'an unknown version',
        { P: { '1.0.0': {} } },
        { name: 'P', version: '2.0.0' },
        { name: 'P', required: '2.0.0' },
        'main has no version 2.0.0 of P.',
      ],
      ['a package without versions', { P: {} }, { name: 'P' }, { name: 'P' }, 'main has no version of P.'],
      [
        'an unknown dependency',
        { P: { '1.0.0': needing({ D: '1.x' }) } },
        { name: 'P' },
        { name: 'D', required: '1.x', by: 'P' },
        'P 1.0.0 needs D, which is not available in any repository.',
      ],
      [
        'a dependency in several repositories',
        { P: { '1.0.0': needing({ D: '' }) }, D: [published('a', {}), published('b', {})] },
        { name: 'P' },
        { name: 'D', by: 'P' },
        'P 1.0.0 needs D, which is available from several repositories (a, b), of which Glasskube takes none: name one of them.',
      ],
      [
        'a dependency of which no version fits',
        {
          P: { '1.0.0': needing({ A: '', D: '2.x' }) },
          A: { '1.0.0': needing({ D: '' }) },
          D: { '1.0.0': {} },
        },
        { name: 'P', version: '1.0.0' },
        { name: 'D', by: 'A' },
        'No version of D suits all: P 1.0.0 needs 2.x, A 1.0.0 needs any.',
      ],
      [
        'a dependency with a version that it cannot read',
        { P: { '1.0.0': needing({ D: '1.x' }) }, D: { '1.0.0': {}, newest: {} } },
        { name: 'P' },
        { name: 'D', actual: 'newest' },
        'Glasskube cannot read the version "newest" of D.',
      ],
      [
        'a range that it cannot read',
        { P: { '1.0.0': needing({ D: 'newest' }) }, D: { '1.0.0': {} } },
        { name: 'P' },
        { name: 'D', by: 'P' },
        'The range in which P 1.0.0 needs D must be a version range such as',
      ],
      [
        'a package for the cluster in a namespace',
        { P: { '1.0.0': {} } },
        { name: 'P', namespace: 'default' },
        { name: 'P', namespace: 'default' },
        'P 1.0.0 has the scope Cluster: leave out namespace and instance.',
      ],
      [
        'a package for namespaces without one',
        { P: { '1.0.0': { scope: 'Namespaced' } } },
        { name: 'P' },
        { name: 'P' },
        'P 1.0.0 has the scope Namespaced: name a namespace.',
      ],
    ]

    it.each(FAULTS)('%s', (_, packages, request, conflict, text) => {
      const answer = resolve(packages, [request])
      expect(answer).toMatchObject({
        status: 'CONFLICT',
        install: [],
        requirements: [],
        changes: [],
        pruned: [],
      })
      expect(answer.conflicts[0]).toEqual(conflict)
      expect(answer.explanation).toContain(text)
    })

    it('an installed version that it cannot read', () => {
      const answer = resolve({ P: { '1.0.0': {} } }, [{ name: 'P' }], [{ name: 'X', version: 'newest' }])
      expect(answer).toMatchObject({ status: 'CONFLICT', conflicts: [{ name: 'X', actual: 'newest' }] })
    })
  })

  describe('bounds its work:', () => {
    it('goes down long chains', () => {
      const packages: Packages = { p20000: { '1.0.0': {} } }
      for (let i = 0; i < 20_000; i++) packages[`p${i}`] = { '1.0.0': needing({ [`p${i + 1}`]: '^1' }) }
      const { status, requirements } = resolve(packages, [{ name: 'p0' }])
      expect(status).toBe('RESOLVABLE')
      expect(requirements).toHaveLength(20_000)
    })

    it('prunes long chains', () => {
      const packages: Packages = { p0: { '1.0.0': needing({ p1: '' }), '2.0.0': {} }, p5000: { '1.0.0': {} } }
      for (let i = 1; i < 5000; i++) packages[`p${i}`] = { '1.0.0': needing({ [`p${i + 1}`]: '' }) }
      const installed = Array.from({ length: 5001 }, (_, i) => ({
        name: `p${i}`,
        version: '1.0.0',
        asDependency: i > 0,
      }))
      expect(resolve(packages, [{ name: 'p0' }], installed).pruned).toHaveLength(5000)
    })

    it('ends with components that bring themselves along', () => {
      const packages = { C: { '1.0.0': { components: [{ name: 'C' }], scope: 'Namespaced' as const } } }
      const answer = resolve(packages, [{ name: 'C', namespace: 'default' }])
      expect(answer).toMatchObject({ status: 'CONFLICT', conflicts: [{ name: 'C', by: 'C' }] })
      expect(answer.explanation).toContain('under too long a name')
    })

    it('gives up with an error: components that double at each level', () => {
      const packages: Packages = { c20: { '1.0.0': { scope: 'Namespaced' } } }
      for (let i = 0; i < 20; i++) {
        const components = ['a', 'b'].map((installedName) => ({ name: `c${i + 1}`, installedName }))
        packages[`c${i}`] = { '1.0.0': { components, scope: 'Namespaced' } }
      }
      const problem = {
        universe: universe(packages),
        install: [{ name: 'c0', namespace: 'n' }],
        installed: [],
      }
      expect(() => resolveCompatibly(problem, 100_000)).toThrow(
        expect.objectContaining({ code: 'too_large' }),
      )
    })

    it('gives up with an error: many ranges on many versions', () => {
      const packages: Packages = {
        P: { '1.0.0': needing({ D: '' }) },
        D: Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`1.${i}.0`, {}])),
      }
      for (let i = 0; i < 100; i++)
        packages[`x${i}`] = { '1.0.0': needing({ D: `${'>0 '.repeat(300)}<${i + 2}` }) }
      const problem = {
        universe: universe(packages),
        install: [{ name: 'P' }],
        installed: Array.from({ length: 100 }, (_, i) => ({ name: `x${i}`, version: '1.0.0' })),
      }
      expect(() => resolveCompatibly(problem, 1_000_000)).toThrow(
        expect.objectContaining({ code: 'too_large' }),
      )
    })
  })
})
