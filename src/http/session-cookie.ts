/** What a browser keeps: its session, and the login that it has begun. */
import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { AppError } from '../core/errors.ts'
import { isLoopbackUrl } from '../core/loopback.ts'

const NAMES = { session: 'pkgserver', login: 'pkgserver-login' } as const

type CookieKind = keyof typeof NAMES

/**
 * Cookies that only this server gets, and only over TLS; the prefix keeps other hosts of its domain from setting them.
 * On this machine there is no TLS. Anywhere else without it, there are no cookies.
 */
export class SessionCookies {
  readonly #publicUrl: URL
  readonly #secure: boolean

  constructor(publicUrl: URL) {
    this.#publicUrl = publicUrl
    this.#secure = publicUrl.protocol === 'https:'
  }

  /** Throws `not_available` where no cookie would be safe. */
  check(): void {
    if (this.possible) return
    throw new AppError(
      'not_available',
      'people can log in only where the server is reached by https: PKGSERVER_PUBLIC_URL has to be such a URL',
    )
  }

  read(c: Context, kind: CookieKind): string | undefined {
    if (!this.possible) return undefined
    return this.#secure ? getCookie(c, NAMES[kind], 'host') : getCookie(c, NAMES[kind])
  }

  /** `maxAge`: in milliseconds. */
  set(c: Context, kind: CookieKind, value: string, maxAge: number): void {
    setCookie(c, NAMES[kind], value, { ...this.#options, maxAge: maxAge / 1000 })
  }

  clear(c: Context, kind: CookieKind): void {
    deleteCookie(c, NAMES[kind], this.#options)
  }

  /**
   * Whether a page of this server asks for a change. More is needed than for other credentials, as browsers send cookies
   * by themselves: one of the headers must be there.
   */
  isOwnPage(c: Context): boolean {
    const site = c.req.header('Sec-Fetch-Site')
    if (site !== undefined) return site === 'same-origin'
    return c.req.header('Origin') === this.#publicUrl.origin
  }

  /** Whether there can be sessions. */
  get possible(): boolean {
    return this.#secure || isLoopbackUrl(this.#publicUrl)
  }

  // Not strict: the browser comes back from the provider's site, and must have them then.
  get #options() {
    const options = { path: '/', httpOnly: true, sameSite: 'Lax' } as const
    return this.#secure ? { ...options, secure: true, prefix: 'host' as const } : options
  }
}
