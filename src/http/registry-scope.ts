/** What a request to the registry needs, in the words of its tokens. https://distribution.github.io/distribution/spec/auth/scope/ */
import type { Context } from 'hono'
import { CATALOG, type ResourceActions } from '../service/access/registry-access.ts'

type RegistryScope = {
  needed: ResourceActions
  /** What a client should ask for: with a token for more than is needed now, it need not fetch another soon. */
  asked: ResourceActions
}

const REPOSITORY = /^\/v2\/([^/]+)\/(?:manifests|blobs|tags|referrers)\//
const UPLOADS = /^\/v2\/[^/]+\/blobs\/uploads(?:\/|$)/

const PULL = { needed: ['pull'], asked: ['pull'] }
const PUSH = { needed: ['push'], asked: ['pull', 'push'] }
const DELETE = { needed: ['delete'], asked: ['pull', 'push', 'delete'] }

/** Returns undefined for a path without a resource. */
export function registryScope({ req: { method, path } }: Context): RegistryScope | undefined {
  if (/^\/v2\/_catalog\/?$/.test(path)) return { needed: CATALOG, asked: CATALOG }
  const [, segment] = REPOSITORY.exec(path) ?? []
  if (segment === undefined) return undefined
  const { needed, asked } = UPLOADS.test(path) ? PUSH : actionsOf(method)
  const resource = { type: 'repository', name: decoded(segment) }
  return { needed: { ...resource, actions: needed }, asked: { ...resource, actions: asked } }
}

export function scopeText({ type, name, actions }: ResourceActions): string {
  return `${type}:${name}:${actions.join(',')}`
}

function actionsOf(method: string): typeof PULL {
  if (method === 'GET' || method === 'HEAD') return PULL
  return method === 'DELETE' ? DELETE : PUSH
}

/** As the router decodes parameters. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
