/** The rules for the versions that a package's revisions declare. */

import { AppError } from '../core/errors.ts'
import type { Reader } from '../database/connection.ts'
import { declaredVersions } from '../database/package-revisions/of-package.ts'
import type { PackageState } from '../database/repositories/packages.ts'
import { parseVersion, VERSION_RULE, versionsClash } from '../domain/version.ts'

type Declaring = { name: string; workspace: string; version: string | null }

/** Throws unless the revision may have this version: `invalid`, `already_exists` or `conflict`. */
export async function checkVersion(
  db: Reader,
  state: PackageState | undefined,
  revision: Declaring,
): Promise<void> {
  if (revision.version === null) return
  const version = parseVersion(revision.version)
  if (!version) throw new AppError('invalid', `version "${revision.version}": it ${VERSION_RULE}`)
  if (!state) return
  if (state.versioned === false) {
    throw new AppError(
      'conflict',
      `${revision.name}: the published revisions of this package declare no versions, so no other can; leave version out`,
    )
  }
  for (const other of await declaredVersions(db, state.id)) {
    const taken = parseVersion(other.version)
    if (other.workspace === revision.workspace || !taken || !versionsClash(version, taken)) continue
    throw new AppError(
      'already_exists',
      `version ${version.text} clashes with ${taken.text} of workspace ${other.workspace}: each version of a package is declared once, and a version has either build numbers or none`,
    )
  }
}

/** Throws `not_ready` unless the revision declares a version exactly where its package's publications do. */
export function checkDeclares(state: PackageState, { name, version }: Declaring): void {
  if (state.versioned === null || state.versioned === (version !== null)) return
  throw new AppError(
    'not_ready',
    state.versioned
      ? `${name}: the published revisions of this package declare versions, so this one must: PATCH its version`
      : `${name}: the published revisions of this package declare no versions, so this one cannot: PATCH its version to null`,
  )
}
