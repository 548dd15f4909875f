/** The filters of lists of package revisions, as conditions that are tested row by row. */
import { sql } from 'kysely'
import type { LabelRequirement } from '../../domain/label-selector.ts'
import type { Lifecycle } from '../../domain/lifecycle.ts'
import { wordsOf } from '../../domain/search-words.ts'
import { revisionMatches } from '../contents/search.ts'
import type { Dialect } from '../dialect.ts'
import { allOf, inRepository, type Sql } from '../sql.ts'

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

/** Returns a test for each part of a filter. */
export function testsOf(dialect: Dialect, filter: PackageRevisionFilter): Map<unknown, Test> {
  const tests = new Map<unknown, Test>()
  const add = (part: unknown, condition: Sql, inSortIndexes: boolean) =>
    tests.set(part, { condition, inSortIndexes })
  const { latest, outdated, labels = [], q } = filter
  if (filter.repository !== undefined) {
    add('repository', allOf(inRepository(sql`package_revisions.name`, filter.repository)), true)
  }
  if (filter.package !== undefined) add('package', sql`package_revisions.package = ${filter.package}`, true)
  if (filter.workspace !== undefined) add('workspace', sql`workspace = ${filter.workspace}`, true)
  if (filter.lifecycle !== undefined) add('lifecycle', sql`lifecycle = ${filter.lifecycle}`, true)
  if (latest !== undefined) add('latest', sql`latest = ${latest ? 1 : 0}`, true)
  if (filter.revision !== undefined) add('revision', sql`revision = ${filter.revision}`, true)
  if (filter.version !== undefined) add('version', sql`version = ${filter.version}`, false)
  if (filter.upstream !== undefined) add('upstream', sql`upstream_name = ${filter.upstream}`, false)
  for (const requirement of labels) add(requirement, labelCondition(requirement), false)
  if (outdated !== undefined) add('outdated', outdatedCondition(outdated), false)
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

function outdatedCondition(outdated: boolean): Sql {
  return sql`upstream_revision ${outdated ? sql`<` : sql`>=`} coalesce((
    SELECT latest_revision FROM packages
    WHERE packages.repository = upstream_repository AND packages.path = upstream_package
  ), 0)`
}
