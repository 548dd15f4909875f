/** Explanations where there is no solution. */
import { describe, expect, it } from 'vitest'
import { resolve } from '../../../support/joint-resolutions.ts'
import type { Repository } from '../../../support/package-universe.ts'

function explanation(repository: Repository, install: string[], installed: string[] = []): string[] {
  const resolution = resolve(repository, { install, installed })
  expect(resolution).toMatchObject({
    status: 'CONFLICT',
    install: [],
    requirements: [],
    changes: [],
    pruned: [],
  })
  return resolution.explanation.split('\n')
}

const NAMESPACED = { scope: 'Namespaced' } as const

// The first two are those of https://github.com/dart-lang/pub/blob/master/doc/solver.md#error-reporting.
describe('a joint resolution without a solution is explained', () => {
  it('in a line of conclusions', () => {
    const repository = {
      'foo 1.0.0': ['bar ^2.0.0'],
      'bar 2.0.0': ['baz ^3.0.0'],
      'baz 1.0.0': [],
      'baz 3.0.0': [],
    }
    expect(explanation(repository, ['foo ^1.0.0', 'baz ^1.0.0'])).toEqual([
      'Because foo 1.0.0 depends on bar ^2.0.0 and bar 2.0.0 depends on baz ^3.0.0, foo 1.0.0 requires baz ^3.0.0.',
      'So, because baz ^1.0.0 and foo ^1.0.0 are requested, there is no solution.',
    ])
  })

  it('in two lines that meet', () => {
    const repository = {
      'foo 1.0.0': ['a ^1.0.0', 'b ^1.0.0'],
      'foo 1.1.0': ['x ^1.0.0', 'y ^1.0.0'],
      'a 1.0.0': ['b ^2.0.0'],
      'b 1.0.0': [],
      'b 2.0.0': [],
      'x 1.0.0': ['y ^2.0.0'],
      'y 1.0.0': [],
      'y 2.0.0': [],
    }
    expect(explanation(repository, ['foo ^1.0.0'])).toEqual([
      '(1) Because foo 1.0.0 depends on b ^1.0.0 and a ^1.0.0, and a 1.0.0 depends on b ^2.0.0, foo 1.0.0 cannot be installed.',
      'Because foo 1.1.0 depends on y ^1.0.0 and x ^1.0.0, and x 1.0.0 depends on y ^2.0.0, foo 1.1.0 cannot be installed.',
      'And because foo 1.0.0 cannot be installed (1), foo cannot be installed.',
      'So, because foo ^1.0.0 is requested, there is no solution.',
    ])
  })

  it('by what is installed', () => {
    const repository = {
      'a 1.0.0': ['c ^1'],
      'a 2.0.0': ['c ^2'],
      'b 1.0.0': ['c ^1'],
      'c 1.0.0': [],
      'c 2.0.0': [],
    }
    expect(explanation(repository, ['a 2.0.0'], ['a 1.0.0', 'b 1.0.0', 'c 1.0.0'])).toEqual([
      'Because b 1.0.0 depends on c ^1 and a 2.0.0 depends on c ^2, b 1.0.0 and a 2.0.0 cannot be installed together.',
      'So, because b is installed and a 2.0.0 is requested, there is no solution.',
    ])
  })

  it('with ranges for groups of versions', () => {
    const repository = {
      'a 1.0.0': ['b ^1'],
      'a 1.1.0': ['b ^1'],
      'a 1.2.0': ['b ^2'],
      'b 1.0.0': ['c'],
      'b 2.0.0': ['d'],
      'c 1.0.0': ['e ^1'],
      'd 1.0.0': ['e ^1'],
      'e 1.0.0': [],
      'e 2.0.0': [],
    }
    expect(explanation(repository, ['a', 'e ^2'])).toEqual([
      'Because a 1.2.0 depends on b ^2 and a up to 1.1.0 depends on b ^1, every version of a requires b.',
      'And because b 2.0.0 depends on d, b 1.0.0 depends on c and d 1.0.0 depends on e ^1, every version of a requires c or e ^1.',
      'So, because c 1.0.0 depends on e ^1, and e ^2 and a are requested, there is no solution.',
    ])
  })

  it.each<[string, Repository, string[], string]>([
    [
      'a range without versions',
      { 'a 1.0.0': ['b >=2.0.0'], 'b 1.0.0': [] },
      ['a'],
      'Because a is requested, and a 1.0.0 depends on b >=2.0.0 and no version of b satisfies it, there is no solution.',
    ],
    [
      'a dependency that is not published',
      { 'a 1.0.0': ['b'] },
      ['a'],
      'Because a is requested, and a 1.0.0 depends on b and no repository has b, there is no solution.',
    ],
    [
      'a range that cannot be read',
      { 'a 1.0.0': ['b nonsense'], 'b 1.0.0': [] },
      ['a'],
      'Because a is requested, and a 1.0.0 depends on b nonsense and that is no version range, there is no solution.',
    ],
    [
      'a dependency of which all that fits is deprecated',
      { 'a 1.0.0': ['b >=2.0.0'], 'b 1.0.0': [], 'b 2.0.0': { deprecated: true } },
      ['a'],
      'Because a is requested, and a 1.0.0 depends on b >=2.0.0 and b 2.0.0 is deprecated, there is no solution.',
    ],
    [
      'a dependency on itself in another version',
      { 'a 1.0.0': ['a ^2'] },
      ['a'],
      'Because a is requested, and a 1.0.0 depends on a ^2 and no version of a satisfies it, there is no solution.',
    ],
    [
      'an unknown package',
      {},
      ['a 1.0.0'],
      'There is no solution, because a 1.0.0 is requested and no repository has a.',
    ],
    [
      'two versions of one package',
      { 'a 1.0.0': [], 'a 2.0.0': [] },
      ['a 1.0.0', 'a 2.0.0'],
      'Because a 2.0.0 and a 1.0.0 are requested, there is no solution.',
    ],
    [
      'a package that needs a namespace',
      { 'a 1.0.0': NAMESPACED },
      ['a'],
      'There is no solution, because a is requested and a 1.0.0 can only be installed in a namespace.',
    ],
    [
      'a package for the whole cluster in a namespace',
      { 'a 1.0.0': [] },
      ['work/mine a'],
      'There is no solution, because a (work/mine) is requested and a 1.0.0 can only be installed for the whole cluster.',
    ],
    [
      'a component without versions',
      { 'app 1.0.0': { ...NAMESPACED, components: [{ name: 'db', version: '^3' }] }, 'db 1.0.0': NAMESPACED },
      ['work/app app'],
      'Because app (work/app) is requested, and app 1.0.0 (work/app) brings along db ^3 (work/app-db) and no version of db satisfies it, there is no solution.',
    ],
  ])('in one sentence: %s', (_, repository, install, sentence) => {
    expect(explanation(repository, install)).toEqual([sentence])
  })

  it('by the name that two packages would have', () => {
    const repository = {
      'app 1.0.0': { ...NAMESPACED, components: [{ name: 'db' }] },
      'db 1.0.0': NAMESPACED,
      'other 1.0.0': NAMESPACED,
    }
    expect(explanation(repository, ['work/app app'], ['work/app-db other 1.0.0'])).toEqual([
      'Because app 1.0.0 (work/app) brings along db (work/app-db), and both other and db would be named work/app-db, other 1.0.0 (work/app-db) and app 1.0.0 (work/app) cannot be installed together.',
      'So, because other (work/app-db) is installed and app (work/app) is requested, there is no solution.',
    ])
  })

  it('by the depth of components that contain themselves', () => {
    const repository = { 'app 1.0.0': { ...NAMESPACED, components: [{ name: 'app' }] } }
    expect(explanation(repository, ['work/app app']).join('\n')).toContain('components nest at most 5 deep')
  })

  it('by the facts alone where the conclusions would fill a page', () => {
    const length = 100
    const chain = Object.fromEntries(Array.from({ length }, (_, i) => [`p${i} 1.0.0`, [`p${i + 1} ^1`]]))
    expect(explanation({ ...chain, [`p${length} 2.0.0`]: [] }, ['p0'])).toEqual([
      'There is no solution, because these do not go together:',
      '- p0 is requested',
      '- p99 1.0.0 depends on p100 ^1 and no version of p100 satisfies it',
      ...Array.from({ length: 10 }, (_, i) => `- p${98 - i} 1.0.0 depends on p${99 - i} ^1`),
      '- and 89 more like these',
    ])
  })
})

it('lists the demands that contradict each other', () => {
  const repository = { 'a 2.0.0': ['c ^2'], 'b 1.0.0': ['c ^1'], 'c 1.0.0': [], 'c 2.0.0': [] }
  expect(resolve(repository, { install: ['a 2.0.0'], installed: ['b 1.0.0', 'c 1.0.0'] }).conflicts).toEqual([
    { name: 'a', required: '2.0.0' },
    { name: 'c', actual: '1.0.0', required: '^1', by: 'b' },
    { name: 'c', actual: '1.0.0', required: '^2', by: 'a' },
  ])
})
