/** Sends the requests to one registry: authenticates, retries what may succeed later, follows safe redirects. */
import { OciError } from '../errors.ts'
import { Authorizer } from './auth/authorizer.ts'
import { errorOf } from './error-response.ts'
import { isSafeRedirect } from './hosts.ts'
import type { Settings } from './options.ts'
import { discard } from './response.ts'
import { retrying } from './retry.ts'
import { exchange, type HttpRequest, type HttpResponse, type Method, redacted } from './transport.ts'

export type Call = {
  method?: Method
  headers?: Record<string, string>
  body?: HttpRequest['body']
  /** The scopes that the token for this call needs. */
  scopes: readonly string[]
  /** Follows redirects, for example to content on a CDN. */
  redirects?: boolean
  /** Never retries, for calls that are not idempotent or not worth the wait. */
  once?: boolean
}

const MAX_REDIRECTS = 5
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308]

export class HttpClient {
  readonly registry: URL
  readonly settings: Settings
  readonly #authorizer: Authorizer

  constructor(registry: URL, settings: Settings) {
    this.registry = registry
    this.settings = settings
    this.#authorizer = new Authorizer(registry, settings)
  }

  /** Returns the response if its status is one of those expected, otherwise throws an OciError. */
  async send(target: string | URL, expected: readonly number[], call: Call): Promise<HttpResponse> {
    const url = new URL(target, this.registry)
    const { retry, clock } = this.settings
    const options = call.once || hasStreamBody(call) ? { ...retry, attempts: 1 } : retry
    return retrying(() => this.#attempt(url, expected, call), options, clock)
  }

  /**
   * Resolves the URL of a Location or Link header, which must have the registry's own origin: elsewhere, the registry's
   * credentials would be sent to a host of its choice. Throws `unsupported`.
   */
  follow(response: HttpResponse, location = response.headers.get('Location')): URL {
    const url = resolved(response, location)
    if (url?.origin === this.registry.origin && url.username === '' && url.password === '') return url
    const where = url ? redacted(url) : 'an invalid URL'
    throw new OciError(
      'unsupported',
      `${redacted(response.url)}: the registry points to ${where}, which is outside of the registry`,
    )
  }

  async #attempt(url: URL, expected: readonly number[], call: Call): Promise<HttpResponse> {
    const { response, authorization } = await this.#authorized(url, call)
    const final = call.redirects ? await this.#redirected(response, call, authorization) : response
    if (expected.includes(final.status)) return final
    const now = this.settings.clock.now()
    if (final.status === 401 && final.url.origin === this.registry.origin) {
      await discard(final)
      throw new OciError('denied', `${final.method} ${redacted(url)}: ${await this.#authorizer.advice()}`)
    }
    throw await errorOf(final, { now, authorization })
  }

  async #authorized(
    url: URL,
    call: Call,
  ): Promise<{ response: HttpResponse; authorization: string | undefined }> {
    const first = await this.#authorizer.header(call.scopes)
    const response = await this.#exchange(url, call, first)
    if (response.status !== 401 || hasStreamBody(call)) return { response, authorization: first }
    const second = await this.#authorizer.reauthorize(response, call.scopes, first)
    if (second === undefined) return { response, authorization: first }
    await discard(response)
    return { response: await this.#exchange(url, call, second), authorization: second }
  }

  async #redirected(
    first: HttpResponse,
    call: Call,
    authorization: string | undefined,
  ): Promise<HttpResponse> {
    let response = first
    let sameOrigin = true
    for (let count = 0; REDIRECTS.includes(response.status); count++) {
      const from = response.url
      await discard(response)
      if (count >= MAX_REDIRECTS) {
        throw new OciError('unsupported', `${redacted(from)}: stopped after ${count} redirects`)
      }
      const to = resolved(response, response.headers.get('Location'))
      if (!to || !isSafeRedirect(this.registry, from, to)) {
        const where = to ? redacted(to) : 'an invalid URL'
        throw new OciError('unsupported', `${redacted(from)}: refused an unsafe redirect to ${where}`)
      }
      // Once the chain has left the registry, its credentials are not sent again, even if a redirect leads back.
      sameOrigin &&= to.origin === this.registry.origin
      response = await this.#exchange(to, call, sameOrigin ? authorization : undefined)
    }
    return response
  }

  #exchange(url: URL, call: Call, authorization: string | undefined): Promise<HttpResponse> {
    const { method = 'GET', headers, body } = call
    return exchange(
      {
        method,
        url,
        headers: {
          'User-Agent': this.settings.userAgent,
          ...headers,
          ...(authorization === undefined ? {} : { Authorization: authorization }),
        },
        body,
      },
      this.settings,
    )
  }
}

/** A stream cannot be sent twice, so such a call is neither retried nor authenticated again. */
function hasStreamBody({ body }: Call): boolean {
  return body !== undefined && !(body.content instanceof Uint8Array)
}

function resolved(response: HttpResponse, location: string | null): URL | undefined {
  return location !== null && URL.canParse(location, response.url.href)
    ? new URL(location, response.url)
    : undefined
}
