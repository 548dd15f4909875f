/** From occurrences in contents to the revisions that have these contents. */
import { sql } from 'kysely'
import type { Visibility } from '../../domain/access/visible-set.ts'
import type { Lifecycle } from '../../domain/lifecycle.ts'
import type { Reader } from '../connection.ts'
import { dialectOf } from '../dialect.ts'
import type { PartialPage } from '../partial-page.ts'
import { allOf } from '../sql.ts'
import { visibleRevisions } from '../visible.ts'

export type ContainingRevision = {
  name: string
  repository: string
  package: string
  workspace: string
  revision: number
  version: string | null
  lifecycle: Lifecycle
  latest: boolean
}

/** Contents that have what is listed, and the name after which their revisions are wanted: '' for all. */
export type Occurrence = { contentsId: number; behind: string }

export type Contained<Found> = Found & { in: ContainingRevision }

/** Sorts after all names, which are ASCII. */
const END = '~'

/**
 * Resolves to the visible revisions of each occurrence, by name. With `complete` there are no further occurrences; otherwise
 * an incomplete page continues after the last one.
 */
export async function revisionsOf<Found extends Occurrence>(
  db: Reader,
  visibility: Visibility,
  occurrences: readonly Found[],
  { latest, limit, complete }: { latest: boolean | undefined; limit: number; complete: boolean },
): Promise<PartialPage<Contained<Found>, Found>> {
  const { rows: asTable, indexed, ordered } = dialectOf(db)
  const held = visibleRevisions(visibility, 'own')
  if (latest !== undefined) held.push(sql`own.latest = ${latest ? 1 : 0}`)
  const wanted = occurrences.map(({ contentsId, behind }, at) => ({ at, contentsId, behind }))
  const found = sql`${asTable(['at', 'contentsId', 'behind'], wanted)} AS found`
  const { rows } = await sql<Omit<ContainingRevision, 'latest'> & { at: number; latest: number }>`
    SELECT found.at, package_revisions.name, package_revisions.repository, package_revisions.package,
      package_revisions.workspace, package_revisions.revision, package_revisions.version,
      package_revisions.lifecycle, package_revisions.latest
    FROM ${ordered(
      found,
      sql`package_revisions`,
      sql`package_revisions.id IN (
        SELECT own.id FROM ${indexed(sql`package_revisions AS own`, 'package_revisions_contents')}
        WHERE own.contents_id = found."contentsId" AND own.name > found.behind AND ${allOf(held)}
        ORDER BY own.name LIMIT ${limit}
      )`,
    )}`.execute(db)
  const items = rows
    .sort((a, b) => a.at - b.at || (a.name < b.name ? -1 : 1))
    .slice(0, limit)
    .flatMap(({ at, latest: isLatest, ...revision }) => {
      const occurrence = occurrences[at]
      return occurrence ? [{ ...occurrence, in: { ...revision, latest: isLatest === 1 } }] : []
    })
  const last = occurrences.at(-1)
  if (complete || !last || items.length === limit) return { items }
  return { items, lookedTo: { ...last, behind: END } }
}
