import { type Selectable, sql } from 'kysely'
import type { Visibility } from '../../domain/access/visible-set.ts'
import type { Repository, RepositoryContent, RepositoryFormat } from '../../domain/repository.ts'
import { labelsSchema, repositorySourceSchema } from '../../domain/schemas.ts'
import type { Reader, Transaction } from '../connection.ts'
import { nextResourceVersion } from '../counters.ts'
import type { RepositoriesTable } from '../schema.ts'
import { allOf } from '../sql.ts'
import { parseStored } from '../stored-json.ts'
import { visibleRepositories } from '../visible.ts'

export async function findRepository(db: Reader, name: string): Promise<Repository | undefined> {
  const row = await db.selectFrom('repositories').selectAll().where('name', '=', name).executeTakeFirst()
  return row && toRepository(row)
}

export async function repositoryExists(db: Reader, name: string): Promise<boolean> {
  const row = await db.selectFrom('repositories').select('id').where('name', '=', name).executeTakeFirst()
  return row !== undefined
}

export async function repositoryFormat(db: Reader, name: string): Promise<RepositoryFormat | undefined> {
  const row = await db.selectFrom('repositories').select('format').where('name', '=', name).executeTakeFirst()
  return row?.format
}

/**
 * Resolves to a text that no earlier repository of this name had; undefined if there is none. The database may give out
 * the id of a deleted row again.
 */
export async function repositoryIdentity(db: Reader, name: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('repositories')
    .select(['id', 'created_at'])
    .where('name', '=', name)
    .executeTakeFirst()
  return row && `${row.id}@${row.created_at}`
}

/** Resolves to the repositories of which something may be visible after a name, by name. */
export async function listRepositories(
  db: Reader,
  { published }: Visibility,
  page: { after?: string | undefined; limit: number },
): Promise<Repository[]> {
  const rows = await db
    .selectFrom('repositories')
    .selectAll()
    .$if(page.after !== undefined, (query) => query.where('name', '>', page.after ?? ''))
    .where(sql<boolean>`${allOf(visibleRepositories(published, sql`name`))}`)
    .orderBy('name')
    .limit(page.limit)
    .execute()
  return rows.map(toRepository)
}

/** Resolves to the repositories that are filled from a source, by name. */
export async function repositoriesWithSource(db: Reader): Promise<Repository[]> {
  const rows = await db
    .selectFrom('repositories')
    .selectAll()
    .where('source', 'is not', null)
    .orderBy('name')
    .execute()
  return rows.map(toRepository)
}

/** Inserts a repository, or replaces all but its name, type and format. Resolves to it with its new resourceVersion. */
export async function saveRepository(
  transaction: Transaction,
  repository: RepositoryContent,
): Promise<Repository> {
  const changing = {
    description: repository.description,
    labels: JSON.stringify(repository.labels),
    source: repository.source ? JSON.stringify(repository.source) : null,
    updated_at: repository.updatedAt,
    resource_version: await nextResourceVersion(transaction),
  }
  const row = await transaction
    .insertInto('repositories')
    .values({
      name: repository.name,
      type: repository.type,
      format: repository.format,
      created_by: repository.createdBy,
      created_at: repository.createdAt,
      ...changing,
    })
    .onConflict((conflict) => conflict.column('name').doUpdateSet(changing))
    .returningAll()
    .executeTakeFirstOrThrow()
  return toRepository(row)
}

export async function deleteRepository(transaction: Transaction, name: string): Promise<void> {
  await transaction.deleteFrom('repositories').where('name', '=', name).execute()
}

function toRepository(row: Selectable<RepositoriesTable>): Repository {
  return {
    name: row.name,
    type: row.type,
    format: row.format,
    description: row.description,
    labels: parseStored(labelsSchema, row.labels, `the repository ${row.name}`),
    ...(row.source !== null && {
      source: parseStored(repositorySourceSchema, row.source, `the repository ${row.name}`),
    }),
    createdBy: row.created_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    resourceVersion: String(row.resource_version),
  }
}
