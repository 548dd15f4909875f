/** What is known of the places that catalogs are filled from. */
import type { PackageId } from '../../domain/names.ts'
import type { Db } from '../schema.ts'

/** A tag elsewhere; the empty one stands for its whole repository there. */
export type DiscoveredTag = PackageId & {
  tag: string
  /** What it pointed to when it was read. */
  digest: string | null
  /** The name of the revision that it has become. Without one, and without a problem, there is to be none. */
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

/** A statement takes so many values, and not any number. */
const AT_ONCE = 1000

export async function findSync(db: Db, repository: string): Promise<SyncRow | undefined> {
  return db
    .selectFrom('repository_syncs')
    .select(['last_sync_at as lastSyncAt', 'last_success_at as lastSuccessAt', 'error', 'packages'])
    .where('repository', '=', repository)
    .executeTakeFirst()
}

/** Records the end of a sync. Without an error it was a success. */
export async function saveSync(
  db: Db,
  repository: string,
  { at, error, packages }: { at: string; error: string | null; packages: number },
): Promise<void> {
  const changing = { last_sync_at: at, error, packages, ...(error === null && { last_success_at: at }) }
  await db
    .insertInto('repository_syncs')
    .values({ repository, last_success_at: null, ...changing })
    .onConflict((conflict) => conflict.column('repository').doUpdateSet(changing))
    .execute()
}

/** What is known of the tags of one repository elsewhere, by tag. */
export async function discoveredTags(db: Db, id: PackageId): Promise<Map<string, DiscoveredTag>> {
  const rows = await db
    .selectFrom('discovered_tags')
    .select(['repository', 'package', 'tag', 'digest', 'revision', 'problem', 'checked_at as checkedAt'])
    .where('repository', '=', id.repository)
    .where('package', '=', id.package)
    .execute()
  return new Map(rows.map((row) => [row.tag, row]))
}

export async function saveDiscoveredTag(db: Db, { checkedAt, ...found }: DiscoveredTag): Promise<void> {
  const row = { ...found, checked_at: checkedAt }
  await db
    .insertInto('discovered_tags')
    .values(row)
    .onConflict((conflict) => conflict.columns(['repository', 'package', 'tag']).doUpdateSet(row))
    .execute()
}

export async function forgetTags(db: Db, id: PackageId, tags: readonly string[]): Promise<void> {
  for (let at = 0; at < tags.length; at += AT_ONCE) {
    await db
      .deleteFrom('discovered_tags')
      .where('repository', '=', id.repository)
      .where('package', '=', id.package)
      .where('tag', 'in', tags.slice(at, at + AT_ONCE))
      .execute()
  }
}

/** Forgets what was wrong in repositories elsewhere that are not looked at any more. */
export async function forgetProblemsBeside(
  db: Db,
  repository: string,
  packages: ReadonlySet<string>,
): Promise<void> {
  const rows = await db
    .selectFrom('discovered_tags')
    .select('package')
    .distinct()
    .where('repository', '=', repository)
    .where('problem', 'is not', null)
    .execute()
  for (const { package: path } of rows.filter((row) => !packages.has(row.package))) {
    await db
      .deleteFrom('discovered_tags')
      .where('repository', '=', repository)
      .where('package', '=', path)
      .where('problem', 'is not', null)
      .execute()
  }
}

/** What is wrong, the first of it, and how much there is in all. */
export async function discoveryProblems(
  db: Db,
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
