/** Revisions of a package by number, by version, or as its latest. */
import type { PackageId } from '../../domain/names.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { Reader } from '../connection.ts'
import { readFirst, selectPackageRevisions } from './select.ts'

export async function findLatest(db: Reader, id: PackageId): Promise<PackageRevision | undefined> {
  return readFirst(ofPackage(db, id).where('latest', '=', 1))
}

export async function findByNumber(
  db: Reader,
  id: PackageId,
  revision: number,
): Promise<PackageRevision | undefined> {
  return readFirst(ofPackage(db, id).where('revision', '=', revision))
}

/** `1.17.0` also finds the highest live build of that version, `1.17.0+2`. */
export async function findByVersion(
  db: Reader,
  id: PackageId,
  version: string,
): Promise<PackageRevision | undefined> {
  return readFirst(
    ofPackage(db, id).where((eb) =>
      eb.or([
        eb('version', '=', version),
        // "," sorts right after "+", so this range has the builds of this version only.
        eb.and([
          eb('latest_build', '=', 1),
          eb('version', '>', `${version}+`),
          eb('version', '<', `${version},`),
        ]),
      ]),
    ),
  )
}

/** Resolves to the name of a package's latest revision, or of a draft where none is published. */
export async function latestName(db: Reader, id: PackageId): Promise<string | undefined> {
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

function ofPackage(db: Reader, id: PackageId) {
  return selectPackageRevisions(db).where('repository', '=', id.repository).where('package', '=', id.package)
}
