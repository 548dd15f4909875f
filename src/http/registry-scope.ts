/** What a request to the registry needs, in the words of its tokens. https://distribution.github.io/distribution/spec/auth/scope/ */
import type { Context } from 'hono'
import { CATALOG, type ResourceActions } from '../service/access/registry-access.ts'

const REPOSITORY = /^\/v2\/([^/]+)\/(?:manifests|blobs|tags|referrers)\//
const UPLOADS = /^\/v2\/[^/]+\/blobs\/uploads(?:\/|$)/

/** A token for more than is needed saves clients from fetching several. */
const ACTIONS: Record<string, readonly string[]> = {
  GET: ['pull'],
  HEAD: ['pull'],
  DELETE: ['pull', 'push', 'delete'],
}
const PUSH = ['pull', 'push']

/** Returns undefined for a path without a resource. */
export function registryScope(c: Context): ResourceActions | undefined {
  const { method, path } = c.req
  if (/^\/v2\/_catalog\/?$/.test(path)) return CATALOG
  const [, name] = REPOSITORY.exec(path) ?? []
  if (name === undefined) return undefined
  const actions = UPLOADS.test(path) ? PUSH : (ACTIONS[method] ?? PUSH)
  return { type: 'repository', name: decoded(name), actions }
}

export function scopeText({ type, name, actions }: ResourceActions): string {
  return `${type}:${name}:${actions.join(',')}`
}

/** As the router decodes parameters. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
