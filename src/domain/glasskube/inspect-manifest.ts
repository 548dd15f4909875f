import type { ErrorDetail } from '../../core/errors.ts'
import type { Resources } from '../resources.ts'
import { referredFiles } from './manifest-files.ts'
import { type ManifestLinks, manifestLinks } from './manifest-links.ts'
import { type Problem, problemText, readPackageManifest } from './package-manifest.ts'

/** Where the clients of Glasskube look for the manifest of a package. */
export const MANIFEST_PATH = 'package.yaml'

export type InspectedManifest = {
  /** null without a readable manifest. */
  links: ManifestLinks | null
  errors: ErrorDetail[]
  warnings: ErrorDetail[]
}

/**
 * Reads the manifest among the files of a package. Without the name of the package, as in a repository of another format,
 * it need not have one, so nothing is wrong with it.
 */
export function inspectManifest(resources: Resources, packageName: string | undefined): InspectedManifest {
  const content = resources.get(MANIFEST_PATH)
  if (packageName === undefined) {
    const manifest = content && readPackageManifest(content).manifest
    return { links: manifest ? manifestLinks(manifest) : null, errors: [], warnings: [] }
  }
  if (!content) return { links: null, errors: [NO_MANIFEST], warnings: [] }
  const { errors, warnings, ...read } = readPackageManifest(content, packageName)
  // A package of another name may have the same files, and then shares what is indexed of them.
  const manifest = read.manifest ?? readPackageManifest(content).manifest
  const { paths, outside } = referredFiles(manifest?.manifests?.map(({ url }) => url) ?? [])
  return {
    links: manifest ? manifestLinks(manifest) : null,
    errors: [...errors.map(toDetail), ...paths.filter((path) => !resources.has(path)).map(missing)],
    warnings: [...warnings.map(toDetail), ...outside.map(leadsOutside)],
  }
}

const NO_MANIFEST: ErrorDetail = {
  path: MANIFEST_PATH,
  message:
    'a package in a Glasskube repository needs this file: add it, with at least name and defaultNamespace',
}

function missing(path: string): ErrorDetail {
  const message = `manifests has the URL of ${path}, which is not among the files of the package: add it`
  return { path: MANIFEST_PATH, message }
}

function leadsOutside(url: string): ErrorDetail {
  const message = `manifests has the URL ${url}, which leads out of the version: put the file beside package.yaml, or give a full URL`
  return { path: MANIFEST_PATH, message }
}

function toDetail(problem: Problem): ErrorDetail {
  const { line, column } = problem
  return { path: MANIFEST_PATH, line, column, message: problemText(problem) }
}

export function withoutManifest(resources: Resources): Resources {
  return new Map([...resources].filter(([path]) => path !== MANIFEST_PATH))
}
