/**
 * What clients of the registry's own API may not do below the repositories that pkgserver manages: each answer is
 * the reason of a refusal, undefined where there is none. Signatures, attestations and whatever else is pushed there
 * under other tags is welcome.
 */
import { hasPackages } from '../database/packages.ts'
import { repositoryExists } from '../database/repositories.ts'
import type { Db } from '../database/schema.ts'
import { isReservedTag } from '../package/tags.ts'

export async function tagRefusal(db: Db, ociRepository: string, tag: string): Promise<string | undefined> {
  if (!isReservedTag(tag) || !(await isManaged(db, ociRepository))) return undefined
  return `the tag ${tag} of ${ociRepository} is set by pkgserver alone: package revisions are published, and deleted, with its API`
}

export async function blobRefusal(db: Db, ociRepository: string): Promise<string | undefined> {
  if (!(await isManaged(db, ociRepository))) return undefined
  return `blobs of ${ociRepository} may be part of package revisions: pkgserver removes those that are not`
}

/** Also after a repository is deleted: should it come back, its packages go on with their numbers. */
async function isManaged(db: Db, ociRepository: string): Promise<boolean> {
  const repository = ociRepository.split('/')[0] ?? ''
  return (await repositoryExists(db, repository)) || (await hasPackages(db, repository))
}
