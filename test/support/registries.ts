/** Serves the embedded registry with features disabled, to behave like other registries. */
import { Hono, type MiddlewareHandler } from 'hono'
import { routedPath } from '../../src/http/request-path.ts'
import { EmbeddedRegistry } from '../../src/registry/embedded-registry.ts'
import { createRegistryApp } from '../../src/registry/http/registry-app.ts'
import { MemoryStore } from '../../src/registry/store/memory-store.ts'
import { serving } from './listening.ts'

const MANIFEST = /^\/v2\/.+\/manifests\/([^/]+)$/

/** Serves a registry behind these middlewares, applied in order, and returns its URL. */
export async function registryBehind(
  middlewares: readonly MiddlewareHandler[],
  registry: EmbeddedRegistry = new EmbeddedRegistry(new MemoryStore()),
): Promise<URL> {
  const app = new Hono({ getPath: routedPath })
  for (const middleware of middlewares) app.use(middleware)
  app.route('/', createRegistryApp(registry))
  return serving(app)
}

/** With `claims`, pushes still return OCI-Subject, as with Amazon's registry. */
export function withoutReferrersApi({ claims = false } = {}): MiddlewareHandler {
  return async (c, next) => {
    if (/\/referrers\/[^/]+$/.test(c.req.path)) return c.text('404 page not found', 404)
    await next()
    if (!claims) c.res.headers.delete('OCI-Subject')
    return undefined
  }
}

/** Refuses with `status`, which differs between registries. */
export function withoutTagDeletion(status: 400 | 404 | 405 = 405): MiddlewareHandler {
  return async (c, next) => {
    const tag = MANIFEST.exec(c.req.path)?.[1]
    if (c.req.method !== 'DELETE' || tag === undefined || tag.includes(':')) return next()
    const code = status === 404 ? 'MANIFEST_UNKNOWN' : status === 400 ? 'DIGEST_INVALID' : 'UNSUPPORTED'
    return c.json({ errors: [{ code, message: 'no' }] }, status)
  }
}

export const withoutDeletion: MiddlewareHandler = async (c, next) => {
  if (c.req.method !== 'DELETE' || c.req.path.includes('/uploads/')) return next()
  return c.json({ errors: [{ code: 'UNSUPPORTED', message: 'deletion is off' }] }, 405)
}

export function withBasic(username: string, password: string): MiddlewareHandler {
  const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  return async (c, next) => {
    if (c.req.header('Authorization') === expected) return next()
    return c.json({ errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] }, 401, {
      'WWW-Authenticate': 'Basic realm="the registry"',
    })
  }
}

/** A request; `line` is like `PUT /v2/a/b/manifests/v1`. */
export type Recorded = { line: string; path: string; headers: Headers }

export function recording(requests: Recorded[]): MiddlewareHandler {
  return async (c, next) => {
    requests.push({
      line: `${c.req.method} ${c.req.path}`,
      path: c.req.path,
      headers: new Headers(c.req.raw.headers),
    })
    await next()
  }
}

/** Refuses to move or remove these tags, as Amazon's registry and Harbor do for immutable tags. */
export function withImmutableTags(
  tags: RegExp,
  refusal: { status: 400 | 403 | 405 | 409 | 412; code: string; message: string },
): MiddlewareHandler {
  const known = new Set<string>()
  return async (c, next) => {
    const tag = MANIFEST.exec(c.req.path)?.[1] ?? ''
    const moves = c.req.method === 'PUT' || c.req.method === 'DELETE'
    if (!moves || !tags.test(tag) || tag.includes(':')) return next()
    const { status, ...error } = refusal
    if (known.has(c.req.path)) return c.json({ errors: [error] }, status)
    known.add(c.req.path)
    return next()
  }
}
