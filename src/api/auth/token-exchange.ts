/** Exchanges tokens of issuers outside for our own: https://www.rfc-editor.org/rfc/rfc8693 */
import type { Context } from 'hono'
import { currentClient } from '../../core/client.ts'
import { routed } from '../../core/origin.ts'
import { isPermission, type Permission } from '../../domain/access/permission.ts'
import type { Authenticator } from '../../http/authentication.ts'
import { ownAudience, TOKEN_PATH } from '../../http/challenge.ts'

export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'

const TYPE = 'urn:ietf:params:oauth:token-type:'
const ACCESS_TOKEN = `${TYPE}access_token`
const SUBJECT_TYPES = [`${TYPE}jwt`, `${TYPE}id_token`]

/** Parameters that a request has at most once. */
const SINGLE = [
  'subject_token',
  'subject_token_type',
  'requested_token_type',
  'service_account',
  'scope',
  'actor_token',
]

/** Answers a request for an exchange, also where it is refused. Throws `throttled` after too many refusals. */
export async function tokenExchange(
  c: Context,
  form: URLSearchParams,
  { federation, failures }: Authenticator,
): Promise<Response> {
  routed(TOKEN_PATH)
  const wrong = requestProblem(form)
  if (wrong !== undefined) return refuse(c, 'invalid_request', wrong)
  const audience = ownAudience(c)
  if (!isForUs(form, audience)) {
    return refuse(c, 'invalid_target', `audience and resource can only be ${audience}: leave them out`)
  }
  const scope = scopeIn(form)
  if (scope === 'unknown') {
    return refuse(
      c,
      'invalid_scope',
      'the scope is a list of permissions with blanks between, such as "read draft"',
    )
  }
  const presented = {
    account: form.get('service_account') ?? '',
    token: form.get('subject_token') ?? '',
    audience,
  }
  const exchanged = await federation.exchange(presented, scope)
  if ('refused' in exchanged) {
    failures.count(currentClient())
    return refuse(c, 'invalid_grant', `the token is not accepted: ${exchanged.refused}`)
  }
  const { token, text } = exchanged
  const answer = {
    access_token: text,
    issued_token_type: ACCESS_TOKEN,
    token_type: 'Bearer',
    expires_in: Math.floor((Date.parse(token.expiresAt ?? '') - Date.parse(token.createdAt)) / 1000),
    scope: token.permissions.join(' '),
  }
  return c.json(answer, 200, { 'Cache-Control': 'no-store' })
}

function requestProblem(form: URLSearchParams): string | undefined {
  const twice = SINGLE.find((name) => form.getAll(name).length > 1)
  if (twice) return `${twice} stands there twice`
  if (form.has('actor_token')) return 'actor_token is not supported: leave it out'
  for (const name of ['subject_token', 'service_account']) {
    if (!form.get(name)) return `${name} is missing`
  }
  if (!SUBJECT_TYPES.includes(form.get('subject_token_type') ?? '')) {
    return `subject_token_type has to be ${SUBJECT_TYPES.join(' or ')}`
  }
  const wanted = form.get('requested_token_type') ?? ACCESS_TOKEN
  return wanted === ACCESS_TOKEN ? undefined : `requested_token_type can only be ${ACCESS_TOKEN}`
}

function isForUs(form: URLSearchParams, audience: string): boolean {
  const named = [...form.getAll('audience'), ...form.getAll('resource')]
  return named.every((text) => text.replace(/\/$/, '') === audience)
}

/** Undefined for all that the trust gives. */
function scopeIn(form: URLSearchParams): Permission[] | 'unknown' | undefined {
  const names = (form.get('scope') ?? '').split(' ').filter((name) => name !== '')
  if (names.length === 0) return undefined
  return names.every(isPermission) ? names : 'unknown'
}

/** https://www.rfc-editor.org/rfc/rfc6749#section-5.2 */
function refuse(c: Context, error: string, text: string): Response {
  return c.json({ error, error_description: text }, 400, { 'Cache-Control': 'no-store' })
}
