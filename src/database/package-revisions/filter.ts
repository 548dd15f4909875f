/** What lists of package revisions can be filtered by, as conditions that are tested row by row. */
import { sql } from 'kysely'
import type { LabelRequirement } from '../../domain/label-selector.ts'
import type { Lifecycle } from '../../domain/lifecycle.ts'
import { wordsOf } from '../../domain/search-words.ts'
import { revisionMatches } from '../contents/search.ts'
import { allOf, inRepository, type Sql } from '../name-range.ts'

export type PackageRevisionFilter = {
  repository?: string | undefined
  package?: string | undefined
  workspace?: string | undefined
  lifecycle?: Lifecycle | undefined
  latest?: boolean | undefined
  revision?: number | undefined
  version?: string | undefined
  labels?: readonly LabelRequirement[] | undefined
  /** The name of the revision it was cloned from or upgraded to. */
  upstream?: string | undefined
  /** Whether its upstream has a newer revision. What has no upstream is neither. */
  outdated?: boolean | undefined
  /** Phrases in its name or its files: see `search.ts`. */
  q?: string | undefined
}

/** A condition, and whether the entries of the indexes for other orders than names are enough to test it. */
export type Test = { condition: Sql; inSortIndexes: boolean }

/** Whether nothing can be found: there is something to search for, and no word in it. */
export function isVain({ q }: PackageRevisionFilter): boolean {
  return q !== undefined && q.trim() !== '' && wordsOf(q).length === 0
}

/** All that a filter says, each part by itself. */
export function testsOf(filter: PackageRevisionFilter): Map<unknown, Test> {
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
  if (q !== undefined) for (const condition of revisionMatches(q)) add(condition, condition, false)
  return tests
}

/** As in Kubernetes, an object without the label satisfies notin and "!=". */
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
