import { unpackLayer } from '../artifact/layer.ts'
import { AppError } from '../errors.ts'
import type { Stream } from '../oci/content.ts'
import type { PackageRevision } from '../package/package-revision.ts'
import type { Resources } from '../package/resources.ts'
import { getRevision } from './change-revision.ts'
import type { ServiceContext } from './context.ts'
import { openLayer, readLayer } from './registry-content.ts'

export async function readResources(
  ctx: ServiceContext,
  name: string,
): Promise<{ revision: PackageRevision; resources: Resources }> {
  const revision = await getRevision(ctx.db, name)
  return { revision, resources: await readLayer(ctx, revision) }
}

/** One file. Throws `not_found`. */
export async function readFile(
  ctx: ServiceContext,
  name: string,
  path: string,
): Promise<{ revision: PackageRevision; content: Uint8Array }> {
  const { revision, resources } = await readResources(ctx, name)
  const content = resources.get(path)
  if (content) return { revision, content }
  throw new AppError('not_found', `${name} has no file "${path}"`)
}

/** The files as the tar.gz that is the artifact's layer. */
export async function openArchive(
  ctx: ServiceContext,
  name: string,
): Promise<{ revision: PackageRevision; size: number; archive: Stream }> {
  const revision = await getRevision(ctx.db, name)
  return { revision, size: revision.artifact.layerSize, archive: await openLayer(ctx, revision) }
}

/** The files of an archive that a client sent. Throws `invalid_archive` and `too_large`. */
export async function unpackArchive(ctx: ServiceContext, archive: Stream): Promise<Resources> {
  return unpackLayer(archive, ctx.limits)
}
