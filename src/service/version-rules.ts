import { AppError } from '../core/errors.ts'
import type { Reader } from '../database/connection.ts'
import { declaredVersions } from '../database/package-revisions/of-package.ts'
import type { PackageState } from '../database/repositories/packages.ts'
import { sees, type Visibility } from '../domain/access/visible-set.ts'
import type { PackageId } from '../domain/names.ts'
import { parseVersion, VERSION_RULE, versionsClash } from '../domain/version.ts'

type Declaring = { name: string; workspace: string; version: string | null }

/**
 * Throws `invalid`, `already_exists` or `conflict` if the revision may not have its version. The error does not name a draft
 * that is not visible.
 */
export async function checkVersion(
  db: Reader,
  visibility: Visibility,
  state: PackageState | undefined,
  revision: Declaring & PackageId,
): Promise<void> {
  if (revision.version === null) return
  const version = parseVersion(revision.version)
  if (!version) throw new AppError('invalid', `the version "${revision.version}" ${VERSION_RULE}`)
  if (!state) return
  if (state.versioned === false) {
    throw new AppError(
      'conflict',
      `the published revisions of this package declare no versions, so ${revision.name} cannot declare one: leave the version out`,
    )
  }
  for (const other of await declaredVersions(db, state.id)) {
    const taken = parseVersion(other.version)
    if (other.workspace === revision.workspace || !taken || !versionsClash(version, taken)) continue
    const owner = sees(visibility.drafts, revision) ? `the workspace ${other.workspace}` : 'another revision'
    throw new AppError(
      'already_exists',
      `the version ${version.text} clashes with ${taken.text} of ${owner}: a version is declared once in a package, and either with build numbers or without`,
    )
  }
}

/** Throws `not_ready` unless the revision declares a version if, and only if, the package's publications do. */
export function checkDeclares(state: PackageState, { name, version }: Declaring): void {
  if (state.versioned === null || state.versioned === (version !== null)) return
  throw new AppError(
    'not_ready',
    state.versioned
      ? `the published revisions of this package declare versions, so ${name} must declare one`
      : `the published revisions of this package declare no versions, so ${name} cannot declare one`,
    { remedy: { do: state.versioned ? 'set_version' : 'remove_version', revision: name } },
  )
}
