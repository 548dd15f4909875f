/** The package revisions of a whole repository. */
import { sql } from 'kysely'
import type { Visibility } from '../../domain/access/visible-set.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import { recordDeletion } from '../change-log.ts'
import type { Reader, Transaction } from '../connection.ts'
import { nextResourceVersion } from '../counters.ts'
import { allOf } from '../sql.ts'
import { visibleRevisions } from '../visible.ts'
import { readAll, selectPackageRevisions } from './select.ts'

/** Resolves to all of them, by name. */
export async function revisionsOfRepository(db: Reader, repository: string): Promise<PackageRevision[]> {
  return readAll(selectPackageRevisions(db).where('repository', '=', repository).orderBy('name'))
}

/** Resolves to the names of at most `limit` visible revisions of other repositories whose upstream is in this one. */
export async function outsideDownstreams(
  db: Reader,
  visibility: Visibility,
  repository: string,
  limit: number,
): Promise<string[]> {
  const rows = await db
    .selectFrom('package_revisions')
    .select('name')
    .where('upstream_repository', '=', repository)
    .where('repository', '!=', repository)
    .where(sql<boolean>`${allOf(visibleRevisions(visibility))}`)
    .orderBy('name')
    .limit(limit)
    .execute()
  return rows.map((row) => row.name)
}

/** Deletes all of them. Resolves to how many there were. */
export async function deleteRevisionsOf(transaction: Transaction, repository: string): Promise<number> {
  for (const revision of await revisionsOfRepository(transaction, repository)) {
    await recordDeletion(transaction, revision, await nextResourceVersion(transaction))
  }
  const { numDeletedRows } = await transaction
    .deleteFrom('package_revisions')
    .where('repository', '=', repository)
    .executeTakeFirstOrThrow()
  return Number(numDeletedRows)
}

export async function countRevisions(db: Reader, repository: string): Promise<number> {
  const { count } = await db
    .selectFrom('package_revisions')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('repository', '=', repository)
    .executeTakeFirstOrThrow()
  return count
}

export async function repositoryHasRevisions(db: Reader, repository: string): Promise<boolean> {
  const row = await db
    .selectFrom('package_revisions')
    .select('id')
    .where('repository', '=', repository)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}
