/** Package revisions whose names are known. */
import { sql } from 'kysely'
import type { Visibility } from '../../domain/access/visible-set.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { Reader } from '../connection.ts'
import { dialectOf } from '../dialect.ts'
import { allOf } from '../sql.ts'
import { isVain, type PackageRevisionFilter, testsOf } from './filter.ts'
import { readAll, selectPackageRevisions } from './select.ts'

/** Resolves to the revisions with these names, without those that do not exist. */
export async function revisionsNamed(db: Reader, names: readonly string[]): Promise<PackageRevision[]> {
  return readAll(selectPackageRevisions(db).where('name', 'in', dialectOf(db).list(names)))
}

/** Resolves to the names, out of these, that a list with this filter has now for a caller. */
export async function namesListed(
  db: Reader,
  visibility: Visibility,
  filter: PackageRevisionFilter,
  names: readonly string[],
): Promise<Set<string>> {
  if (isVain(filter)) return new Set()
  const dialect = dialectOf(db)
  const tests = [...testsOf(dialect, visibility, filter).values()].map(({ condition }) => condition)
  const rows = await db
    .selectFrom('package_revisions')
    .select('name')
    .where('name', 'in', dialect.list(names))
    .where(sql<boolean>`${allOf(tests)}`)
    .execute()
  return new Set(rows.map(({ name }) => name))
}
