/** Revisions of a package as others refer to them: by number, by version, or as its latest. */
import type { PackageId } from '../../domain/names.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { Db } from '../schema.ts'
import { selectPackageRevisions } from './package-revisions.ts'
import { toPackageRevision } from './row.ts'

export async function findLatest(db: Db, id: PackageId): Promise<PackageRevision | undefined> {
  const row = await ofPackage(db, id).where('latest', '=', 1).executeTakeFirst()
  return row && toPackageRevision(row)
}

export async function findByNumber(
  db: Db,
  id: PackageId,
  revision: number,
): Promise<PackageRevision | undefined> {
  const row = await ofPackage(db, id).where('revision', '=', revision).executeTakeFirst()
  return row && toPackageRevision(row)
}

/** `1.17.0` also finds the highest live build of that version, `1.17.0+2`. */
export async function findByVersion(
  db: Db,
  id: PackageId,
  version: string,
): Promise<PackageRevision | undefined> {
  const row = await ofPackage(db, id)
    .where((eb) =>
      eb.or([
        eb('version', '=', version),
        // "," follows "+": a range with just the builds of this version in it.
        eb.and([
          eb('latest_build', '=', 1),
          eb('version', '>', `${version}+`),
          eb('version', '<', `${version},`),
        ]),
      ]),
    )
    .executeTakeFirst()
  return row && toPackageRevision(row)
}

/** The name of the revision that a package stands at: its latest, or a draft where none is published. */
export async function latestName(db: Db, id: PackageId): Promise<string | undefined> {
  const row = await db
    .selectFrom('package_revisions')
    .select('name')
    .where('repository', '=', id.repository)
    .where('package', '=', id.package)
    .orderBy('latest', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.name
}

function ofPackage(db: Db, id: PackageId) {
  return selectPackageRevisions(db).where('repository', '=', id.repository).where('package', '=', id.package)
}
