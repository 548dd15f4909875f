/** https://distribution.github.io/distribution/spec/auth/token/ and …/auth/oauth/ */
import { OciError } from '../../errors.ts'
import type { Settings } from '../options.ts'
import { discard, readJson } from '../response.ts'
import { parseRetryAfter, retrying } from '../retry.ts'
import { TransientError } from '../transient-error.ts'
import { exchange, type HttpRequest, type HttpResponse } from '../transport.ts'
import { basicHeader, type Credentials } from './credentials.ts'

type TokenRequest = {
  registry: URL
  realm: URL
  service: string | undefined
  scopes: readonly string[]
  credentials: Credentials | undefined
}

export type Token = {
  value: string
  /** Milliseconds since 1970. */
  expiresAt: number
}

/** Seconds that a token without `expires_in` is valid, by the token specification. */
const DEFAULT_LIFETIME = 60
/** Seconds before its expiry at which a token counts as expired, to leave time for the request that uses it. */
const MARGIN = 10
/** Longer than any server takes in a header. Tokens are cached. */
const MAX_TOKEN = 16 * 1024

/** Throws `denied` if the service refuses a token, `unavailable` if it fails. */
export async function fetchToken(wanted: TokenRequest, settings: Settings): Promise<Token> {
  const { credentials } = wanted
  if (credentials?.identityToken === undefined)
    return readToken(await get(wanted, settings), wanted, settings)
  const response = await post(wanted, credentials.identityToken, settings)
  if (response.status === 200 || basicHeader(credentials) === undefined) {
    return readToken(response, wanted, settings)
  }
  // A service without OAuth2, or one that rejects this token, may still accept the password.
  await discard(response)
  return readToken(await get(wanted, settings), wanted, settings)
}

async function get(
  { realm, service, scopes, credentials }: TokenRequest,
  settings: Settings,
): Promise<HttpResponse> {
  const url = new URL(realm)
  if (service !== undefined) url.searchParams.set('service', service)
  for (const scope of scopes) url.searchParams.append('scope', scope)
  const basic = basicHeader(credentials)
  return send({ method: 'GET', url, headers: basic === undefined ? {} : { Authorization: basic } }, settings)
}

async function post(
  { realm, service, scopes }: TokenRequest,
  identityToken: string,
  settings: Settings,
): Promise<HttpResponse> {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    refresh_token: identityToken,
    client_id: settings.userAgent,
    ...(service === undefined ? {} : { service }),
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
  })
  const content = Buffer.from(form.toString())
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
  return send({ method: 'POST', url: realm, headers, body: { content, size: content.length } }, settings)
}

async function send(request: HttpRequest, settings: Settings): Promise<HttpResponse> {
  const { retry, clock, userAgent } = settings
  const headers = { 'User-Agent': userAgent, Accept: 'application/json', ...request.headers }
  return retrying(
    async () => {
      const response = await exchange({ ...request, headers }, settings)
      if (response.status !== 408 && response.status !== 429 && response.status < 500) return response
      await discard(response)
      throw new TransientError(`the token service at ${request.url.host} failed with ${response.status}`, {
        retryAfter: parseRetryAfter(response.headers.get('Retry-After'), clock.now()),
      })
    },
    retry,
    clock,
  )
}

async function readToken(response: HttpResponse, wanted: TokenRequest, { clock }: Settings): Promise<Token> {
  const { status } = response
  // Redirects fail, too, as following them would pass on the credentials. Nor is the body quoted, which may repeat them.
  if (status !== 200) {
    await discard(response)
    throw refusal(status, wanted)
  }
  const body = await readJson(response)
  const value = body.token || body.access_token
  if (typeof value !== 'string' || value.length > MAX_TOKEN || !/^[\x21-\x7e]+$/.test(value)) {
    throw new OciError('unavailable', `the token service at ${wanted.realm.host} returned no valid token`)
  }
  const stated = Number(body.expires_in)
  const lifetime = stated > 0 ? stated : DEFAULT_LIFETIME
  return { value, expiresAt: clock.now() + (lifetime - Math.min(MARGIN, lifetime / 2)) * 1000 }
}

function refusal(status: number, { registry, realm, credentials }: TokenRequest): OciError {
  const service = `the token service ${realm.host} of the registry ${registry.host}`
  if (status !== 400 && status !== 401 && status !== 403) {
    const hint = credentials?.identityToken !== undefined && (status === 404 || status === 405)
    const advice = hint ? ': it does not support identity tokens; use a username and password' : ''
    return new OciError(hint ? 'denied' : 'unavailable', `${service} failed with ${status}${advice}`)
  }
  const why = credentials
    ? `rejected the credentials (${status}): check that they are correct and have not expired`
    : `requires credentials (${status}), and none are configured for ${registry.host}`
  return new OciError('denied', `${service} ${why}`)
}
