/** Lists that come in pages, and what their Link headers lead to. */
import { OciError } from '../errors.ts'
import { discard } from './answer.ts'
import type { HttpClient } from './http-client.ts'
import { type Answer, shown } from './transport.ts'

/** No list is longer: a registry that goes on is lost in itself. */
const MAX_PAGES = 10_000

/** The answers from the first on, each to be read before the next. Throws where they lead in a circle. */
export async function* pages(http: HttpClient, first: Answer, ...scopes: string[]): AsyncGenerator<Answer> {
  const seen = new Set<string>()
  let answer = first
  while (true) {
    if (seen.has(answer.url.href) || seen.size >= MAX_PAGES) {
      await discard(answer)
      throw new OciError('unavailable', `${shown(answer.url)}: its pages lead to each other without end`)
    }
    seen.add(answer.url.href)
    const next = /<([^>]+)>\s*;\s*rel="?next"?/.exec(answer.headers.get('Link') ?? '')?.[1]
    const url = next === undefined ? undefined : http.follow(answer, next)
    yield answer
    if (!url) return
    answer = await http.send(url, [200], { scopes })
  }
}
