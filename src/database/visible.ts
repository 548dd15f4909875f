/** What a caller sees, as conditions of queries. There are none for a caller who sees all. */
import { sql } from 'kysely'
import type { Pattern } from '../domain/access/pattern.ts'
import {
  type NameRange,
  revisionNameRanges,
  seesDraftsToo,
  type Visibility,
  type VisibleSet,
  within,
} from '../domain/access/visible-set.ts'
import type { Reader } from './connection.ts'
import { allOf, type Sql } from './sql.ts'

/** Up to this number, names are compared as ranges are. A longer condition takes too long to prepare. */
const FEW_NAMES = 32

/**
 * Resolves to the ranges of the names of revisions in visible packages, of one repository or all, sorted and disjoint.
 * undefined: of any name.
 */
export async function nameRanges(
  db: Reader,
  set: VisibleSet,
  repository?: string,
): Promise<readonly NameRange[] | undefined> {
  if (repository !== undefined) return revisionNameRanges(within(set, repository), [repository])
  if (set === 'all') return undefined
  const needsNames = set.some(({ prefix, path }) => prefix && path !== undefined)
  return revisionNameRanges(set, needsNames ? await repositoryNames(db) : namesIn(set))
}

/** Matches the names in a range; all for undefined. */
export function inRange(name: Sql, range: NameRange | undefined): Sql[] {
  return range ? [sql`${name} >= ${range.from}`, sql`${name} < ${range.before}`] : []
}

/** Matches packages that are visible. */
export function visiblePackages(set: VisibleSet, repository: Sql, path: Sql): Sql[] {
  if (set === 'all') return []
  const whole = inWhole(
    set.filter((pattern) => pattern.path === undefined),
    repository,
  )
  const parts = set
    .filter((pattern) => pattern.path !== undefined)
    .map((pattern) => inPart(pattern, repository, path))
  return [sql`(${sql.join([whole, ...parts], sql` OR `)})`]
}

/** Matches repositories of which something may be visible. */
export function visibleRepositories(set: VisibleSet, name: Sql): Sql[] {
  return set === 'all' ? [] : [inWhole(set, name)]
}

/** The patterns that may concern the repositories in a range of names: a query for these need not test the others. */
export function patternsIn(set: VisibleSet, { from, before }: NameRange): VisibleSet {
  if (set === 'all') return set
  return set.filter((pattern) => {
    const [range] = repositoryRanges([pattern])
    return range !== undefined && range.from < before && range.before > from
  })
}

/** Matches, of the revisions in visible packages, those that are published, and drafts where these are visible too. */
export function publishedOrSeen(visibility: Visibility, table = 'package_revisions'): Sql[] {
  const { drafts } = visibility
  if (drafts === 'all' || seesDraftsToo(visibility)) return []
  const published = sql`${sql.ref(`${table}.revision`)} > 0`
  if (drafts.length === 0) return [published]
  const seen = visiblePackages(drafts, sql.ref(`${table}.repository`), sql.ref(`${table}.package`))
  return [sql`(${published} OR ${allOf(seen)})`]
}

/** Matches the revisions that are visible. */
export function visibleRevisions(visibility: Visibility, table = 'package_revisions'): Sql[] {
  const columns = [sql.ref(`${table}.repository`), sql.ref(`${table}.package`)] as const
  return [...visiblePackages(visibility.published, ...columns), ...publishedOrSeen(visibility, table)]
}

/** The ranges of the names of repositories of which something may be visible, sorted and disjoint. */
export function repositoryRanges(patterns: readonly Pattern[]): NameRange[] {
  const ranges: NameRange[] = []
  for (const { repository, prefix } of patterns.toSorted((a, b) => (a.repository < b.repository ? -1 : 1))) {
    // "!" sorts before all characters of names, and "~" after them.
    const range = { from: repository, before: `${repository}${prefix ? '~' : '!'}` }
    const last = ranges.at(-1)
    if (!last || range.from >= last.before) ranges.push(range)
    else if (range.before > last.before) last.before = range.before
  }
  return ranges
}

/** Matches repositories by their names. There may be thousands of whole names, but few beginnings of names. */
function inWhole(patterns: readonly Pattern[], name: Sql): Sql {
  const names = [...new Set(namesIn(patterns))]
  if (names.length <= FEW_NAMES) return inSome(name, repositoryRanges(patterns))
  const beginnings = inSome(name, repositoryRanges(patterns.filter(({ prefix }) => prefix)))
  return sql`CASE WHEN ${name} IN (${sql.join(names)}) THEN TRUE ELSE ${beginnings} END`
}

function inPart({ repository: name, prefix, path: part = '' }: Pattern, repository: Sql, path: Sql): Sql {
  const [range] = repositoryRanges([{ repository: name, prefix, path: undefined }])
  // "0" sorts right after "/".
  const below = { from: `${part}/`, before: `${part}0` }
  return sql`(${allOf(inRange(repository, range))} AND (${path} = ${part} OR (${allOf(inRange(path, below))})))`
}

/** Resolves to the repositories of which something is visible; undefined where there are more than `most`. */
export async function fewRepositories(
  db: Reader,
  set: VisibleSet,
  most: number,
): Promise<readonly string[] | undefined> {
  if (set === 'all') return undefined
  const names = new Set(namesIn(set))
  const prefixes = set.filter(({ prefix }) => prefix)
  if (names.size > most) return undefined
  if (prefixes.length > 0) {
    const found = await db
      .selectFrom('repositories')
      .select('name')
      .where(sql<boolean>`${inSome(sql`name`, repositoryRanges(prefixes))}`)
      .limit(most + 1)
      .execute()
    for (const { name } of found) names.add(name)
  }
  return names.size > most ? undefined : [...names]
}

/** Matches texts in any of the ranges, with as few comparisons as a binary search. */
function inSome(text: Sql, ranges: readonly NameRange[]): Sql {
  const middle = Math.floor(ranges.length / 2)
  const right = ranges[middle]
  if (!right) return sql`FALSE`
  if (middle === 0) return sql`(${allOf(inRange(text, right))})`
  return sql`CASE WHEN ${text} < ${right.from}
    THEN ${inSome(text, ranges.slice(0, middle))} ELSE ${inSome(text, ranges.slice(middle))} END`
}

function namesIn(set: readonly Pattern[]): string[] {
  return set.filter(({ prefix }) => !prefix).map(({ repository }) => repository)
}

async function repositoryNames(db: Reader): Promise<string[]> {
  const rows = await db.selectFrom('repositories').select('name').execute()
  return rows.map(({ name }) => name)
}
