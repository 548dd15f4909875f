/** The files of its own version that a package.yaml refers to. */
import type { JsonValue } from '../krm/json-value.ts'
import { pathProblem } from '../resources.ts'
import { yamlDocuments } from '../validation/yaml-documents.ts'

export type ManifestFiles = {
  /** The paths of files, relative to the folder of the version. */
  paths: string[]
  /** The references that lead to other places of the same web server, which do not belong to the version. */
  outside: string[]
}

/** More files than this are not deployed with one package. */
const MAX_FILES = 100

const FOLDER = new URL('http://tree.invalid/package/version/')
const MANIFEST = new URL('package.yaml', FOLDER)

/** Reads the references of a package.yaml, which may be faulty otherwise. */
export function manifestFiles(content: Uint8Array): ManifestFiles {
  return referredFiles(references(content))
}

/** Resolves `manifests[].url` as Glasskube does, against the address of package.yaml. Addresses of other servers are left out. */
export function referredFiles(urls: readonly string[]): ManifestFiles {
  const paths = new Set<string>()
  const outside = new Set<string>()
  for (const reference of urls) {
    const url = URL.canParse(reference, MANIFEST.href) ? new URL(reference, MANIFEST) : undefined
    if (url && url.host !== MANIFEST.host) continue
    const path = url && pathWithin(url)
    if (path === undefined || paths.size >= MAX_FILES) outside.add(reference)
    else paths.add(path)
  }
  return { paths: [...paths], outside: [...outside] }
}

function references(content: Uint8Array): string[] {
  const [document] = [...yamlDocuments(content, [])]
  const manifests = fieldOf(document?.value, 'manifests')
  if (!Array.isArray(manifests)) return []
  return manifests.map((manifest) => fieldOf(manifest, 'url')).filter((url) => typeof url === 'string')
}

function fieldOf(value: JsonValue | undefined, field: string): JsonValue | undefined {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, field)
    ? (value as { [key: string]: JsonValue })[field]
    : undefined
}

function pathWithin({ pathname, search }: URL): string | undefined {
  if (!pathname.startsWith(FOLDER.pathname) || search !== '') return undefined
  try {
    const path = decodeURIComponent(pathname.slice(FOLDER.pathname.length))
    return pathProblem(path) === undefined ? path : undefined
  } catch {
    return undefined
  }
}
