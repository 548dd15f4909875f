/** The requests of one registry: authorized, repeated where that helps, redirected where that is safe. */
import { OciError } from '../errors.ts'
import { discard } from './answer.ts'
import { Authorizer } from './auth/authorizer.ts'
import { errorOf } from './error-answer.ts'
import { mayRedirect } from './hosts.ts'
import type { Settings } from './options.ts'
import { retrying } from './retry.ts'
import { type Answer, exchange, type Method, type Outgoing, shown } from './transport.ts'

export type Call = {
  method?: Method
  headers?: Record<string, string>
  body?: Outgoing['body']
  /** What a token for this call has to allow. */
  scopes: readonly string[]
  /** Whether the registry may send the client elsewhere, as for content that a CDN has. */
  redirects?: boolean
  /** Whether the call is made once only: what it does cannot be done twice, or nobody waits for it. */
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

  /** The answer, whose status is one of those expected. Throws an OciError for any other. */
  async send(target: string | URL, expected: readonly number[], call: Call): Promise<Answer> {
    const url = new URL(target, this.registry)
    const once = call.once || (call.body && !(call.body.content instanceof Uint8Array))
    const { retry, clock } = this.settings
    return retrying(() => this.#attempt(url, expected, call), once ? { ...retry, attempts: 1 } : retry, clock)
  }

  /**
   * The URL in a Location or Link header. It has to lead to the same origin: a registry that sends its clients
   * elsewhere could have them talk to hosts that only they can reach, with its credentials.
   */
  follow(answer: Answer, location: string | null): URL {
    const url =
      location !== null && URL.canParse(location, answer.url.href) ? new URL(location, answer.url) : undefined
    if (url?.origin === this.registry.origin && url.username === '' && url.password === '') return url
    const where = url ? shown(url) : 'nowhere'
    throw new OciError('unsupported', `${shown(answer.url)} leads to ${where}, which is not the registry`)
  }

  async #attempt(url: URL, expected: readonly number[], call: Call): Promise<Answer> {
    const { answer, authorization } = await this.#authorized(url, call)
    const final = call.redirects ? await this.#redirected(answer, call, authorization) : answer
    if (expected.includes(final.status)) return final
    const now = this.settings.clock.now()
    if (final.status === 401 && final.url.origin === this.registry.origin) {
      await discard(final)
      throw new OciError('denied', `${final.method} ${shown(url)}: ${await this.#authorizer.advice()}`)
    }
    throw await errorOf(final, { now, authorization })
  }

  async #authorized(url: URL, call: Call): Promise<{ answer: Answer; authorization: string | undefined }> {
    const first = await this.#authorizer.header(call.scopes)
    const answer = await this.#exchange(url, call, first)
    const spent = call.body && !(call.body.content instanceof Uint8Array)
    if (answer.status !== 401 || spent) return { answer, authorization: first }
    const second = await this.#authorizer.renewed(answer, call.scopes, first)
    if (second === undefined) return { answer, authorization: first }
    await discard(answer)
    return { answer: await this.#exchange(url, call, second), authorization: second }
  }

  async #redirected(first: Answer, call: Call, authorization: string | undefined): Promise<Answer> {
    let answer = first
    let ours = true
    for (let count = 0; REDIRECTS.includes(answer.status); count++) {
      const from = answer.url
      const location = answer.headers.get('Location')
      await discard(answer)
      const to = location !== null && URL.canParse(location, from.href) ? new URL(location, from) : undefined
      if (!to || !mayRedirect(this.registry, from, to) || count >= MAX_REDIRECTS) {
        const where = to ? shown(to) : 'nowhere'
        const many = count >= MAX_REDIRECTS ? `, after ${count} other redirects` : ''
        throw new OciError(
          'unsupported',
          `${shown(from)} leads to ${where}${many}; that is not followed, as it may not be safe`,
        )
      }
      // What is signed for the registry is nobody else's business, also not on a way back.
      ours &&= to.origin === this.registry.origin
      answer = await this.#exchange(to, call, ours ? authorization : undefined)
    }
    return answer
  }

  #exchange(url: URL, call: Call, authorization: string | undefined): Promise<Answer> {
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
      this.settings.timeouts,
    )
  }
}
