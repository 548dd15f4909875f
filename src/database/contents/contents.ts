/** The objects, images and words in the files of revisions, stored once for each layer. */
import { sql } from 'kysely'
import { CONTENTS_RULES, type Contents } from '../../domain/contents.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { Reader, Transaction } from '../connection.ts'
import { dialectOf } from '../dialect.ts'
import { readAll, selectPackageRevisions } from '../package-revisions/select.ts'

/**
 * Stores the contents of a revision's layer unless they are known, before or after the revision is inserted. Triggers
 * link other revisions with the same layer, and delete contents that no revision has any longer. Contents by older rules
 * are replaced.
 */
export async function indexContents(
  transaction: Transaction,
  { name, artifact }: Pick<PackageRevision, 'name' | 'artifact'>,
  contents: Contents,
): Promise<void> {
  const { layerDigest } = artifact
  const known = await transaction
    .selectFrom('contents')
    .select(['id', 'rules'])
    .where('layer_digest', '=', layerDigest)
    .executeTakeFirst()
  const isOutdated = known !== undefined && known.rules < CONTENTS_RULES
  if (isOutdated) {
    const replaced = `replaced ${layerDigest}`
    await transaction
      .updateTable('contents')
      .set({ layer_digest: replaced })
      .where('id', '=', known.id)
      .execute()
  }
  const id = known && !isOutdated ? known.id : await addContents(transaction, layerDigest, contents)
  let update = transaction.updateTable('package_revisions').set({ contents_id: id })
  if (!isOutdated) update = update.where('name', '=', name)
  await update.where('layer_digest', '=', layerDigest).where('contents_id', 'is distinct from', id).execute()
}

/** Resolves to revisions whose contents are not stored yet, or by older rules, by name. */
export async function withoutContents(db: Reader, after: string, limit: number): Promise<PackageRevision[]> {
  return readAll(
    selectPackageRevisions(db)
      .where((eb) =>
        eb.or([
          eb('contents_id', 'is', null),
          eb(
            'contents_id',
            'in',
            eb.selectFrom('contents').select('contents.id').where('rules', '<', CONTENTS_RULES),
          ),
        ]),
      )
      .where('name', '>', after)
      .orderBy('name')
      .limit(limit),
  )
}

async function addContents(
  transaction: Transaction,
  layerDigest: string,
  contents: Contents,
): Promise<number> {
  const { id } = await transaction
    .insertInto('contents')
    .values({
      layer_digest: layerDigest,
      words: contents.words,
      manifest: contents.manifest && JSON.stringify(contents.manifest),
      rules: CONTENTS_RULES,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await addObjects(transaction, id, contents)
  await addImages(transaction, id, contents)
  return id
}

async function addObjects(transaction: Transaction, id: number, { objects }: Contents): Promise<void> {
  if (objects.length === 0) return
  const { rows, ordered } = dialectOf(transaction)
  const given = sql`${rows(['apiVersion', 'kind', 'namespace', 'name', 'path'], objects)} AS given`
  await sql`
    INSERT INTO objects (api_version, kind, namespace, name)
    SELECT given."apiVersion", given.kind, given.namespace, given.name FROM ${given}
    WHERE TRUE ON CONFLICT DO NOTHING`.execute(transaction)
  const same = sql`objects.kind = given.kind AND objects.name = given.name
    AND objects.namespace = given.namespace AND objects.api_version = given."apiVersion"`
  await sql`
    INSERT INTO content_objects (contents_id, object_id, path)
    SELECT CAST(${id} AS bigint), objects.id, given.path FROM ${ordered(given, sql`objects`, same)}
    WHERE TRUE ON CONFLICT DO NOTHING`.execute(transaction)
}

async function addImages(transaction: Transaction, id: number, { images }: Contents): Promise<void> {
  if (images.length === 0) return
  const { rows, ordered } = dialectOf(transaction)
  const given = sql`${rows(['repository', 'reference'], images)} AS given`
  await sql`
    INSERT INTO images (repository, reference) SELECT given.repository, given.reference FROM ${given}
    WHERE TRUE ON CONFLICT DO NOTHING`.execute(transaction)
  await sql`
    INSERT INTO content_images (contents_id, image_id)
    SELECT CAST(${id} AS bigint), images.id
    FROM ${ordered(given, sql`images`, sql`images.reference = given.reference`)}
    WHERE TRUE ON CONFLICT DO NOTHING`.execute(transaction)
}
