import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Grant, grantsOfRole } from '../../../src/domain/access/grant.ts'
import { type Pattern, patternText } from '../../../src/domain/access/pattern.ts'
import {
  revisionNameRanges,
  sees,
  seesPartOf,
  type VisibleSet,
  visibilityOf,
} from '../../../src/domain/access/visible-set.ts'
import { revisionName } from '../../../src/domain/names.ts'

const texts = (set: VisibleSet) => (set === 'all' ? set : set.map(patternText))

const REPOSITORIES = ['a', 'ab', 'ab-c', 'abc', 'b', 'b-a']
const PACKAGES = ['x', 'x/y', 'x/y/z', 'xy', 'y', 'x-y']
const REVISIONS = REPOSITORIES.flatMap((repository) =>
  PACKAGES.flatMap((path) => ['v1', 'x', 'y'].map((workspace) => ({ repository, package: path, workspace }))),
)

const pattern: fc.Arbitrary<Pattern> = fc.oneof(
  fc.record({
    repository: fc.constantFrom('a', 'ab', 'ab-', 'b'),
    prefix: fc.constant(true),
    path: fc.constantFrom(undefined, 'x', 'x/y', 'y'),
  }),
  fc.record({
    repository: fc.constantFrom('', ...REPOSITORIES),
    prefix: fc.constant(false),
    path: fc.constantFrom(undefined, 'x', 'x/y', 'y'),
  }),
)

describe('what a caller sees', () => {
  it('is in lists no more than these can test, without those of one repository displacing those of others', () => {
    const many = (count: number, textOf: (number: number) => string) =>
      Array.from({ length: count }, (_, number) => textOf(number))
    const patterns = [
      ...many(3000, (number) => `name-${number}`),
      ...many(500, (number) => `crowded/a${number}/**`),
      'mine/nf/upf/**',
      'z-*',
    ]

    const { published } = visibilityOf(grantsOfRole('reader', patterns, 'b1'))

    const seen = texts(published) as string[]
    expect(seen.filter((text) => text.startsWith('name-'))).toHaveLength(1000)
    expect(seen.filter((text) => text.startsWith('crowded/'))).toHaveLength(98)
    expect(seen).toContain('mine/nf/upf/**')
    expect(seen).toContain('z-*')
  })

  it('is compiled from its grants, drafts apart', () => {
    const grants: Grant[] = [
      ...grantsOfRole('reader', ['team-*', 'team-a'], 'b1'),
      ...grantsOfRole('author', ['team-a', 'team-a/nf/**', 'other/nf/**'], 'b2'),
      ...grantsOfRole('auditor', [], 'b3'),
    ]
    const { published, drafts } = visibilityOf(grants)
    expect(texts(published)).toEqual(['other/nf/**', 'team-*'])
    expect(texts(drafts)).toEqual(['other/nf/**', 'team-a'])
    expect(visibilityOf([])).toEqual({ published: [], drafts: [] })
  })

  it('is everything for a reader of all repositories, without its drafts', () => {
    expect(visibilityOf(grantsOfRole('reader', ['a', '*'], 'b1'))).toEqual({ published: 'all', drafts: [] })
    expect(visibilityOf(grantsOfRole('admin', [], 'b1'))).toEqual({ published: 'all', drafts: 'all' })
  })

  it('is nothing for roles of the server without content', () => {
    for (const role of ['auditor', 'operator'] as const) {
      expect(visibilityOf(grantsOfRole(role, [], 'b1'))).toEqual({ published: [], drafts: [] })
    }
  })

  it('has a repository of which only a package is visible, and not the other packages', () => {
    const { published } = visibilityOf(grantsOfRole('reader', ['a/x/**', 'b*/y/**'], 'b1'))
    expect(REPOSITORIES.filter((name) => seesPartOf(published, name))).toEqual(['a', 'b', 'b-a'])
    expect(REPOSITORIES.filter((name) => sees(published, { repository: name }))).toEqual([])
    expect(sees(published, { repository: 'a', package: 'x/y' })).toBe(true)
    expect(sees(published, { repository: 'a', package: 'xy' })).toBe(false)
  })

  it('is the same by ranges of names, which are sorted and disjoint', () => {
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 6 }), (patterns) => {
        const ranges = revisionNameRanges(patterns, REPOSITORIES)
        for (const id of REVISIONS) {
          const name = revisionName(id)
          const inside = ranges.filter(({ from, before }) => from <= name && name < before)
          expect(inside.length, name).toBe(sees(patterns, id) ? 1 : 0)
        }
        const ends = ranges.flatMap(({ from, before }) => [from, before])
        expect(ends).toEqual(ends.toSorted())
      }),
    )
  })
})
