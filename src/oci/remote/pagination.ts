/** Follows the Link headers of paginated lists. */
import { OciError } from '../errors.ts'
import type { HttpClient } from './http-client.ts'
import { discard } from './response.ts'
import { type HttpResponse, redacted } from './transport.ts'

/** Guards against a registry that generates pages endlessly. */
const MAX_PAGES = 10_000

/**
 * Yields the first response and those of all further pages. The caller must read each before the next. Throws
 * `unavailable` if the pages form a loop.
 */
export async function* paginate(
  http: HttpClient,
  first: HttpResponse,
  ...scopes: string[]
): AsyncGenerator<HttpResponse> {
  const seen = new Set<string>()
  let response = first
  while (true) {
    if (seen.has(response.url.href) || seen.size >= MAX_PAGES) {
      await discard(response)
      throw new OciError('unavailable', `${redacted(response.url)}: the pages of this list never end`)
    }
    seen.add(response.url.href)
    const next = /<([^>]+)>\s*;\s*rel="?next"?/.exec(response.headers.get('Link') ?? '')?.[1]
    const url = next === undefined ? undefined : http.follow(response, next)
    yield response
    if (!url) return
    response = await http.send(url, [200], { scopes })
  }
}
