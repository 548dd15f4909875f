/** Which published packages run a container image. */
import { sql } from 'kysely'
import type { ImageReference } from '../../domain/image-reference.ts'
import { allOf, type Sql } from '../name-range.ts'
import type { PartialPage } from '../partial-page.ts'
import type { Db } from '../schema.ts'
import { type Contained, type Occurrence, revisionsOf } from './containing-revisions.ts'

export type FoundImage = Occurrence & { reference: string }

/** The latest revisions that run an image, whatever its tag unless it has one; by reference, the newest files first. */
export async function listImages(
  db: Db,
  image: ImageReference,
  page: { after?: FoundImage | undefined; limit: number },
): Promise<PartialPage<Contained<FoundImage>, FoundImage>> {
  const { after, limit } = page
  const found: FoundImage[] = []
  if (after) {
    const same = [
      sql`images.reference = ${after.reference}`,
      sql`content_images.contents_id <= ${after.contentsId}`,
    ]
    const rows = await occurrences(db, image, same, limit)
    found.push(
      ...rows.map((row) => (row.contentsId === after.contentsId ? { ...row, behind: after.behind } : row)),
    )
  }
  const behind = after ? [sql`images.reference > ${after.reference}`] : []
  const rest = limit - found.length
  if (rest > 0) found.push(...(await occurrences(db, image, [...matching(image), ...behind], rest)))
  return revisionsOf(db, found, { latest: true, limit, complete: found.length < limit })
}

/** With a tag, also where a digest follows it. */
function matching({ repository, reference }: ImageReference): Sql[] {
  if (reference === repository) return []
  return [
    sql`(reference = ${reference} OR substr(reference, 1, ${reference.length + 1}) = ${`${reference}@`})`,
  ]
}

async function occurrences(
  db: Db,
  { repository }: ImageReference,
  conditions: readonly Sql[],
  limit: number,
): Promise<FoundImage[]> {
  const { rows } = await sql<FoundImage>`
    SELECT images.reference, content_images.contents_id AS contentsId, '' AS behind
    FROM images INDEXED BY images_repository
    CROSS JOIN content_images INDEXED BY content_images_image ON content_images.image_id = images.id
    WHERE images.repository = ${repository} AND content_images.latest = 1 AND ${allOf(conditions)}
    ORDER BY images.reference, content_images.contents_id DESC LIMIT ${limit}`.execute(db)
  return rows
}
