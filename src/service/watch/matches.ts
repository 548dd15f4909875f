import type { PackageRevisionFilter } from '../../database/package-revision-filter.ts'
import type { LabelRequirement } from '../../package/label-selector.ts'
import type { Labels } from '../../package/labels.ts'
import type { PackageRevision } from '../../package/package-revision.ts'

/**
 * What can be watched by. Not `outdated`, which changes with other revisions than the one that it is about, and not
 * `q`, which is for people who search.
 */
export type WatchFilter = Omit<PackageRevisionFilter, 'outdated' | 'q'>

type Tests = {
  [Field in keyof Required<WatchFilter>]: (
    revision: PackageRevision,
    wanted: NonNullable<WatchFilter[Field]>,
  ) => boolean
}

/** The same as the conditions of the list, which are SQL. */
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

/** Whether the list with that filter has the revision. */
export function matches(filter: WatchFilter, revision: PackageRevision): boolean {
  return Object.entries(filter).every(([field, wanted]) => {
    const test = TESTS[field as keyof WatchFilter] as (revision: PackageRevision, wanted: unknown) => boolean
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
