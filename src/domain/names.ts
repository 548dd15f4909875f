/**
 * Names of repositories, packages, workspaces and package revisions. Labels have no dots, so the name of a revision
 * parses back into its parts.
 */
import { AppError } from '../core/errors.ts'

const LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/
const LABEL_RULE =
  'must be 1 to 63 characters of a-z, 0-9 and "-", starting and ending with a letter or digit (a DNS-1123 label)'

/** The limit of a Kubernetes object name, a DNS subdomain, which the name of a revision must fit. */
export const MAX_REVISION_NAME = 253

export type PackageId = { repository: string; package: string }
export type RevisionId = PackageId & { workspace: string }

export function isLabel(text: string): boolean {
  return LABEL.test(text)
}

/** Returns the problem with the name of a repository or a workspace; undefined if there is none. */
export function labelProblem(text: string): string | undefined {
  return isLabel(text) ? undefined : LABEL_RULE
}

/** Returns the problem with the path of a package; undefined if there is none. */
export function packageProblem(path: string): string | undefined {
  if (path.split('/').every(isLabel)) return undefined
  return `must be one or more labels separated by "/" (nf/upf); each label ${LABEL_RULE}`
}

/** Returns the problem with the length of the whole name; undefined if there is none. */
export function revisionIdProblem(id: RevisionId): string | undefined {
  const length = revisionName(id).length
  if (length <= MAX_REVISION_NAME) return undefined
  return `the name ${revisionName(id)} has ${length} characters; at most ${MAX_REVISION_NAME} are allowed`
}

/** Returns `<repository>.<package with "/" as ".">.<workspace>`. */
export function revisionName(id: RevisionId): string {
  return `${id.repository}.${id.package.replaceAll('/', '.')}.${id.workspace}`
}

/** Whether a text is a name as `revisionName` returns it. */
export function isRevisionName(name: string): boolean {
  const labels = name.split('.')
  return labels.length >= 3 && name.length <= MAX_REVISION_NAME && labels.every(isLabel)
}

/** The inverse of `revisionName`. Throws `invalid` for a text that is not such a name. */
export function parseRevisionName(name: string): RevisionId {
  if (!isRevisionName(name)) {
    throw new AppError(
      'invalid',
      `"${name.slice(0, 300)}" is not the name of a package revision, which has the form <repository>.<package with "/" as ".">.<workspace>`,
    )
  }
  const labels = name.split('.')
  return {
    repository: labels[0] ?? '',
    package: labels.slice(1, -1).join('/'),
    workspace: labels.at(-1) ?? '',
  }
}

/** The OCI repository that holds all revisions of a package, relative to the registry's prefix. */
export function ociRepository(id: PackageId): string {
  return `${id.repository}/${id.package}`
}

/** The inverse of `ociRepository`; undefined for a name that no package's OCI repository has. */
export function parseOciRepository(name: string): PackageId | undefined {
  const [repository = '', ...path] = name.split('/')
  if (path.length === 0 || ![repository, ...path].every(isLabel)) return undefined
  return { repository, package: path.join('/') }
}
