import { AppError } from '../../core/errors.ts'
import type { Reader } from '../../database/connection.ts'
import { isEmptyIndex } from '../../database/repositories/packages.ts'
import { isLabel } from '../../domain/names.ts'
import { REPOSITORY_RECORD_TAG } from '../../domain/tags.ts'
import { OciError } from '../../oci/errors.ts'
import type { Registry } from '../../oci/roles.ts'
import { hasTag, inRegistry } from '../registry-content.ts'
import { inBatches } from './reindex/in-batches.ts'

/**
 * Throws `conflict` for an index that knows nothing of what is in the registry: with it the server would give out
 * numbers again that others have deployed. Where a registry does not tell its repositories, each is looked at when
 * it is made.
 */
export async function checkNotLost(db: Reader, registry: Registry): Promise<void> {
  if (!(await isEmptyIndex(db))) return
  const names = (await inRegistry(() => repositoriesOf(registry))).filter(isLabel)
  const records = await inBatches(names, (name) => hasTag({ registry }, name, REPOSITORY_RECORD_TAG))
  const known = names.find((_, at) => records[at])
  if (known === undefined) return
  throw new AppError(
    'conflict',
    `the index is empty, but the registry has packages (the repository ${known}, for example): the index may be lost. Restore it from a backup (pkgserver restore), or rebuild it from the registry (pkgserver reindex).`,
  )
}

async function repositoriesOf(registry: Registry): Promise<string[]> {
  try {
    return await registry.repositories()
  } catch (error) {
    if (error instanceof OciError && error.code === 'unsupported') return []
    throw error
  }
}
