import { describe, expect, it } from 'vitest'
import { resolveCompatibly } from '../../../../src/domain/glasskube/resolution/compatible.ts'
import { type Cluster, outcome, resolve } from '../../../support/joint-resolutions.ts'
import { packages, type Repository, universe } from '../../../support/package-universe.ts'

const NO_MORE = { requirements: [], changes: [], pruned: [] }
const NAMESPACED = { scope: 'Namespaced' } as const

describe('a joint resolution', () => {
  it('installs the highest versions and what they depend on', () => {
    const repository = {
      'a 1.0.0': [],
      'a 1.1.0': ['b ^1', 'c'],
      'b 1.0.0': [],
      'b 1.2.0': ['c', 'd'],
      'b 2.0.0': [],
      'c 1.0.0+2': [],
      'c 1.0.0+10': [],
      'd 1.0.0': [],
    }
    expect(outcome(resolve(repository, { install: ['a'] }))).toEqual({
      ...NO_MORE,
      status: 'RESOLVABLE',
      install: ['a 1.1.0'],
      requirements: ['b 1.2.0', 'c 1.0.0+10', 'd 1.0.0 (transitive)'],
    })
  })

  it('solves for several packages at once', () => {
    const repository = { 'a 1.0.0': ['c'], 'b 1.0.0': ['c ^1'], 'c 1.0.0': [], 'c 2.0.0': [] }
    const { status, requirements } = outcome(resolve(repository, { install: ['a', 'b'] }))
    expect({ status, requirements }).toEqual({ status: 'RESOLVABLE', requirements: ['c 1.0.0'] })
  })

  it('takes a request as a version if there is one of this text, or else as a range', () => {
    const repository = { 'a v1.2.0+1': [], 'a v1.2.0+2': [], 'a v1.3.0+1': [] }
    const chosen = (request: string) => outcome(resolve(repository, { install: [`a ${request}`] })).install
    expect(chosen('v1.2.0+1')).toEqual(['a v1.2.0+1'])
    expect(chosen('1.2.0+1')).toEqual(['a v1.2.0+1'])
    expect(chosen('1.2.0')).toEqual(['a v1.2.0+2'])
    expect(chosen('^1.2')).toEqual(['a v1.3.0+1'])
  })

  describe('of what is installed', () => {
    const deadlock = {
      'a 1.0.0': ['b ^1'],
      'a 2.0.0': ['b ^2'],
      'b 1.0.0': ['a ^1'],
      'b 2.0.0': ['a ^2'],
    }

    // https://github.com/glasskube/glasskube/issues/400
    it('moves packages together that cannot move alone, which Glasskube refuses', () => {
      expect(
        resolveCompatibly({
          universe: universe(deadlock),
          install: packages('a 2.0.0'),
          installed: packages('a 1.0.0', 'b 1.0.0'),
        }).status,
      ).toBe('CONFLICT')
      const resolution = resolve(deadlock, { install: ['a 2.0.0'], installed: ['a 1.0.0', 'b 1.0.0'] })
      expect(outcome(resolution)).toEqual({
        ...NO_MORE,
        status: 'RESOLVABLE',
        install: ['a 2.0.0'],
        changes: ['a 1.0.0 → 2.0.0', 'b 1.0.0 → 2.0.0'],
      })
      expect(resolution.explanation).toBe('b moves from 1.0.0 to 2.0.0 because a 2.0.0 depends on b ^2.')
    })

    it('moves what is asked for without a version, with what must move for that, and no further', () => {
      const repository = { ...deadlock, 'a 3.0.0': ['c ^2'], 'c 1.0.0': [], 'c 2.0.0': [] }
      const cluster = { install: ['a'], installed: ['a 1.0.0', 'b 1.0.0', 'c 1.0.0'] }
      const resolution = resolve({ ...repository, 'b 2.0.0': ['a >=2'] }, cluster)
      expect(outcome(resolution).changes).toEqual(['a 1.0.0 → 2.0.0', 'b 1.0.0 → 2.0.0'])
      expect(resolution.explanation).toBe(
        [
          'b moves from 1.0.0 to 2.0.0 because a 2.0.0 depends on b ^2.',
          'a 2.0.0 is chosen as a 3.0.0 does not fit the rest; ask for exactly that version to let other packages move.',
        ].join('\n'),
      )
    })

    it('keeps a version that fits, although there is a higher one', () => {
      const repository = { 'a 1.0.0': ['b'], 'b 1.0.0': [], 'b 1.1.0': [] }
      const resolution = resolve(repository, { install: ['a'], installed: ['b 1.0.0'] })
      expect(outcome(resolution)).toEqual({ ...NO_MORE, status: 'OK', install: ['a 1.0.0'] })
    })

    it('prefers a lower version of a request to moving what is installed', () => {
      const repository = { 'a 1.0.0': [], 'a 2.0.0': ['b ^2'], 'b 1.0.0': [], 'b 2.0.0': [] }
      expect(outcome(resolve(repository, { install: ['a'], installed: ['b 1.0.0'] })).install).toEqual([
        'a 1.0.0',
      ])
    })

    it('says which need of an installed package makes it move', () => {
      const repository = { 'a 1.0.0': [], 'a 2.0.0': [], 'b 1.0.0': ['a ^1'], 'b 1.1.0': [] }
      const resolution = resolve(repository, { install: ['a 2.0.0'], installed: ['a 1.0.0', 'b 1.0.0'] })
      expect(outcome(resolution).changes).toEqual(['a 1.0.0 → 2.0.0', 'b 1.0.0 → 1.1.0'])
      expect(resolution.explanation).toBe(
        'b moves from 1.0.0 to 1.1.0 because b 1.0.0 depends on a ^1 and a 2.0.0 is chosen.',
      )
    })

    it('moves a package down where nothing else will do', () => {
      const repository = { 'a 1.0.0': ['b ^1'], 'b 1.5.0': [], 'b 2.0.0': [] }
      expect(outcome(resolve(repository, { install: ['a'], installed: ['b 2.0.0'] })).changes).toEqual([
        'b 2.0.0 → 1.5.0',
      ])
    })

    it('prunes dependencies that are no longer needed, also in a circle', () => {
      const repository = {
        'a 1.0.0': ['b'],
        'a 2.0.0': [],
        'b 1.0.0': ['c'],
        'c 1.0.0': ['b'],
        'd 1.0.0': [],
      }
      const cluster = {
        install: ['a'],
        installed: ['a 1.0.0', 'd 1.0.0'],
        asDependency: ['b 1.0.0', 'c 1.0.0'],
      }
      expect(outcome(resolve(repository, cluster))).toEqual({
        status: 'OK',
        install: ['a 2.0.0'],
        requirements: [],
        changes: ['a 1.0.0 → 2.0.0'],
        pruned: ['b 1.0.0', 'c 1.0.0'],
      })
    })

    it('keeps a version that is no longer published, and moves it where it must', () => {
      const repository = { 'a 1.0.0': ['b'], 'a 2.0.0': ['b ^2'], 'b 2.0.0': [] }
      expect(outcome(resolve(repository, { install: ['a 1.0.0'], installed: ['b 1.0.0'] })).changes).toEqual(
        [],
      )
      expect(outcome(resolve(repository, { install: ['a 2.0.0'], installed: ['b 1.0.0'] })).changes).toEqual([
        'b 1.0.0 → 2.0.0',
      ])
      expect(outcome(resolve(repository, { install: ['a 1.0.0'], installed: ['gone 1.0.0'] })).status).toBe(
        'RESOLVABLE',
      )
    })

    it('leaves alone what was broken before, but repairs a package that is asked for', () => {
      const repository = {
        'a 1.0.0': ['b ^2', 'c'],
        'b 1.0.0': [],
        'b 2.0.0': [],
        'c 1.0.0': [],
        'd 1.0.0': [],
      }
      const installed = ['a 1.0.0', 'b 1.0.0']
      expect(outcome(resolve(repository, { install: ['d'], installed }))).toEqual({
        ...NO_MORE,
        status: 'OK',
        install: ['d 1.0.0'],
      })
      expect(outcome(resolve(repository, { install: ['a'], installed }))).toEqual({
        status: 'RESOLVABLE',
        install: ['a 1.0.0'],
        requirements: ['c 1.0.0'],
        changes: ['b 1.0.0 → 2.0.0'],
        pruned: [],
      })
    })
  })

  describe('of prereleases and deprecated versions', () => {
    const chosen = (repository: Repository, cluster: Cluster) => {
      const { install, requirements } = outcome(resolve(repository, cluster))
      return [...install, ...requirements]
    }

    it('takes a prerelease only if it is asked for, installed, in a range that names one, or all there is', () => {
      const versions = { 'b 1.0.0': [], 'b 2.0.0-rc.1': [] }
      expect(chosen(versions, { install: ['b'] })).toEqual(['b 1.0.0'])
      expect(chosen({ ...versions, 'a 1.0.0': ['b'] }, { install: ['a'] })).toEqual(['a 1.0.0', 'b 1.0.0'])
      expect(chosen(versions, { install: ['b 2.0.0-rc.1'] })).toEqual(['b 2.0.0-rc.1'])
      expect(chosen(versions, { install: ['b'], installed: ['b 2.0.0-rc.1'] })).toEqual(['b 2.0.0-rc.1'])
      expect(chosen({ ...versions, 'a 1.0.0': ['b >=1.0.0-0'] }, { install: ['a'] })).toEqual([
        'a 1.0.0',
        'b 2.0.0-rc.1',
      ])
      expect(chosen({ 'a 1.0.0': ['b'], 'b 1.0.0-rc.1': [] }, { install: ['a'] })).toEqual([
        'a 1.0.0',
        'b 1.0.0-rc.1',
      ])
    })

    it('takes a deprecated version only if it is asked for or installed', () => {
      const versions = { 'b 1.0.0': [], 'b 2.0.0': { deprecated: true } }
      expect(chosen({ ...versions, 'a 1.0.0': ['b'] }, { install: ['a'] })).toEqual(['a 1.0.0', 'b 1.0.0'])
      expect(chosen(versions, { install: ['b >=1'] })).toEqual(['b 1.0.0'])
      expect(chosen(versions, { install: ['b 2.0.0'] })).toEqual(['b 2.0.0'])
      expect(chosen(versions, { install: ['b'], installed: ['b 2.0.0'] })).toEqual(['b 2.0.0'])
    })
  })

  it('takes a package from the first repository that has it, even if a later one has higher versions', () => {
    const own = { 'a 1.0.0': ['b'] }
    const other = { 'a 9.0.0': [], 'b 2.0.0': [] }
    const { install, requirements } = outcome(resolve([own, other], { install: ['a'] }))
    expect([install, requirements]).toEqual([['a 1.0.0'], ['b 2.0.0']])
    expect(outcome(resolve([own, other], { install: ['a 9.0.0'] })).status).toBe('CONFLICT')
  })

  describe('of packages in namespaces', () => {
    it('gives components instances of their own, beside those that are there', () => {
      const repository: Repository = {
        'app 1.0.0': {
          ...NAMESPACED,
          dependencies: ['operator'],
          components: [
            { name: 'db', version: '^1' },
            { name: 'db', installedName: 'cache' },
          ],
        },
        'db 1.0.0': { ...NAMESPACED, dependencies: ['operator'] },
        'db 2.0.0': NAMESPACED,
        'operator 1.0.0': [],
      }
      expect(
        outcome(resolve(repository, { install: ['work/shop app'], installed: ['work/db db 1.0.0'] })),
      ).toEqual({
        ...NO_MORE,
        status: 'RESOLVABLE',
        install: ['work/shop app 1.0.0'],
        requirements: ['work/shop-cache db 2.0.0', 'work/shop-db db 1.0.0', 'operator 1.0.0'],
      })
    })

    it('puts the components of a package for the whole cluster into its default namespace', () => {
      const repository: Repository = {
        'app 1.0.0': { defaultNamespace: 'app-system', components: [{ name: 'db' }] },
        'db 1.0.0': NAMESPACED,
      }
      expect(outcome(resolve(repository, { install: ['app'] })).requirements).toEqual([
        'app-system/app-db db 1.0.0',
      ])
    })

    it('prunes a component that the new version does without', () => {
      const repository: Repository = {
        'app 1.0.0': { ...NAMESPACED, components: [{ name: 'db' }] },
        'app 2.0.0': NAMESPACED,
        'db 1.0.0': NAMESPACED,
      }
      const cluster = {
        install: ['work/app app'],
        installed: ['work/app app 1.0.0'],
        asDependency: ['work/app-db db 1.0.0'],
      }
      expect(outcome(resolve(repository, cluster)).pruned).toEqual(['work/app-db db 1.0.0'])
    })

    it('has each instance in a version of its own, with one version of what they share', () => {
      const repository: Repository = {
        'app 1.0.0': { ...NAMESPACED, dependencies: ['lib ^1'] },
        'app 2.0.0': { ...NAMESPACED, dependencies: ['lib ^2'] },
        'app 3.0.0': { ...NAMESPACED, dependencies: ['lib >=1'] },
        'lib 1.0.0': [],
        'lib 2.0.0': [],
      }
      const cluster = {
        install: ['two/app app'],
        installed: ['one/app app 1.0.0'],
        asDependency: ['lib 1.0.0'],
      }
      expect(outcome(resolve(repository, cluster))).toEqual({
        ...NO_MORE,
        status: 'OK',
        install: ['two/app app 3.0.0'],
      })
      const moved = outcome(resolve(repository, { ...cluster, install: ['two/app app 2.0.0'] }))
      expect(moved.changes).toEqual(['one/app app 1.0.0 → 3.0.0', 'lib 1.0.0 → 2.0.0'])
    })
  })

  it('ends where packages depend on each other, or on themselves', () => {
    const repository = { 'a 1.0.0': ['b', 'a ^1'], 'b 1.0.0': ['a'], 'a 2.0.0': ['a ^1'] }
    expect(outcome(resolve(repository, { install: ['a'] }))).toEqual({
      ...NO_MORE,
      status: 'RESOLVABLE',
      install: ['a 1.0.0'],
      requirements: ['b 1.0.0'],
    })
  })
})
