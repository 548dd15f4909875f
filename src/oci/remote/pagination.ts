/** Follows the Link headers of paginated lists. */
import { OciError } from '../errors.ts'
import type { HttpClient } from './http-client.ts'
import { readMetadata } from './response.ts'
import { type HttpResponse, redacted } from './transport.ts'

/** Guards against a registry that generates pages endlessly: a list is held in memory. */
const MAX_PAGES = 10_000
const MAX_LIST_BYTES = 8 * 1024 * 1024
/** Milliseconds for a whole list. */
const MAX_DURATION = 5 * 60 * 1000

export type ListPage = { url: URL; bytes: Uint8Array }

/** Yields the first page and all further ones. Throws `unavailable` if they form a loop, or `size_exceeded`. */
export async function* paginate(
  http: HttpClient,
  first: HttpResponse,
  ...scopes: string[]
): AsyncGenerator<ListPage> {
  const { clock } = http.settings
  const deadline = clock.now() + MAX_DURATION
  const seen = new Set<string>()
  let total = 0
  let response = first
  while (true) {
    const { url } = response
    const bytes = await readMetadata(response)
    const where = redacted(url)
    if (seen.has(url.href) || seen.size >= MAX_PAGES) {
      throw new OciError('unavailable', `${where}: the pages of this list never end`)
    }
    seen.add(url.href)
    total += bytes.byteLength + url.href.length
    if (total > MAX_LIST_BYTES) {
      throw new OciError('size_exceeded', `${where}: the list has more than ${MAX_LIST_BYTES} bytes`)
    }
    if (clock.now() > deadline) throw new OciError('unavailable', `${where}: the list takes too long`)
    const next = /<([^<>]+)>\s*;\s*rel="?next"?/.exec(response.headers.get('Link') ?? '')?.[1]
    const nextUrl = next === undefined ? undefined : http.follow(response, next)
    yield { url, bytes }
    if (!nextUrl) return
    response = await http.send(nextUrl, [200], { scopes })
  }
}
