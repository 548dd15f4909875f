/** Where the rows of a list can come from: for each part of a filter, an index that has just its rows. */
import { sql } from 'kysely'
import type { NameRange } from '../../domain/access/visible-set.ts'
import type { LabelRequirement } from '../../domain/label-selector.ts'
import { wordsToLookUp } from '../contents/search.ts'
import type { Dialect } from '../dialect.ts'
import { allOf, type Sql } from '../sql.ts'
import { inRange } from '../visible.ts'
import type { PackageRevisionFilter } from './filter.ts'

/** Rows in the order of their names. */
export type OrderedSource = {
  /** The part of the filter that all of its rows match. */
  part: unknown
  /** The index, and its columns with the name and the id of a revision. */
  index: { from: Sql; name: Sql; id: Sql }
  /** The index joined with the rows of revisions, if it is an index of another table. */
  fromWithRows: Sql
  conditions: Sql[]
}

/** Rows in no order, so useful only where they are few. */
export type SetSource = {
  part: unknown
  ids: Sql
  /** If the number of rows is known in advance: numbers that add up to it, none of them 0. */
  counts?: Sql
}

export const NAME = sql`package_revisions.name`
export const ID = sql`package_revisions.id`

/** All revisions: the source where no filter has a better one. */
export function byName(dialect: Dialect): OrderedSource {
  return along(dialect, 'package_revisions_name', 'name', [])
}

/** All revisions with an upstream. Each must be tested for whether it is outdated. */
export function basedByName(dialect: Dialect): OrderedSource {
  return along(dialect, 'package_revisions_based', 'based', [sql`upstream_repository IS NOT NULL`])
}

/** Returns sources in order of preference: first those that tend to have few rows. */
export function orderedSources(dialect: Dialect, filter: PackageRevisionFilter): OrderedSource[] {
  const sources: OrderedSource[] = []
  const add = (part: keyof PackageRevisionFilter, index: string, column: string, value?: string | number) => {
    if (value === undefined) return
    const condition = sql`package_revisions.${sql.ref(column)} = ${value}`
    sources.push(along(dialect, index, part, [condition]))
  }
  add('upstream', 'package_revisions_upstream', 'upstream_name', filter.upstream)
  add('version', 'package_revisions_by_version', 'version', filter.version)
  for (const requirement of filter.labels ?? []) {
    const source = labelled(dialect, requirement)
    if (source) sources.push(source)
  }
  add('package', 'package_revisions_path', 'package', filter.package)
  add('workspace', 'package_revisions_workspace', 'workspace', filter.workspace)
  add('revision', 'package_revisions_revision', 'revision', filter.revision)
  add('lifecycle', 'package_revisions_lifecycle', 'lifecycle', filter.lifecycle)
  const latest = filter.latest === undefined ? undefined : Number(filter.latest)
  add('latest', 'package_revisions_latest', 'latest', latest)
  return sources
}

function along({ indexed }: Dialect, index: string, part: unknown, conditions: Sql[]): OrderedSource {
  const from = indexed(sql`package_revisions`, index)
  return { part, index: { from, name: NAME, id: ID }, fromWithRows: from, conditions }
}

/** A label with one value, or with any value: both have an index in the order of names. */
function labelled({ indexed, ordered }: Dialect, requirement: LabelRequirement): OrderedSource | undefined {
  const name = sql`label.name`
  const conditions = [sql`label.key = ${requirement.key}`]
  const { operator } = requirement
  if (operator === 'in' && requirement.values.length === 1) {
    conditions.push(sql`label.value = ${requirement.values[0]}`)
  } else if (operator !== 'exists') return undefined
  const suffix = operator === 'in' ? 'value' : 'key'
  const from = indexed(sql`package_revision_labels AS label`, `package_revision_labels_${suffix}`)
  return {
    part: requirement,
    index: { from, name, id: sql`label.revision_id` },
    fromWithRows: ordered(from, sql`package_revisions`, sql`package_revisions.id = label.revision_id`),
    conditions,
  }
}

/** `range`: the names that are wanted. With `hides`, upstreams may be hidden. */
export function setSources(
  dialect: Dialect,
  filter: PackageRevisionFilter,
  { range, hides }: { range: NameRange | undefined; hides: boolean },
): SetSource[] {
  const sources: SetSource[] = []
  for (const requirement of filter.labels ?? []) {
    if (requirement.operator !== 'in' || requirement.values.length === 1) continue
    const conditions = [
      sql`label.key = ${requirement.key}`,
      sql`label.value IN (${sql.join(requirement.values)})`,
      ...inRange(sql`label.name`, range),
    ]
    const from = dialect.indexed(sql`package_revision_labels AS label`, 'package_revision_labels_value')
    sources.push({
      part: requirement,
      ids: sql`SELECT label.revision_id AS id FROM ${from} WHERE ${allOf(conditions)}`,
    })
  }
  for (const word of wordsToLookUp(filter.q ?? '')) {
    sources.push({ part: undefined, ids: dialect.wordSource('package_revisions', word) })
  }
  const { outdated, latest } = filter
  if (outdated === undefined || (hides && !outdated)) return sources
  // Revisions can be outdated because of an upstream that is hidden, so each row is tested.
  sources.push({ ...outdatedSource(dialect, outdated, latest), part: hides ? undefined : 'outdated' })
  return sources
}

/** Outdated revisions, found by the few revisions that others are based on, each with the number of those. */
function outdatedSource(
  { indexed, ordered }: Dialect,
  outdated: boolean,
  latest: boolean | undefined,
): Omit<SetSource, 'part'> {
  const held = latest === undefined ? sql`IN (0, 1)` : sql`= ${latest ? 1 : 0}`
  const uses = sql`
    ${indexed(sql`upstream_uses AS used`, 'upstream_uses_outdated')}
    WHERE used.outdated = ${outdated ? 1 : 0} AND used.latest ${held}`
  const links = ordered(
    sql`(SELECT * FROM ${uses}) AS used`,
    indexed(sql`package_revisions AS link`, 'package_revisions_upstream_package'),
    sql`link.upstream_repository = used.repository AND link.upstream_package = used.package
      AND link.latest = used.latest AND link.upstream_revision = used.revision`,
  )
  return {
    ids: sql`SELECT link.id FROM ${links}`,
    counts: sql`SELECT used.count FROM ${uses}`,
  }
}
