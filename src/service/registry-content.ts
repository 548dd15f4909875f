/** Reads and writes the content of artifacts. Errors of the registry become `AppError`s. */
import { plainSize } from '../artifact/gzip.ts'
import { type Blob, type PackedLayer, unpackLayer } from '../artifact/layer.ts'
import { configDescriptor, layerDescriptor } from '../artifact/package-manifest.ts'
import type { PackedRecord } from '../artifact/record.ts'
import { AppError } from '../core/errors.ts'
import { ociRepository } from '../domain/names.ts'
import type { PackageFiles } from '../domain/package-files.ts'
import type { PackageRevision } from '../domain/package-revision.ts'
import type { Stream } from '../oci/content.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { isNotFound, OciError } from '../oci/errors.ts'
import { fetchAll, type Registry } from '../oci/roles.ts'
import type { ServiceContext } from './context.ts'

/** Requests in flight while something is done to all of many objects in the registry. */
export const REQUESTS_AT_ONCE = 16

export type TakeMemory = (bytes: number) => void

/** Pushes a layer and its config. They become an artifact with the manifest. */
export async function pushLayer(ctx: ServiceContext, repository: string, packed: PackedLayer): Promise<void> {
  await pushAll(ctx, repository, [packed.layer, packed.config])
}

/** Shares the layer and config of a revision with another OCI repository, by a mount if the registry supports it. */
export async function shareLayer(
  ctx: ServiceContext,
  revision: PackageRevision,
  repository: string,
): Promise<void> {
  const from = ociRepository(revision)
  const source = ctx.registry.repository(from)
  const target = ctx.registry.repository(repository)
  const share = async (blob: Descriptor): Promise<void> => {
    if ((await target.mount(blob, from)) || (await target.exists(blob))) return
    await target.push(blob, await source.fetch(blob))
  }
  const { artifact } = revision
  await inRegistry(() => Promise.all([layerDescriptor(artifact), configDescriptor(artifact)].map(share)))
}

export async function pushManifest(ctx: ServiceContext, repository: string, manifest: Blob): Promise<void> {
  await pushAll(ctx, repository, [manifest])
}

export async function pushRecord(
  ctx: ServiceContext,
  repository: string,
  record: PackedRecord,
): Promise<void> {
  await pushAll(ctx, repository, record.blobs)
  await pushAll(ctx, repository, [record.manifest])
}

/** Opens the layer of a revision, a tar.gz. */
export async function openLayer(ctx: ServiceContext, revision: PackageRevision): Promise<Stream> {
  const target = ctx.registry.repository(ociRepository(revision))
  return inRegistry(() => target.fetch(layerDescriptor(revision.artifact)))
}

/**
 * Returns the files in the layer of a revision. `take` is called with the bytes of the layer before they are read, and
 * with those of the files before they are unpacked; it may throw for lack of memory.
 */
export async function readLayer(
  ctx: Pick<ServiceContext, 'registry' | 'limits'>,
  revision: PackageRevision,
  take: TakeMemory = () => undefined,
): Promise<PackageFiles> {
  const target = ctx.registry.repository(ociRepository(revision))
  const layer = layerDescriptor(revision.artifact)
  take(layer.size)
  const bytes = await inRegistry(() => fetchAll(target, layer, layer.size))
  take(plainSize(bytes))
  return unpackLayer(bytes, ctx.limits)
}

/** Returns the tags of an OCI repository; none if it does not exist yet. */
export async function listTags(ctx: ServiceContext, repository: string): Promise<string[]> {
  return inRegistry(async () => {
    try {
      return await Array.fromAsync(ctx.registry.repository(repository).tags())
    } catch (error) {
      if (isNotFound(error)) return []
      throw error
    }
  })
}

/** Returns whether a tag resolves. `listTags` may include removed tags that the registry could not delete. */
export async function hasTag(
  ctx: Pick<ServiceContext, 'registry'>,
  repository: string,
  tag: string,
): Promise<boolean> {
  return inRegistry(async () => {
    try {
      await ctx.registry.repository(repository).resolve(tag)
      return true
    } catch (error) {
      if (isNotFound(error)) return false
      throw error
    }
  })
}

/** Runs a call to the registry. Its errors become `unavailable`. */
export async function inRegistry<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof OciError)) throw error
    throw new AppError('unavailable', `the registry failed: ${error.message}`, { cause: error })
  }
}

async function pushAll(ctx: ServiceContext, repository: string, blobs: readonly Blob[]): Promise<void> {
  const target = ctx.registry.repository(repository)
  await inRegistry(() => Promise.all(blobs.map(({ descriptor, bytes }) => target.push(descriptor, bytes))))
}

/** The names of all OCI repositories; what `otherwise` returns or throws where the registry does not list them. */
export async function listRepositories(
  registry: Registry,
  otherwise: (refusal: OciError) => string[],
): Promise<string[]> {
  return inRegistry(async () => {
    try {
      return await registry.repositories()
    } catch (error) {
      if (error instanceof OciError && error.code === 'unsupported') return otherwise(error)
      throw error
    }
  })
}
