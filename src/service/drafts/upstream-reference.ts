/** References to the published revision that a package is cloned from or upgraded to. */

import { AppError } from '../../core/errors.ts'
import type { Reader } from '../../database/connection.ts'
import { findByNumber, findByVersion, findLatest } from '../../database/package-revisions/of-package.ts'
import { findPackageRevision } from '../../database/package-revisions/package-revisions.ts'
import { seesRevision, type Visibility } from '../../domain/access/visible-set.ts'
import { ociRepository, type PackageId, parseRevisionName } from '../../domain/names.ts'
import type { PackageRevision, Upstream } from '../../domain/package-revision.ts'

/** A published revision: its name, or its package with a revision number or a version. */
export type UpstreamReference =
  | string
  | (PackageId & { revision: number | 'latest' })
  | (PackageId & { version: string })

/**
 * Returns the revision that a reference points to. What the caller may read of what is published was asked for before, so
 * only drafts may be hidden. Throws `not_found`, and `wrong_lifecycle` for a revision that is not
 * published yet or is proposed for deletion.
 */
export async function resolveUpstream(
  db: Reader,
  visibility: Visibility,
  reference: UpstreamReference,
): Promise<PackageRevision> {
  const revision = await find(db, reference)
  if (revision.lifecycle === 'Published') return revision
  if (!seesRevision(visibility, revision)) throw notFound(reference)
  throw new AppError(
    'wrong_lifecycle',
    revision.lifecycle === 'DeletionProposed'
      ? `${revision.name} is proposed for deletion: nothing new can be based on it. Choose another revision, or reject the deletion first.`
      : `${revision.name} is ${revision.lifecycle}: only a published revision can be an upstream. Publish it first, or choose a published one.`,
  )
}

/** Returns the link that a downstream stores. */
export function upstreamOf(revision: PackageRevision): Upstream {
  const { name, repository, package: path, revision: number, version, artifact } = revision
  return { name, repository, package: path, revision: number, version, digest: artifact.digest }
}

/** Throws `conflict` if an upstream was deleted or proposed for deletion since it was resolved. */
export async function checkStillPublished(db: Reader, upstream: Upstream): Promise<void> {
  const now = await findPackageRevision(db, upstream.name)
  if (now?.lifecycle === 'Published' && now.artifact.digest === upstream.digest) return
  const fate = now ? 'is proposed for deletion' : 'was deleted'
  throw new AppError('conflict', `the upstream ${upstream.name} ${fate} meanwhile: choose another revision`)
}

async function find(db: Reader, reference: UpstreamReference): Promise<PackageRevision> {
  const found = await (typeof reference === 'string'
    ? findNamed(db, reference)
    : findInPackage(db, reference))
  if (found) return found
  throw notFound(reference)
}

function findNamed(db: Reader, name: string): Promise<PackageRevision | undefined> {
  parseRevisionName(name)
  return findPackageRevision(db, name)
}

function notFound(reference: UpstreamReference): AppError {
  if (typeof reference === 'string') {
    return new AppError('not_found', `there is no package revision ${reference}`)
  }
  const which =
    'version' in reference
      ? `no revision with version ${reference.version}`
      : `no ${reference.revision === 'latest' ? 'published revision' : `revision ${reference.revision}`}`
  return new AppError('not_found', `the package ${ociRepository(reference)} has ${which}`)
}

function findInPackage(
  db: Reader,
  reference: Exclude<UpstreamReference, string>,
): Promise<PackageRevision | undefined> {
  if ('version' in reference) return findByVersion(db, reference, reference.version)
  if (reference.revision === 'latest') return findLatest(db, reference)
  return findByNumber(db, reference, reference.revision)
}
