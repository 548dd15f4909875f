import { mapConcurrently } from '../../core/concurrency.ts'
import { AppError } from '../../core/errors.ts'
import type { Reader } from '../../database/connection.ts'
import { isEmptyIndex } from '../../database/repositories/packages.ts'
import { isLabel } from '../../domain/names.ts'
import { REPOSITORY_RECORD_TAG } from '../../domain/tags.ts'
import type { Registry } from '../../oci/roles.ts'
import { hasTag, listRepositories, REQUESTS_AT_ONCE } from '../registry-content.ts'

/**
 * Throws `conflict` for an empty index over a registry with packages: the server would give out numbers again that are
 * deployed. Where the registry does not list its repositories, each one is checked when it is created.
 */
export async function checkNotLost(db: Reader, registry: Registry): Promise<void> {
  if (!(await isEmptyIndex(db))) return
  const names = (await listRepositories(registry, () => [])).filter(isLabel)
  const records = await mapConcurrently(
    names,
    (name) => hasTag({ registry }, name, REPOSITORY_RECORD_TAG),
    REQUESTS_AT_ONCE,
  )
  const known = names.find((_, at) => records[at])
  if (known === undefined) return
  throw new AppError(
    'conflict',
    `the index is empty, but the registry has packages (the repository ${known}, for example): the index may be lost. Restore it from a backup (pkgserver restore), or rebuild it from the registry (pkgserver reindex).`,
  )
}
