/** https://distribution.github.io/distribution/spec/auth/token/ and …/auth/oauth/ */
import { OciError } from '../../errors.ts'
import { discard, readJson } from '../answer.ts'
import type { Settings } from '../options.ts'
import { parseRetryAfter, retrying } from '../retry.ts'
import { TransientError } from '../transient-error.ts'
import { type Answer, exchange, type Outgoing } from '../transport.ts'
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

/** Seconds that a token is good for where the service does not say. */
const DEFAULT_LIFETIME = 60
/** So long before it expires a token is not used any more, in seconds: requests take a while. */
const MARGIN = 10

/** Throws `denied` where the service gives none, `unavailable` where it fails. */
export async function fetchToken(wanted: TokenRequest, settings: Settings): Promise<Token> {
  const { credentials } = wanted
  if (credentials?.identityToken === undefined) return read(await get(wanted, settings), wanted, settings)
  const answer = await post(wanted, credentials.identityToken, settings)
  if (answer.status === 200 || basicHeader(credentials) === undefined) return read(answer, wanted, settings)
  // Services that know no OAuth2, or not that token, may still know the password.
  await discard(answer)
  return read(await get(wanted, settings), wanted, settings)
}

async function get(
  { realm, service, scopes, credentials }: TokenRequest,
  settings: Settings,
): Promise<Answer> {
  const url = new URL(realm)
  if (service !== undefined) url.searchParams.set('service', service)
  for (const scope of scopes) url.searchParams.append('scope', scope)
  const basic = basicHeader(credentials)
  return ask({ method: 'GET', url, headers: basic === undefined ? {} : { Authorization: basic } }, settings)
}

async function post(
  { realm, service, scopes }: TokenRequest,
  identityToken: string,
  settings: Settings,
): Promise<Answer> {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    refresh_token: identityToken,
    client_id: settings.userAgent,
    ...(service === undefined ? {} : { service }),
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
  })
  const content = Buffer.from(form.toString())
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
  return ask({ method: 'POST', url: realm, headers, body: { content, size: content.length } }, settings)
}

async function ask(outgoing: Outgoing, { retry, timeouts, clock, userAgent }: Settings): Promise<Answer> {
  const headers = { 'User-Agent': userAgent, Accept: 'application/json', ...outgoing.headers }
  return retrying(
    async () => {
      const answer = await exchange({ ...outgoing, headers }, timeouts)
      if (answer.status !== 408 && answer.status !== 429 && answer.status < 500) return answer
      await discard(answer)
      throw new TransientError(`the token service at ${outgoing.url.host} fails with ${answer.status}`, {
        retryAfter: parseRetryAfter(answer.headers.get('Retry-After'), clock.now()),
      })
    },
    retry,
    clock,
  )
}

async function read(answer: Answer, wanted: TokenRequest, { clock }: Settings): Promise<Token> {
  const { status } = answer
  // A redirect is not followed either: credentials would go with it. Nor is the body quoted, which may have them.
  if (status !== 200) {
    await discard(answer)
    throw refusal(status, wanted)
  }
  const body = ((await readJson(answer)) ?? {}) as Record<string, unknown>
  const value = body.token || body.access_token
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) {
    throw new OciError('unavailable', `the token service at ${wanted.realm.host} answered without a token`)
  }
  const stated = Number(body.expires_in)
  const lifetime = stated > 0 ? stated : DEFAULT_LIFETIME
  return { value, expiresAt: clock.now() + (lifetime - Math.min(MARGIN, lifetime / 2)) * 1000 }
}

function refusal(status: number, { registry, realm, credentials }: TokenRequest): OciError {
  const service = `the token service ${realm.host} of the registry ${registry.host}`
  if (status !== 400 && status !== 401 && status !== 403) {
    const hint = credentials?.identityToken !== undefined && (status === 404 || status === 405)
    const advice = hint ? ': it takes no identity tokens; use a user name and a password' : ''
    return new OciError(hint ? 'denied' : 'unavailable', `${service} answers with ${status}${advice}`)
  }
  const why = credentials
    ? `refused the credentials that it was sent (${status}): check them, and whether they have expired`
    : `gives nothing to those without credentials (${status}), and none are set for ${registry.host}`
  return new OciError('denied', `${service} ${why}`)
}
