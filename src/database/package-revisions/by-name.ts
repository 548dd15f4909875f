/** Revisions whose names are known. */
import { sql } from 'kysely'
import type { PackageRevision } from '../../domain/package-revision.ts'
import { allOf, among } from '../name-range.ts'
import type { Db } from '../schema.ts'
import { isVain, type PackageRevisionFilter, testsOf } from './filter.ts'
import { selectPackageRevisions } from './package-revisions.ts'
import { toPackageRevision } from './row.ts'

/** Those of them that are there. */
export async function revisionsNamed(db: Db, names: readonly string[]): Promise<PackageRevision[]> {
  const rows = await selectPackageRevisions(db).where('name', 'in', among(names)).execute()
  return rows.map(toPackageRevision)
}

/** Those of the names that a list with this filter has now. */
export async function namesListed(
  db: Db,
  filter: PackageRevisionFilter,
  names: readonly string[],
): Promise<Set<string>> {
  if (isVain(filter)) return new Set()
  const tests = [...testsOf(filter).values()].map(({ condition }) => condition)
  const rows = await db
    .selectFrom('package_revisions')
    .select('name')
    .where('name', 'in', among(names))
    .where(sql<boolean>`${allOf(tests)}`)
    .execute()
  return new Set(rows.map(({ name }) => name))
}
