/** Results of the syncs of catalogs: the tags of their sources, and the last sync of each. */
import type { PackageId } from '../../domain/names.ts'
import type { Reader, Transaction } from '../connection.ts'
import { dialectOf } from '../dialect.ts'

/** A tag of a source. The empty tag stands for its whole repository. */
export type DiscoveredTag = PackageId & {
  tag: string
  /** The digest that it pointed to when it was read. */
  digest: string | null
  /** The name of the revision made from it. null without a problem means that the tag is skipped. */
  revision: string | null
  problem: string | null
  checkedAt: string
}

export type SyncRow = {
  lastSyncAt: string
  lastSuccessAt: string | null
  error: string | null
  packages: number
}

export async function findSync(db: Reader, repository: string): Promise<SyncRow | undefined> {
  return db
    .selectFrom('repository_syncs')
    .select(['last_sync_at as lastSyncAt', 'last_success_at as lastSuccessAt', 'error', 'packages'])
    .where('repository', '=', repository)
    .executeTakeFirst()
}

/** Records the end of a sync, a successful one if `error` is null. */
export async function saveSync(
  transaction: Transaction,
  repository: string,
  { at, error, packages }: { at: string; error: string | null; packages: number },
): Promise<void> {
  const changing = { last_sync_at: at, error, packages, ...(error === null && { last_success_at: at }) }
  await transaction
    .insertInto('repository_syncs')
    .values({ repository, last_success_at: null, ...changing })
    .onConflict((conflict) => conflict.column('repository').doUpdateSet(changing))
    .execute()
}

/** Resolves to the known tags of one repository of a source, by tag. */
export async function discoveredTags(db: Reader, id: PackageId): Promise<Map<string, DiscoveredTag>> {
  const rows = await db
    .selectFrom('discovered_tags')
    .select(['repository', 'package', 'tag', 'digest', 'revision', 'problem', 'checked_at as checkedAt'])
    .where('repository', '=', id.repository)
    .where('package', '=', id.package)
    .execute()
  return new Map(rows.map((row) => [row.tag, row]))
}

export async function saveDiscoveredTag(
  transaction: Transaction,
  { checkedAt, ...found }: DiscoveredTag,
): Promise<void> {
  const row = { ...found, checked_at: checkedAt }
  await transaction
    .insertInto('discovered_tags')
    .values(row)
    .onConflict((conflict) => conflict.columns(['repository', 'package', 'tag']).doUpdateSet(row))
    .execute()
}

export async function forgetTags(
  transaction: Transaction,
  id: PackageId,
  tags: readonly string[],
): Promise<void> {
  await transaction
    .deleteFrom('discovered_tags')
    .where('repository', '=', id.repository)
    .where('package', '=', id.package)
    .where('tag', 'in', dialectOf(transaction).list(tags))
    .execute()
}

/** Forgets the problems of packages that are no longer synced: those that are not in `packages`. */
export async function forgetProblemsBeside(
  transaction: Transaction,
  repository: string,
  packages: ReadonlySet<string>,
): Promise<void> {
  await transaction
    .deleteFrom('discovered_tags')
    .where('repository', '=', repository)
    .where('problem', 'is not', null)
    .where('package', 'not in', dialectOf(transaction).list([...packages]))
    .execute()
}

/** Resolves to the first `limit` problems, and to the number of all. */
export async function discoveryProblems(
  db: Reader,
  repository: string,
  limit: number,
): Promise<{ problems: { package: string; tag: string; problem: string }[]; count: number }> {
  const wrong = db
    .selectFrom('discovered_tags')
    .where('repository', '=', repository)
    .where('problem', 'is not', null)
  const rows = await wrong
    .select(['package', 'tag', 'problem'])
    .orderBy('package')
    .orderBy('tag')
    .limit(limit)
    .execute()
  const { count } = await wrong
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return { problems: rows.map((row) => ({ ...row, problem: row.problem ?? '' })), count }
}
