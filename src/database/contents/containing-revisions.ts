/** From what is in files to the revisions that have these files. */
import { sql } from 'kysely'
import type { Lifecycle } from '../../domain/lifecycle.ts'
import { allOf, type Sql } from '../name-range.ts'
import type { PartialPage } from '../partial-page.ts'
import type { Db } from '../schema.ts'

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

/** Contents in which something is, and the name behind which their revisions are wanted: '' for all. */
export type Occurrence = { contentsId: number; behind: string }

export type Contained<Found> = Found & { in: ContainingRevision }

/** Behind all names: what revisions have is ASCII. */
const END = '~'

/**
 * The revisions of each occurrence, by name. `complete` says that there is no occurrence behind these; otherwise the
 * search goes on behind the last of them, where they have not enough revisions.
 */
export async function revisionsOf<Found extends Occurrence>(
  db: Db,
  occurrences: readonly Found[],
  { latest, limit, complete }: { latest: boolean | undefined; limit: number; complete: boolean },
): Promise<PartialPage<Contained<Found>, Found>> {
  const held: Sql[] = latest === undefined ? [] : [sql`own.latest = ${latest ? 1 : 0}`]
  const wanted = JSON.stringify(occurrences.map(({ contentsId, behind }) => [contentsId, behind]))
  const { rows } = await sql<Omit<ContainingRevision, 'latest'> & { at: number; latest: number }>`
    SELECT found.key AS at, name, repository, package, workspace, revision, version, lifecycle, latest
    FROM json_each(${wanted}) AS found CROSS JOIN package_revisions ON package_revisions.id IN (
      SELECT own.id FROM package_revisions AS own INDEXED BY package_revisions_contents
      WHERE own.contents_id = found.value ->> 0 AND own.name > found.value ->> 1 AND ${allOf(held)}
      ORDER BY own.name LIMIT ${limit}
    )`.execute(db)
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
