/** Lists that come in pages, and what their Link headers lead to. */
import { OciError } from '../errors.ts'
import { discard } from './answer.ts'
import type { Action } from './auth/scopes.ts'
import type { RepositoryClient } from './repository-client.ts'
import { type Answer, shown } from './transport.ts'

/** No list is longer: a registry that goes on is lost in itself. */
const MAX_PAGES = 10_000

/** The answers from the first on, each to be read before the next. Throws where they lead in a circle. */
export async function* pages(
  client: Pick<RepositoryClient, 'http' | 'send'>,
  first: Answer,
  ...actions: Action[]
): AsyncGenerator<Answer> {
  const seen = new Set<string>()
  let answer = first
  while (true) {
    if (seen.has(answer.url.href) || seen.size >= MAX_PAGES) {
      await discard(answer)
      throw new OciError('unavailable', `${shown(answer.url)}: its pages lead to each other without end`)
    }
    seen.add(answer.url.href)
    const next = /<([^>]+)>\s*;\s*rel="?next"?/.exec(answer.headers.get('Link') ?? '')?.[1]
    const url = next === undefined ? undefined : client.http.follow(answer, next)
    yield answer
    if (!url) return
    answer = await client.send(url, [200], { actions: ['pull', ...actions] })
  }
}
