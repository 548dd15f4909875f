/** The token service of the registry, in both forms that its clients know. */
import { type Context, Hono } from 'hono'
import { AppError } from '../../core/errors.ts'
import { type Authenticator, authenticated, type Caller } from '../../http/authentication.ts'
import { TOKEN_PATH } from '../../http/challenge.ts'
import { type Operation, register } from '../../http/operation.ts'
import { scopeText } from '../../http/registry-scope.ts'
import { NOTHING } from '../../http/scope.ts'
import { ANONYMOUS } from '../../service/access/actor.ts'
import { REGISTRY_TOKEN_LIFETIME } from '../../service/access/registry-tokens.ts'
import { issueRegistryLogin } from '../../service/accounts/issue-registry-login.ts'
import { DEVICE_GRANT, type DeviceGrant } from './device-grant.ts'
import { TOKEN_EXCHANGE, tokenExchange } from './token-exchange.ts'
import { parseScopes, receivedForm } from './token-request.ts'

const GET: Operation = { id: 'getRegistryToken', needs: NOTHING, load: 'none', writesDisk: false }
/** Clients can pull while the disk is full. */
const POST: Operation = { ...GET, id: 'exchangeRegistryToken' }

type Wanted = { scopes: readonly string[]; offline: boolean; client: string | undefined | null }

export function tokenRoutes(authenticator: Authenticator, device: DeviceGrant): Hono {
  const app = new Hono()

  register(app, 'GET', TOKEN_PATH, GET, async (c) => {
    const { offline_token, client_id } = c.req.query()
    const scopes = c.req.queries('scope') ?? []
    const issued = await issue(callerOf(c), { scopes, offline: offline_token === 'true', client: client_id })
    const { scope: _, ...answer } = issued
    return c.json({ token: answer.access_token, ...answer }, 200, { 'Cache-Control': 'no-store' })
  })

  // https://www.rfc-editor.org/rfc/rfc6749#section-4.3 and #section-6
  register(app, 'POST', TOKEN_PATH, POST, async (c) => {
    const form = await receivedForm(c)
    if (form.get('grant_type') === TOKEN_EXCHANGE) return tokenExchange(c, form, authenticator)
    if (form.get('grant_type') === DEVICE_GRANT) return device.answer(c, form)
    const secret = secretIn(form)
    const known = callerOf(c)
    const user = form.get('grant_type') === 'password' ? (form.get('username') ?? '') : undefined
    const caller = known.open || secret === '' ? known : await authenticated(c, authenticator, secret, user)
    const issued = await issue(caller, {
      scopes: form.getAll('scope'),
      offline: form.get('access_type') === 'offline',
      client: form.get('client_id'),
    })
    return c.json({ ...issued, token_type: 'Bearer' }, 200, { 'Cache-Control': 'no-store' })
  })

  async function issue({ actor, tokenId }: Caller, { scopes, offline, client }: Wanted) {
    const { access, registryTokens } = authenticator
    const { text, granted, issuedAt } = await registryTokens.issue({ actor, tokenId }, parseScopes(scopes))
    // Never unasked: some clients would use it in place of the credentials that they have.
    const login = offline ? await issueRegistryLogin(access, actor, client ?? '') : undefined
    return {
      access_token: text,
      scope: granted.map(scopeText).join(' '),
      expires_in: REGISTRY_TOKEN_LIFETIME,
      issued_at: issuedAt.toISOString(),
      ...(login && { refresh_token: login.text }),
    }
  }

  return app
}

function callerOf(c: Context): Caller {
  return c.get('caller') ?? { actor: ANONYMOUS, tokenId: undefined, open: false }
}

/** The secret of a grant; empty for that of an anonymous caller. */
function secretIn(form: URLSearchParams): string {
  const grant = form.get('grant_type')
  const field = { password: 'password', refresh_token: 'refresh_token' }[grant ?? '']
  if (field === undefined) {
    throw new AppError(
      'not_available',
      `the grant types here are password, refresh_token, ${DEVICE_GRANT} and ${TOKEN_EXCHANGE}`,
    )
  }
  const secret = form.get(field)
  if (secret === null) throw new AppError('invalid', `the field ${field} is missing`)
  if (secret !== '' || !form.get('username')) return secret
  throw new AppError('unauthenticated', 'the password is empty: it has to be a token of this server')
}
