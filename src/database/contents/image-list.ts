/** The published packages that run a container image. */
import { sql } from 'kysely'
import type { Visibility } from '../../domain/access/visible-set.ts'
import type { ImageReference } from '../../domain/image-reference.ts'
import type { Reader } from '../connection.ts'
import { dialectOf } from '../dialect.ts'
import type { PartialPage } from '../partial-page.ts'
import { allOf, type Sql } from '../sql.ts'
import { type Contained, type Occurrence, revisionsOf } from './containing-revisions.ts'
import { fewLatest, partsOf } from './few-visible.ts'

export type FoundImage = Occurrence & { reference: string }

/** The occurrences that are read at once where only some of their revisions are wanted. */
const STEPS = 1000

/** Resolves to the visible latest revisions that run an image, with any tag unless it names one. By reference, newest first. */
export async function listImages(
  db: Reader,
  visibility: Visibility,
  image: ImageReference,
  page: { after?: FoundImage | undefined; limit: number },
): Promise<PartialPage<Contained<FoundImage>, FoundImage>> {
  const { after, limit } = page
  const few = await fewLatest(db, visibility)
  const most = few || visibility.published === 'all' ? limit : STEPS
  const found: FoundImage[] = []
  if (after) {
    const same = [
      sql`images.reference = ${after.reference}`,
      sql`content_images.contents_id <= ${after.contentsId}`,
    ]
    const rows = await occurrences(db, few, image, same, most)
    found.push(
      ...rows.map((row) => (row.contentsId === after.contentsId ? { ...row, behind: after.behind } : row)),
    )
  }
  const behind = after ? [sql`images.reference > ${after.reference}`] : []
  const rest = most - found.length
  if (rest > 0) found.push(...(await occurrences(db, few, image, [...matching(image), ...behind], rest)))
  return revisionsOf(db, visibility, found, { latest: true, limit, complete: found.length < most })
}

/** Matches a reference with a tag also where a digest follows the tag. */
function matching({ repository, reference }: ImageReference): Sql[] {
  if (reference === repository) return []
  return [
    sql`(images.reference = ${reference} OR substr(images.reference, 1, ${reference.length + 1}) = ${`${reference}@`})`,
  ]
}

async function occurrences(
  db: Reader,
  few: Sql | undefined,
  { repository }: ImageReference,
  conditions: readonly Sql[],
  limit: number,
): Promise<FoundImage[]> {
  const dialect = dialectOf(db)
  const { indexed, ordered } = dialect
  const link = sql`content_images.image_id = images.id`
  const from = few
    ? ordered(partsOf(dialect, few, 'content_images'), sql`images`, link)
    : ordered(
        indexed(sql`images`, 'images_repository'),
        indexed(sql`content_images`, 'content_images_image'),
        link,
      )
  const { rows } = await sql<FoundImage>`
    SELECT ${few ? sql`DISTINCT` : sql``} images.reference, content_images.contents_id AS "contentsId", '' AS behind
    FROM ${from}
    WHERE images.repository = ${repository} AND content_images.latest = 1 AND ${allOf(conditions)}
    ORDER BY images.reference, content_images.contents_id DESC LIMIT ${limit}`.execute(db)
  return rows
}
