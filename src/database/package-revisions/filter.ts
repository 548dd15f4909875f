/** The filters of lists of package revisions, as conditions that are tested row by row. */
import { sql } from 'kysely'
import type { Visibility, VisibleSet } from '../../domain/access/visible-set.ts'
import type { LabelRequirement } from '../../domain/label-selector.ts'
import { isPublished, type Lifecycle } from '../../domain/lifecycle.ts'
import { wordsOf } from '../../domain/search-words.ts'
import { revisionMatches } from '../contents/search.ts'
import type { Dialect } from '../dialect.ts'
import { allOf, type Sql } from '../sql.ts'
import { publishedOrSeen, visiblePackages } from '../visible.ts'

export type PackageRevisionFilter = {
  repository?: string | undefined
  package?: string | undefined
  workspace?: string | undefined
  lifecycle?: Lifecycle | undefined
  latest?: boolean | undefined
  revision?: number | undefined
  version?: string | undefined
  labels?: readonly LabelRequirement[] | undefined
  /** The name of the revision that it was cloned from, or last upgraded to. */
  upstream?: string | undefined
  /** Its upstream has a newer revision, or has none. Revisions without an upstream match neither. */
  outdated?: boolean | undefined
  /** Phrases in its name or its files: see `contents/search.ts`. */
  q?: string | undefined
}

/** A condition, and whether the indexes for lists sorted by time have the columns that it needs. */
export type Test = { condition: Sql; inSortIndexes: boolean }

/** Tells that nothing can match, as `q` has text but no word. */
export function isVain({ q }: PackageRevisionFilter): boolean {
  return q !== undefined && q.trim() !== '' && wordsOf(q).length === 0
}

/** The parts of tests that say which packages are wanted, which ranges of names satisfy. */
export const PACKAGES = ['visible', 'repository']

/** Whether a filter wants only what is published, or only what is not. undefined: both. */
function wantsPublished({ lifecycle, latest, revision = 0 }: PackageRevisionFilter): boolean | undefined {
  if (latest || revision > 0) return true
  return lifecycle && isPublished(lifecycle)
}

/** The packages that may have revisions which are visible and match the filter. */
export function packagesSearched(
  { published, drafts }: Visibility,
  filter: PackageRevisionFilter,
): VisibleSet {
  return wantsPublished(filter) === false ? drafts : published
}

/** Returns a test for each part of a filter, and for what is visible. */
export function testsOf(
  dialect: Dialect,
  visibility: Visibility,
  filter: PackageRevisionFilter,
): Map<unknown, Test> {
  const tests = new Map<unknown, Test>()
  const add = (part: unknown, condition: Sql, inSortIndexes: boolean) =>
    tests.set(part, { condition, inSortIndexes })
  const { latest, outdated, labels = [], q } = filter
  const visible = visiblePackages(
    packagesSearched(visibility, filter),
    sql`package_revisions.repository`,
    sql`package_revisions.package`,
  )
  if (visible.length > 0) add('visible', allOf(visible), true)
  const drafts = wantsPublished(filter) === undefined ? publishedOrSeen(visibility) : []
  if (drafts.length > 0) add('drafts', allOf(drafts), true)
  if (filter.repository !== undefined) {
    add('repository', sql`package_revisions.repository = ${filter.repository}`, true)
  }
  if (filter.package !== undefined) add('package', sql`package_revisions.package = ${filter.package}`, true)
  if (filter.workspace !== undefined) add('workspace', sql`workspace = ${filter.workspace}`, true)
  if (filter.lifecycle !== undefined) add('lifecycle', sql`lifecycle = ${filter.lifecycle}`, true)
  if (latest !== undefined) add('latest', sql`latest = ${latest ? 1 : 0}`, true)
  if (filter.revision !== undefined) add('revision', sql`revision = ${filter.revision}`, true)
  if (filter.version !== undefined) add('version', sql`version = ${filter.version}`, false)
  if (filter.upstream !== undefined) add('upstream', sql`upstream_name = ${filter.upstream}`, false)
  for (const requirement of labels) add(requirement, labelCondition(requirement), false)
  if (outdated !== undefined) add('outdated', outdatedCondition(visibility, outdated), false)
  if (q !== undefined) {
    for (const condition of revisionMatches(dialect, q)) add(condition, condition, false)
  }
  return tests
}

/** An object without the label satisfies notin and "!=", as in Kubernetes. */
export function labelCondition(requirement: LabelRequirement): Sql {
  const value = 'values' in requirement ? sql`AND value IN (${sql.join(requirement.values)})` : sql``
  const wanted = requirement.operator === 'in' || requirement.operator === 'exists'
  return sql`${wanted ? sql`EXISTS` : sql`NOT EXISTS`} (
    SELECT 1 FROM package_revision_labels
    WHERE revision_id = package_revisions.id AND key = ${requirement.key} ${value}
  )`
}

/** A hidden upstream makes nothing outdated. */
function outdatedCondition({ published }: Visibility, outdated: boolean): Sql {
  const visible = visiblePackages(published, sql`packages.repository`, sql`packages.path`)
  const upstream = [
    sql`packages.repository = upstream_repository`,
    sql`packages.path = upstream_package`,
    ...visible,
  ]
  return sql`upstream_revision ${outdated ? sql`<` : sql`>=`} coalesce((
    SELECT latest_revision FROM packages WHERE ${allOf(upstream)}
  ), 0)`
}
