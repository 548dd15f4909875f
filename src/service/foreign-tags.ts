import { AppError } from '../core/errors.ts'
import { firstFew } from '../core/first-few.ts'
import { isReservedTag } from '../domain/tags.ts'
import type { ServiceContext } from './context.ts'
import { listTags } from './registry-content.ts'

const SHOWN_TAGS = 10

/**
 * Throws `conflict` for tags that were set before pkgserver managed the repository: Flux would take them for releases of
 * the package. They are not deleted, because they may be all that is left of a lost index.
 */
export async function checkNoForeignTags(ctx: ServiceContext, ociRepository: string): Promise<void> {
  const tags = (await listTags(ctx, ociRepository)).filter(isReservedTag)
  if (tags.length === 0) return
  throw new AppError(
    'conflict',
    `the registry has tags in ${ociRepository} that clients would take for releases, and that only publications of this package may set: ${firstFew(tags, SHOWN_TAGS)}. Delete them from the registry, or give the package another path.`,
  )
}
