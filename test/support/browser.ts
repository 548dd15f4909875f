/** A browser for tests: it keeps the cookies of each site, and follows redirects between them. */
type Fetch = (url: string, init: RequestInit) => Promise<Response>

export class Browser {
  /** The cookies of each origin. */
  readonly cookies = new Map<string, Map<string, string>>()
  readonly #site: string
  readonly #fetch: Fetch

  /** `site`: the origin that `send` answers for; others are asked over the network. */
  constructor(site: string, send: Fetch) {
    this.#site = site
    this.#fetch = (url, init) => (url.startsWith(`${site}/`) ? send(url, init) : fetch(url, init))
  }

  /** Sends one request, as a page of the site would. */
  async send(target: string, init: RequestInit = {}): Promise<Response> {
    const url = new URL(target, this.#site)
    const jar = this.cookies.get(url.origin) ?? new Map<string, string>()
    this.cookies.set(url.origin, jar)
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const own = init.method === undefined || init.method === 'GET' ? {} : { Origin: this.#site }
    const headers = { ...own, ...(cookie !== '' && { Cookie: cookie }), ...(init.headers as object) }
    const response = await this.#fetch(url.href, { ...init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (/;\s*max-age=0\b/i.test(line) || value === '') jar.delete(name)
      else jar.set(name, value)
    }
    return response
  }

  /** Follows redirects while they lead elsewhere than `until`. Resolves to the last answer, and all URLs on the way. */
  async follow(target: string, until = (_: URL) => false): Promise<{ response: Response; urls: string[] }> {
    const urls = [new URL(target, this.#site).href]
    for (;;) {
      const at = urls.at(-1) ?? ''
      const response = await this.send(at)
      const location = response.headers.get('Location')
      if (location === null) return { response, urls }
      const next = new URL(location, at)
      urls.push(next.href)
      if (until(next)) return { response, urls }
    }
  }

  /** Posts a form. */
  post(
    path: string,
    fields: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return this.send(path, {
      method: 'POST',
      body: new URLSearchParams(fields).toString(),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
    })
  }

  cookie(name: string): string | undefined {
    return this.cookies.get(this.#site)?.get(name)
  }
}
