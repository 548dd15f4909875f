/**
 * A token service with opaque tokens, and the middleware with which a registry in this process checks them. For real
 * registries, which verify signed tokens, see `token-server.ts`.
 */
import { Hono, type MiddlewareHandler } from 'hono'
import { serving } from './listening.ts'

export type Grant = { user: string; scopes: string[]; expiresAt: number }

export type TokenService = {
  url: URL
  grants: Map<string, Grant>
  /** One line per issued token: `GET user scope scope`. */
  log: string[]
  /** Responds with a challenge unless the request has a token that allows it. */
  protect: MiddlewareHandler
}

export type TokenServiceOptions = {
  /** Passwords by user. Requests without one are `anonymous`. */
  users?: Record<string, string>
  /** Users by refresh token. If absent, the service responds to POST with 404. */
  refreshTokens?: Record<string, string>
  /** Seconds. If absent, responses omit `expires_in`. */
  expiresIn?: number
  /** The realm in challenges, instead of the service's own URL. */
  realm?: string
  field?: 'token' | 'access_token'
  mayPush?: (user: string) => boolean
}

const SERVICE = 'registry, "main"'

export async function tokenService(options: TokenServiceOptions = {}): Promise<TokenService> {
  const { users = {}, refreshTokens, expiresIn, field = 'token', mayPush = () => true } = options
  const grants = new Map<string, Grant>()
  const log: string[] = []
  const grant = (method: string, user: string, scopes: string[]) => {
    const token = `token-${grants.size}-${Math.random()}`
    grants.set(token, { user, scopes, expiresAt: Date.now() + (expiresIn ?? 60) * 1000 })
    log.push([method, user, ...scopes].join(' '))
    return { [field]: token, ...(expiresIn !== undefined && { expires_in: expiresIn }) }
  }
  const app = new Hono()
  app.get('/token', (c) => {
    if (c.req.query('service') !== SERVICE) return c.text('unknown service', 400)
    const [user = '', password] = decoded(c.req.header('Authorization'))
    if (user !== '' && users[user] !== password) return c.text(`wrong password: ${password}`, 401)
    return c.json(grant('GET', user || 'anonymous', c.req.queries('scope') ?? []))
  })
  app.post('/token', async (c) => {
    if (!refreshTokens) return c.notFound()
    const form = new URLSearchParams(await c.req.text())
    const user = refreshTokens[form.get('refresh_token') ?? '']
    if (form.get('grant_type') !== 'refresh_token' || !form.get('client_id') || !user) {
      return c.json({ error: 'invalid_grant', error_description: form.get('refresh_token') }, 400)
    }
    return c.json(grant('POST', user, form.get('scope')?.split(' ') ?? []))
  })
  const url = new URL('/token', await serving(app))

  const protect: MiddlewareHandler = async (c, next) => {
    const name = /^\/v2\/(.+?)\/(?:blobs|manifests|tags|referrers)\//.exec(c.req.path)?.[1]
    const write = c.req.method !== 'GET' && c.req.method !== 'HEAD'
    const action = c.req.method === 'DELETE' ? 'delete' : write ? 'push' : 'pull'
    const held = grants.get(c.req.header('Authorization')?.replace('Bearer ', '') ?? '')
    const allows = (repository: string, wanted: string) =>
      held?.scopes.some((scope) => {
        const [, resource, actions = ''] = scope.split(':')
        return resource === repository && actions.split(',').includes(wanted)
      })
    const upload = c.req.path.includes('/uploads/')
    const from = c.req.query('from')
    const allowed =
      held &&
      held.expiresAt > Date.now() &&
      (name === undefined || allows(name, upload ? 'push' : action)) &&
      (from === undefined || allows(from, 'pull')) &&
      (!write || mayPush(held.user))
    if (allowed) return next()
    const scope = name === undefined ? '' : `,scope="repository:${name}:${action}"`
    const service = SERVICE.replaceAll('"', '\\"')
    return c.json({ errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] }, 401, {
      'WWW-Authenticate': `Bearer realm="${options.realm ?? url}",service="${service}"${scope}, Basic realm="x"`,
    })
  }
  return { url, grants, log, protect }
}

function decoded(authorization: string | undefined): string[] {
  if (!authorization?.startsWith('Basic ')) return []
  const text = Buffer.from(authorization.slice(6), 'base64').toString()
  return [text.slice(0, text.indexOf(':')), text.slice(text.indexOf(':') + 1)]
}
