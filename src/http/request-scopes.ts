/**
 * What a request wants to do, in the words of registry tokens, for `/v2` and REST alike: the one place that knows.
 * https://distribution.github.io/distribution/spec/auth/scope/
 */

import { BASE_PATH } from '../api/rest/base-path.ts'
import { ociRepository, type PackageId, parseRevisionName } from '../domain/names.ts'

export type Action = 'pull' | 'push' | 'delete'

export type Scope = {
  /** An OCI repository: `blueprints/nf/upf` for a package, `blueprints` for a repository of packages. `*`: all. */
  repository: string
  action: Action
}

export const ALL = '*'

/**
 * The scopes that method, path and query tell. A request that makes something says where in its body: its route asks
 * for that, with `creationScope`. So it is with what a request reads beside what its path names: `readingScope`.
 */
export function requestScopes(method: string, path: string, query: URLSearchParams): Scope[] {
  if (path.startsWith('/v2/')) return registryScopes(method, path.slice('/v2/'.length), query)
  if (path.startsWith(`${BASE_PATH}/`)) return restScopes(method, path.slice(BASE_PATH.length + 1), query)
  return []
}

/** Of a request that makes a repository, or a revision of a package. */
export function creationScope(target: { repository: string; package?: string }): Scope {
  const { repository, package: path } = target
  return { repository: path === undefined ? repository : `${repository}/${path}`, action: 'push' }
}

/** Of a request that reads a revision, by its name, or a package, where its path does not tell that. */
export function readingScope(source: string | PackageId): Scope {
  return {
    repository: typeof source === 'string' ? packageOf(source) : ociRepository(source),
    action: 'pull',
  }
}

/** As the routes of the registry see it: components of a name may be called like parts of a path. */
const ROUTE =
  /^(?<repository>.+)\/(?:manifests\/[^/]+|blobs\/[^/]+:[^/]+|(?<upload>blobs\/uploads)(?:\/[^/]*)?|tags\/list|referrers\/[^/]+)$/

function registryScopes(method: string, path: string, query: URLSearchParams): Scope[] {
  if (path === '') return []
  const { repository = ALL, upload } = ROUTE.exec(decoded(path))?.groups ?? {}
  const scope: Scope = { repository, action: actionOf(method, upload !== undefined) }
  // A blob that is mounted is read where it comes from.
  const from = query.get('from')
  return query.has('mount') && from ? [scope, { repository: from, action: 'pull' }] : [scope]
}

/** To cancel an upload is no deletion: whoever may push may do it. */
function actionOf(method: string, isUpload: boolean): Action {
  if (method === 'GET' || method === 'HEAD') return isUpload ? 'push' : 'pull'
  return method === 'DELETE' && !isUpload ? 'delete' : 'push'
}

/** What those do who run the server: it is about everything. */
const OPERATIONS = ['garbage-collections', 'verifications', 'backups']

/** The path of a package has slashes. */
const GRAPH = /^packages\/(?<repository>.+)\/graph$/

function restScopes(method: string, path: string, query: URLSearchParams): Scope[] {
  const action = actionOf(method, false)
  const [noun, encoded] = path.split('/')
  const name = encoded === undefined ? undefined : decoded(encoded)
  // Who sees what webhooks are told sees everything.
  if (noun === 'webhooks') return [{ repository: ALL, action: 'push' }]
  if (noun !== undefined && OPERATIONS.includes(noun)) return [{ repository: ALL, action: 'delete' }]
  if (noun === 'objects' || noun === 'images') return [{ repository: ALL, action }]
  if (noun === 'jobs') return [{ repository: ALL, action }]
  if (noun === 'packagerevisions' && name !== undefined) return [{ repository: packageOf(name), action }]
  const graph = GRAPH.exec(decoded(path))?.groups?.repository
  if (graph !== undefined) return [{ repository: graph, action }]
  if (noun === 'repositories' && name !== undefined) return [{ repository: name, action }]
  if (action !== 'pull') return []
  const repository = query.get('repository')
  return [{ repository: repository === null ? ALL : `${repository}/${query.get('package') ?? ALL}`, action }]
}

/** The package of a revision, by the name of that. What is no such name is no package either: its route says so. */
function packageOf(name: string): string {
  try {
    return ociRepository(parseRevisionName(name))
  } catch {
    return ALL
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
