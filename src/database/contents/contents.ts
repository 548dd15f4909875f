/** What is in the files of revisions: objects, images and words, kept for each layer. */
import { sql } from 'kysely'
import type { Contents } from '../../domain/contents.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import { selectPackageRevisions } from '../package-revisions/package-revisions.ts'
import { toPackageRevision } from '../package-revisions/row.ts'
import type { Db } from '../schema.ts'

/**
 * Records what is in the layer of a revision, unless that is known already; in the transaction that writes the row of
 * the revision, before or after that. What is left without a revision goes by itself, and copies of a revision find
 * what is known of its layer: triggers see to that.
 */
export async function indexContents(
  db: Db,
  { name, artifact }: Pick<PackageRevision, 'name' | 'artifact'>,
  contents: Contents,
): Promise<void> {
  const { layerDigest } = artifact
  const known = await db
    .selectFrom('contents')
    .select('id')
    .where('layer_digest', '=', layerDigest)
    .executeTakeFirst()
  const id = known?.id ?? (await addContents(db, layerDigest, contents))
  await db
    .updateTable('package_revisions')
    .set({ contents_id: id })
    .where('name', '=', name)
    .where('layer_digest', '=', layerDigest)
    .where('contents_id', 'is not', id)
    .execute()
}

/** Revisions whose files nobody has looked into, in the order of their names. */
export async function withoutContents(db: Db, after: string, limit: number): Promise<PackageRevision[]> {
  const rows = await selectPackageRevisions(db)
    .where('contents_id', 'is', null)
    .where('name', '>', after)
    .orderBy('name')
    .limit(limit)
    .execute()
  return rows.map(toPackageRevision)
}

async function addContents(db: Db, layerDigest: string, contents: Contents): Promise<number> {
  const { id } = await db
    .insertInto('contents')
    .values({ layer_digest: layerDigest, words: contents.words })
    .returning('id')
    .executeTakeFirstOrThrow()
  await addObjects(db, id, contents)
  await addImages(db, id, contents)
  return id
}

/** In one parameter, however many there are. */
async function addObjects(db: Db, id: number, { objects }: Contents): Promise<void> {
  if (objects.length === 0) return
  const rows = JSON.stringify(
    objects.map(({ apiVersion, kind, namespace, name, path }) => [apiVersion, kind, namespace, name, path]),
  )
  await sql`
    INSERT OR IGNORE INTO objects (api_version, kind, namespace, name)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(${rows})`.execute(db)
  await sql`
    INSERT OR IGNORE INTO content_objects (contents_id, object_id, path)
    SELECT ${id}, objects.id, value ->> 4
    FROM json_each(${rows}) CROSS JOIN objects
    WHERE kind = value ->> 1 AND name = value ->> 3 AND namespace = value ->> 2 AND api_version = value ->> 0`.execute(
    db,
  )
}

async function addImages(db: Db, id: number, { images }: Contents): Promise<void> {
  if (images.length === 0) return
  const rows = JSON.stringify(images.map(({ repository, reference }) => [repository, reference]))
  await sql`
    INSERT OR IGNORE INTO images (repository, reference)
    SELECT value ->> 0, value ->> 1 FROM json_each(${rows})`.execute(db)
  await sql`
    INSERT OR IGNORE INTO content_images (contents_id, image_id)
    SELECT ${id}, images.id FROM json_each(${rows}) CROSS JOIN images WHERE reference = value ->> 1`.execute(
    db,
  )
}
