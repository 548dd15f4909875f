import { AppError } from '../../core/errors.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { ServiceContext } from '../context.ts'
import { readLayer, type TakeMemory } from '../registry-content.ts'

/** Returns a file of a revision. Throws `not_found`. */
export async function readFile(
  ctx: ServiceContext,
  revision: PackageRevision,
  path: string,
  take: TakeMemory,
): Promise<Uint8Array> {
  const content = (await readLayer(ctx, revision, take)).resources.get(path)
  if (content) return content
  throw new AppError('not_found', `${revision.name} has no file "${path}"`)
}
