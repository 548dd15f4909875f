/** Reads back the layers and configs that manifests point to. */

import { type Blob, configBlob } from '../../../artifact/layer.ts'
import { configDescriptor, layerDescriptor } from '../../../artifact/package-manifest.ts'
import { mapConcurrently } from '../../../core/concurrency.ts'
import { type IndexedPackage, revisionWithLayer } from '../../../database/maintenance/indexed-package.ts'
import { findPackageRevision } from '../../../database/package-revisions/package-revisions.ts'
import { ociRepository } from '../../../domain/names.ts'
import type { PackageRevision } from '../../../domain/package-revision.ts'
import { verified } from '../../../oci/content.ts'
import type { Descriptor } from '../../../oci/descriptor.ts'
import { isNotFound } from '../../../oci/errors.ts'
import type { ServiceContext } from '../../context.ts'
import { inRegistry, REQUESTS_AT_ONCE, shareLayer } from '../../registry-content.ts'
import { reasonOf } from '../reindex/stored-package.ts'
import type { Finding } from './finding.ts'

/** Reads each blob once, however many revisions share it. */
export async function contentFindings(
  ctx: ServiceContext,
  indexed: IndexedPackage,
): Promise<{ findings: Finding[]; count: number }> {
  const uses = indexed.revisions.flatMap(({ revision }) =>
    [layerDescriptor(revision.artifact), configDescriptor(revision.artifact)].map((descriptor) => {
      return { revision, descriptor }
    }),
  )
  const blobs = [...Map.groupBy(uses, ({ descriptor }) => descriptor.digest).values()]
  const check = async (shared: typeof uses): Promise<Finding[]> => {
    const [first] = shared
    const fault = first && (await faultOf(ctx, first.revision, first.descriptor))
    if (!fault) return []
    const revisions: PackageRevision[] = []
    for (const { revision } of shared) if (await isCurrent(ctx, revision)) revisions.push(revision)
    return findingsOf(ctx, indexed.id, revisions, first.descriptor, fault)
  }
  const found = await mapConcurrently(blobs, check, REQUESTS_AT_ONCE)
  return { findings: found.flat(), count: blobs.length }
}

type Fault = { reason: string; missing: boolean }

async function faultOf(
  ctx: ServiceContext,
  revision: PackageRevision,
  descriptor: Descriptor,
): Promise<Fault | undefined> {
  try {
    const content = await ctx.registry.repository(ociRepository(revision)).fetch(descriptor)
    for await (const _ of verified(content, descriptor));
    return undefined
  } catch (error) {
    return { reason: reasonOf(error), missing: isNotFound(error) }
  }
}

/** False where the revision was deleted or saved again while its content was read. */
async function isCurrent({ db }: ServiceContext, { name, artifact }: PackageRevision): Promise<boolean> {
  return (await findPackageRevision(db, name))?.artifact.digest === artifact.digest
}

/** Revisions with the same content that a problem names. */
const NAMED = 10

/** The finding about a blob that all these revisions have. */
async function findingsOf(
  ctx: ServiceContext,
  packageId: number,
  revisions: readonly PackageRevision[],
  descriptor: Descriptor,
  fault: Fault,
): Promise<Finding[]> {
  const [revision] = revisions
  if (!revision) return []
  const { artifact } = revision
  const config = descriptor.digest === artifact.configDigest
  const named = revisions.slice(0, NAMED).map(({ name }) => name)
  const others = revisions.length > NAMED ? ` and ${revisions.length - NAMED} more` : ''
  const problem = `${config ? 'the config' : 'the files'} of ${named.join(', ')}${others} cannot be read: ${fault.reason}`
  const lost = { problem: `${problem}. Restore it from a backup.`, remedy: null }
  if (!fault.missing) return [lost]
  const again: Blob | undefined = config ? configBlob(artifact.diffId) : undefined
  if (again?.descriptor.digest === descriptor.digest) {
    return [{ problem, remedy: 'make it again from the index', push: [again] }]
  }
  const other = await revisionWithLayer(ctx.db, artifact.layerDigest, packageId)
  if (!other || (await faultOf(ctx, other, descriptor))) return [lost]
  return [
    {
      problem,
      remedy: `copy it from ${other.name}, which has the same`,
      change: () => inRegistry(() => shareLayer(ctx, other, ociRepository(revision))),
    },
  ]
}
