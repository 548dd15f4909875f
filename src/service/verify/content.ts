/** Reads back what manifests point to. */
import { type Blob, configBlob } from '../../artifact/layer.ts'
import { configDescriptor, layerDescriptor } from '../../artifact/package-manifest.ts'
import { type IndexedPackage, revisionWithLayer } from '../../database/package-content.ts'
import { findPackageRevision } from '../../database/package-revisions.ts'
import { verified } from '../../oci/content.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { isNotFound } from '../../oci/errors.ts'
import { ociRepository } from '../../package/names.ts'
import type { PackageRevision } from '../../package/package-revision.ts'
import type { ServiceContext } from '../context.ts'
import { inRegistry, shareLayer } from '../registry-content.ts'
import { inBatches } from '../reindex/in-batches.ts'
import { reasonOf } from '../reindex/stored-package.ts'
import type { Finding } from './difference.ts'

/** `read` are blobs that were read before, as `<OCI repository>@<digest>`: revisions share them. */
export async function contentFindings(
  ctx: ServiceContext,
  indexed: IndexedPackage,
  read: Set<string>,
): Promise<{ findings: Finding[]; count: number }> {
  const blobs = indexed.revisions.flatMap(({ revision }) =>
    [layerDescriptor(revision.artifact), configDescriptor(revision.artifact)].map((descriptor) => {
      return { revision, descriptor, key: `${ociRepository(revision)}@${descriptor.digest}` }
    }),
  )
  const unread = blobs.filter(({ key }, at) => {
    return !read.has(key) && blobs.findIndex((other) => other.key === key) === at
  })
  for (const { key } of unread) read.add(key)
  const found = await inBatches(unread, async ({ revision, descriptor }) => {
    const fault = await faultOf(ctx, revision, descriptor)
    if (!fault || (await isGone(ctx, revision))) return []
    return [await findingOf(ctx, indexed.id, revision, descriptor, fault)]
  })
  return { findings: found.flat(), count: unread.length }
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

/** It was deleted or saved anew while it was read. */
async function isGone({ db }: ServiceContext, { name, artifact }: PackageRevision): Promise<boolean> {
  return (await findPackageRevision(db, name))?.artifact.digest !== artifact.digest
}

async function findingOf(
  ctx: ServiceContext,
  packageId: number,
  revision: PackageRevision,
  descriptor: Descriptor,
  fault: Fault,
): Promise<Finding> {
  const { artifact, name } = revision
  const config = descriptor.digest === artifact.configDigest
  const problem = `${config ? 'the config' : 'the files'} of ${name} cannot be read: ${fault.reason}`
  if (!fault.missing) return { problem: `${problem}. Put it back from a backup.`, remedy: null }
  const again: Blob | undefined = config ? configBlob(artifact.diffId) : undefined
  if (again?.descriptor.digest === descriptor.digest) {
    return { problem, remedy: 'make it again from the index', push: [again] }
  }
  const other = await revisionWithLayer(ctx.db, artifact.layerDigest, packageId)
  if (!other || (await faultOf(ctx, other, descriptor))) {
    return { problem: `${problem}. Put it back from a backup.`, remedy: null }
  }
  return {
    problem,
    remedy: `take it from ${other.name}, which has the same`,
    change: () => inRegistry(() => shareLayer(ctx, other, ociRepository(revision))),
  }
}
