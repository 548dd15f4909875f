/** The tags that move: `latest`, and the one that follows the highest build of a version. */

import type { Reader } from '../../database/connection.ts'
import { highestRevision, publishedBuilds } from '../../database/package-revisions/of-package.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import { parseVersion } from '../../domain/version.ts'

type Named = { name: string; version: string | null }

/** The revisions that hold the moving tags when one revision is left out; undefined for a tag without a holder. */
export type Holders = { latest: PackageRevision | undefined; latestBuild: PackageRevision | undefined }

export const NO_HOLDERS: Holders = { latest: undefined, latestBuild: undefined }

export async function holdersWithout(db: Reader, packageId: number, revision: Named): Promise<Holders> {
  return {
    latest: await highestRevision(db, packageId, revision.name),
    latestBuild: await highestBuild(db, packageId, revision),
  }
}

/** Whether a version has a higher build number than another revision. */
export function isHigherBuild(version: string | null, other: PackageRevision | undefined): boolean {
  if (!version?.includes('+')) return false
  return other === undefined || buildOf(version) > buildOf(other.version)
}

async function highestBuild(
  db: Reader,
  packageId: number,
  { name, version }: Named,
): Promise<PackageRevision | undefined> {
  const parsed = version === null ? undefined : parseVersion(version)
  if (!parsed || !version?.includes('+')) return undefined
  const builds = await publishedBuilds(db, packageId, parsed.base, name)
  return builds.sort((a, b) => buildOf(b.version) - buildOf(a.version))[0]
}

function buildOf(version: string | null): number {
  return (version === null ? undefined : parseVersion(version)?.build) ?? 0
}
