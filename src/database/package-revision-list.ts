/** Lists of package revisions: filters, sorting, and pages by the last row seen (no offset to skip through). */
import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely'
import type { LabelRequirement } from '../package/label-selector.ts'
import type { Lifecycle } from '../package/lifecycle.ts'
import type { PackageRevision, Sort } from '../package/package-revision.ts'
import { outdatedNames } from './links.ts'
import { toPackageRevision } from './package-revision-row.ts'
import { selectPackageRevisions } from './package-revisions.ts'
import type { Db, Schema } from './schema.ts'

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
  /** Part of `<repository>/<package>/<workspace>`, in any case. */
  q?: string | undefined
}

/** Where a page ended: the sorted-by value of its last row, and that row's name. */
export type Cursor = { value: string; name: string }

export type Row = ExpressionBuilder<Schema, 'package_revisions'>

const SORT_COLUMN = {
  name: sql.ref<string>('name'),
  updatedAt: sql.ref<string>('updated_at'),
  publishedAt: sql<string>`coalesce(published_at, '')`,
} as const

export async function listPackageRevisions(
  db: Db,
  filter: PackageRevisionFilter,
  page: { sort: Sort; after?: Cursor | undefined; limit: number },
): Promise<PackageRevision[]> {
  const { sort, after, limit } = page
  const column = SORT_COLUMN[sort.field]
  const direction = sort.descending ? 'desc' : 'asc'
  let query = selectPackageRevisions(db)
    .where((row) => row.and(conditions(row, filter)))
    .orderBy(column, direction)
    .orderBy('name', direction)
    .limit(limit)
  if (after !== undefined) {
    const beyond = sort.descending ? sql`<` : sql`>`
    query = query.where(sql<boolean>`(${column}, name) ${beyond} (${after.value}, ${after.name})`)
  }
  return (await query.execute()).map(toPackageRevision)
}

/** The cursor behind a row, in a list that is sorted so. */
export function cursorAt(revision: PackageRevision, { field }: Sort): Cursor {
  return { value: revision[field] ?? '', name: revision.name }
}

function conditions(row: Row, filter: PackageRevisionFilter): Expression<SqlBool>[] {
  const found: Expression<SqlBool>[] = (filter.labels ?? []).map((requirement) =>
    labelCondition(row, requirement),
  )
  if (filter.repository !== undefined) found.push(row('repository', '=', filter.repository))
  if (filter.package !== undefined) found.push(row('package', '=', filter.package))
  if (filter.workspace !== undefined) found.push(row('workspace', '=', filter.workspace))
  if (filter.lifecycle !== undefined) found.push(row('lifecycle', '=', filter.lifecycle))
  if (filter.latest !== undefined) found.push(row('latest', '=', filter.latest ? 1 : 0))
  if (filter.revision !== undefined) found.push(row('revision', '=', filter.revision))
  if (filter.version !== undefined) found.push(row('version', '=', filter.version))
  if (filter.upstream !== undefined) found.push(row('upstream_name', '=', filter.upstream))
  if (filter.outdated !== undefined) {
    found.push(sql<boolean>`package_revisions.name IN (${outdatedNames(filter.outdated, filter.latest)})`)
  }
  if (filter.q !== undefined) {
    found.push(
      sql<boolean>`instr(repository || '/' || package || '/' || workspace, ${filter.q.toLowerCase()}) > 0`,
    )
  }
  return found
}

/** As in Kubernetes, an object without the label satisfies notin and "!=". */
export function labelCondition(row: Row, requirement: LabelRequirement): Expression<SqlBool> {
  const labelled = row
    .selectFrom('package_revision_labels')
    .select('key')
    .whereRef('package_revision_labels.revision_id', '=', 'package_revisions.id')
    .where('package_revision_labels.key', '=', requirement.key)
    .$if('values' in requirement, (query) =>
      query.where('package_revision_labels.value', 'in', 'values' in requirement ? requirement.values : []),
    )
  const wanted = requirement.operator === 'in' || requirement.operator === 'exists'
  return wanted ? row.exists(labelled) : row.not(row.exists(labelled))
}
