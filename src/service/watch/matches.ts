import type { PackageRevisionFilter } from '../../database/package-revisions/filter.ts'
import type { LabelRequirement } from '../../domain/label-selector.ts'
import type { Labels } from '../../domain/labels.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'

/** Filters on the revision itself: not `outdated`, which depends on the upstream, nor `q`, which searches files. */
export type OwnFilter = Omit<PackageRevisionFilter, 'outdated' | 'q'>

type Tests = {
  [Field in keyof Required<OwnFilter>]: (
    revision: PackageRevision,
    wanted: NonNullable<OwnFilter[Field]>,
  ) => boolean
}

/** The same conditions as those of lists, which are SQL. */
const TESTS: Tests = {
  repository: ({ repository }, wanted) => repository === wanted,
  package: (revision, wanted) => revision.package === wanted,
  workspace: ({ workspace }, wanted) => workspace === wanted,
  lifecycle: ({ lifecycle }, wanted) => lifecycle === wanted,
  latest: ({ latest }, wanted) => latest === wanted,
  revision: ({ revision }, wanted) => revision === wanted,
  version: ({ version }, wanted) => version === wanted,
  labels: ({ labels }, wanted) => wanted.every((requirement) => satisfies(labels, requirement)),
  upstream: ({ upstream }, wanted) => upstream?.name === wanted,
}

/** Returns whether a list with this filter contains the revision. */
export function matches(filter: OwnFilter, revision: PackageRevision): boolean {
  return Object.entries(filter).every(([field, wanted]) => {
    const test = TESTS[field as keyof OwnFilter] as (revision: PackageRevision, wanted: unknown) => boolean
    return wanted === undefined || test(revision, wanted)
  })
}

function satisfies(labels: Labels, requirement: LabelRequirement): boolean {
  const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined
  switch (requirement.operator) {
    case 'in':
      return value !== undefined && requirement.values.includes(value)
    case 'notin':
      return value === undefined || !requirement.values.includes(value)
    case 'exists':
      return value !== undefined
    case 'absent':
      return value === undefined
  }
}
