/** Where the rows of a list can come from: for each part of a filter an index that has just those rows. */
import { type RawBuilder, sql } from 'kysely'
import type { LabelRequirement } from '../../domain/label-selector.ts'
import { wordQueries } from '../contents/search.ts'
import { allOf, inRepository, type Sql } from '../name-range.ts'
import type { PackageRevisionFilter } from './filter.ts'

/** Rows in the order of their names. */
export type OrderedSource = {
  /** The part of the filter that all of its rows satisfy. */
  part: unknown
  /** The index, and what it calls the name and the id of a revision. */
  index: { from: Sql; name: Sql; id: Sql }
  /** The index with the rows of the revisions, where it is one of another table. */
  fromWithRows: Sql
  conditions: Sql[]
}

/** Rows in no order, so worth while where they are few. */
export type SetSource = {
  part: unknown
  ids: Sql
  /** Where it is known how many rows they are: numbers that add up to it, none of them 0. */
  counts?: Sql
}

export const NAME = sql`package_revisions.name`
export const ID = sql`package_revisions.id`

/** The index by which lists are walked along in the order of names where no filter has a better one. */
export function byName(filter: PackageRevisionFilter): OrderedSource {
  return indexed('repository', 'package_revisions_name', inRepository(NAME, filter.repository))
}

/** Whatever has an upstream: only a test says whether it is outdated. */
export function basedByName(filter: PackageRevisionFilter): OrderedSource {
  const conditions = [sql`upstream_repository IS NOT NULL`, ...inRepository(NAME, filter.repository)]
  return indexed('based', 'package_revisions_based', conditions)
}

/** In order of preference: first what tends to have few rows. */
export function orderedSources(filter: PackageRevisionFilter): OrderedSource[] {
  const sources: OrderedSource[] = []
  const add = (part: keyof PackageRevisionFilter, index: string, column: string, value?: string | number) => {
    if (value === undefined) return
    const condition = sql`package_revisions.${sql.ref(column)} = ${value}`
    sources.push(indexed(part, index, [condition, ...inRepository(NAME, filter.repository)]))
  }
  add('upstream', 'package_revisions_upstream', 'upstream_name', filter.upstream)
  add('version', 'package_revisions_by_version', 'version', filter.version)
  for (const requirement of filter.labels ?? []) {
    const source = labelled(requirement, filter.repository)
    if (source) sources.push(source)
  }
  add('package', 'package_revisions_path', 'package', filter.package)
  add('workspace', 'package_revisions_workspace', 'workspace', filter.workspace)
  add('revision', 'package_revisions_revision', 'revision', filter.revision)
  add('lifecycle', 'package_revisions_lifecycle', 'lifecycle', filter.lifecycle)
  const latest = filter.latest === undefined ? undefined : Number(filter.latest)
  add('latest', 'package_revisions_latest', 'latest', latest)
  if (filter.repository !== undefined) sources.push(byName(filter))
  return sources
}

function indexed(part: unknown, index: string, conditions: Sql[]): OrderedSource {
  const from = sql`package_revisions INDEXED BY ${sql.ref(index)}`
  return { part, index: { from, name: NAME, id: ID }, fromWithRows: from, conditions }
}

/** A label with one value, or with any: both have an index in the order of names. */
function labelled(requirement: LabelRequirement, repository: string | undefined): OrderedSource | undefined {
  const name = sql`label.name`
  const conditions = [sql`label.key = ${requirement.key}`, ...inRepository(name, repository)]
  const { operator } = requirement
  if (operator === 'in' && requirement.values.length === 1) {
    conditions.push(sql`label.value = ${requirement.values[0]}`)
  } else if (operator !== 'exists') return undefined
  const suffix = operator === 'in' ? 'value' : 'key'
  const from = sql`package_revision_labels AS label INDEXED BY ${sql.ref(`package_revision_labels_${suffix}`)}`
  return {
    part: requirement,
    index: { from, name, id: sql`label.revision_id` },
    fromWithRows: sql`${from} CROSS JOIN package_revisions ON package_revisions.id = label.revision_id`,
    conditions,
  }
}

export function setSources(filter: PackageRevisionFilter): SetSource[] {
  const sources: SetSource[] = []
  for (const requirement of filter.labels ?? []) {
    if (requirement.operator !== 'in' || requirement.values.length === 1) continue
    const name = sql`label.name`
    const inside = inRepository(name, filter.repository)
    sources.push({
      part: requirement,
      ids: sql`
        SELECT label.revision_id AS id
        FROM package_revision_labels AS label INDEXED BY package_revision_labels_value
        WHERE ${allOf([sql`label.key = ${requirement.key}`, sql`label.value IN (${sql.join(requirement.values)})`, ...inside])}`,
    })
  }
  for (const query of wordQueries(filter.q ?? '')) {
    sources.push({
      part: undefined,
      ids: sql`SELECT rowid AS id FROM revision_words WHERE revision_words MATCH ${query}`,
    })
  }
  if (filter.outdated !== undefined) sources.push(outdatedSource(filter.outdated, filter.latest))
  return sources
}

/** What is outdated is known by the revisions that others are based on: few rows, with a number in each. */
function outdatedSource(outdated: boolean, latest: boolean | undefined): SetSource {
  const held = latest === undefined ? sql`IN (0, 1)` : sql`= ${latest ? 1 : 0}`
  const uses: RawBuilder<unknown> = sql`
    upstream_uses AS used INDEXED BY upstream_uses_outdated
    WHERE used.outdated = ${outdated ? 1 : 0} AND used.latest ${held}`
  return {
    part: 'outdated',
    ids: sql`
      SELECT link.id
      FROM (SELECT * FROM ${uses}) AS used
      CROSS JOIN package_revisions AS link INDEXED BY package_revisions_upstream_package
      WHERE link.upstream_repository = used.repository AND link.upstream_package = used.package
        AND link.latest = used.latest AND link.upstream_revision = used.revision`,
    counts: sql`SELECT used.count FROM ${uses}`,
  }
}
