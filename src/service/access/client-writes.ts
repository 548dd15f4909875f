/**
 * Writes that clients of the registry's own API may not make in repositories that pkgserver manages. Each function
 * returns the reason for a refusal; undefined if the write is allowed. Signatures, attestations and other content may be
 * pushed under other tags.
 */

import { readPackageManifest } from '../../artifact/read-package-manifest.ts'
import { AppError } from '../../core/errors.ts'
import type { Reader } from '../../database/connection.ts'
import { findPackage, hasPackages } from '../../database/repositories/packages.ts'
import { repositoryExists } from '../../database/repositories/repositories.ts'
import { parseOciRepository } from '../../domain/names.ts'
import { AUDIT_REPOSITORY, isRecordTag, isReservedTag } from '../../domain/tags.ts'
import { describe } from '../../oci/descriptor.ts'
import { OciError } from '../../oci/errors.ts'
import { MEDIA_TYPE } from '../../oci/media-types.ts'

/**
 * Includes packages that do not exist yet: a `v1` pushed now would look like their first release. What an index would be
 * rebuilt from is refused everywhere, as the repository may be created later.
 */
export async function tagRefusal(
  db: Reader,
  ociRepository: string,
  tag: string,
  manifest: Uint8Array,
): Promise<string | undefined> {
  if (!isReservedTag(tag)) return undefined
  const believed = isRecordTag(tag) || isRevision(ociRepository, manifest)
  return believed || (await isManaged(db, ociRepository))
    ? setByPkgserverAlone(ociRepository, tag)
    : undefined
}

/** Whether a manifest says that it is a revision of the package that has this OCI repository. Copies elsewhere do not. */
function isRevision(ociRepository: string, bytes: Uint8Array): boolean {
  try {
    return readPackageManifest(ociRepository, describe(MEDIA_TYPE.manifest, bytes), bytes) !== undefined
  } catch (error) {
    if (error instanceof AppError || error instanceof OciError) return false
    throw error
  }
}

/** Tags that block the path of a new package can be deleted. */
export async function tagDeletionRefusal(
  db: Reader,
  ociRepository: string,
  tag: string,
): Promise<string | undefined> {
  if (!isReservedTag(tag) || !(await isIndexed(db, ociRepository))) return undefined
  return setByPkgserverAlone(ociRepository, tag)
}

export async function manifestDeletionRefusal(
  db: Reader,
  ociRepository: string,
  manifest: { artifactType: string | undefined; tags: readonly string[] },
): Promise<string | undefined> {
  if (!(await isIndexed(db, ociRepository))) return undefined
  const tag = manifest.tags.find(isReservedTag)
  if (tag !== undefined) return setByPkgserverAlone(ociRepository, tag)
  // It may be untagged because its tags are about to be set.
  if (!manifest.artifactType?.startsWith('application/vnd.pkgserver.')) return undefined
  return `it is an artifact of pkgserver, which removes those of ${ociRepository} that nothing needs any more`
}

export async function blobDeletionRefusal(db: Reader, ociRepository: string): Promise<string | undefined> {
  if (!(await isManaged(db, ociRepository))) return undefined
  return `blobs of ${ociRepository} may be part of package revisions: pkgserver removes those that are not`
}

function setByPkgserverAlone(ociRepository: string, tag: string): string {
  return `the tag ${tag} of ${ociRepository} is set by pkgserver alone: package revisions are published, and deleted, with its API`
}

/** Includes deleted repositories: when one is created again, its packages continue their revision numbers. */
async function isManaged(db: Reader, ociRepository: string): Promise<boolean> {
  if (ociRepository === AUDIT_REPOSITORY) return true
  const [repository = ''] = ociRepository.split('/')
  return (await repositoryExists(db, repository)) || (await hasPackages(db, repository))
}

/** Whether the index knows the OCI repository, as the record of a repository or as a package. */
async function isIndexed(db: Reader, ociRepository: string): Promise<boolean> {
  if (ociRepository === AUDIT_REPOSITORY) return true
  const id = parseOciRepository(ociRepository)
  return id ? (await findPackage(db, id)) !== undefined : repositoryExists(db, ociRepository)
}
