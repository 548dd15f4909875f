/** Random visibilities for an index, and what they leave of its revisions. */
import fc from 'fast-check'
import { minimal, type Pattern } from '../../src/domain/access/pattern.ts'
import {
  latestUpstream,
  SEES_ALL,
  seesRevision,
  type Visibility,
} from '../../src/domain/access/visible-set.ts'
import type { PackageRevision } from '../../src/domain/package-revision.ts'

/** All but rarely partial, often with some drafts. */
export function visibilities(
  repositories: readonly string[],
  packages: readonly string[],
): fc.Arbitrary<Visibility> {
  const paths = [undefined, ...packages.flatMap((path) => [path, path.split('/')[0]])]
  const pattern: fc.Arbitrary<Pattern> = fc.oneof(
    fc.record({
      repository: fc.constantFrom(...repositories),
      prefix: fc.constant(false),
      path: fc.constantFrom(...paths),
    }),
    fc.record({
      repository: fc
        .constantFrom(...repositories)
        .chain((name) => fc.nat(name.length).map((to) => name.slice(0, to))),
      prefix: fc.constant(true),
      path: fc.constantFrom(...paths),
    }),
  )
  const everything: fc.Arbitrary<Visibility> = fc.oneof(
    { weight: 4, arbitrary: fc.constant(SEES_ALL) },
    {
      weight: 1,
      arbitrary: fc
        .array(pattern, { maxLength: 3 })
        .map((drafts) => ({ published: 'all' as const, drafts: minimal(drafts) })),
    },
  )
  const partial = fc
    .array(fc.record({ pattern, drafts: fc.boolean() }), { maxLength: 12 })
    .map((parts): Visibility => {
      const withoutAll = parts.filter(
        (part) => part.pattern.repository !== '' || part.pattern.path !== undefined,
      )
      return {
        published: minimal(withoutAll.map((part) => part.pattern)),
        drafts: minimal(withoutAll.filter(({ drafts }) => drafts).map((part) => part.pattern)),
      }
    })
  return fc.oneof({ weight: 1, arbitrary: everything }, { weight: 5, arbitrary: partial })
}

/** A revision as a caller sees it; undefined for a hidden one. */
export function seenAs(visibility: Visibility, revision: PackageRevision): PackageRevision | undefined {
  if (!seesRevision(visibility, revision)) return undefined
  return { ...revision, upstreamLatest: latestUpstream(visibility, revision) }
}
