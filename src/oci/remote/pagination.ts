/** Follows the Link headers of paginated lists. */
import { setImmediate } from 'node:timers/promises'
import { OciError } from '../errors.ts'
import type { HttpClient } from './http-client.ts'
import { readMetadata } from './response.ts'
import { type HttpResponse, redacted } from './transport.ts'

/** Guards against a registry that generates pages endlessly: a list is held in memory. */
const MAX_PAGES = 10_000
const MAX_LIST_BYTES = 8 * 1024 * 1024
/** Many small values take a hundred times as much time and memory as one text. */
const MAX_LIST_VALUES = 100_000
/** One stands before each value of a list, and each key of an object. */
const BEFORE_VALUES = new Set(Buffer.from('[{,'))
/** Milliseconds for a whole list. */
const MAX_DURATION = 5 * 60 * 1000

export type ListPage = { url: URL; bytes: Uint8Array }

let turn: Promise<unknown> = Promise.resolve()

/** Pages of several lists may arrive at once. Each takes a while to parse, so other work comes between them. */
async function ownTurn(): Promise<void> {
  turn = turn.then(() => setImmediate())
  await turn
}

/** Counts the values in JSON, at least, and stops above a number. */
function valuesIn(json: Uint8Array, most: number): number {
  let values = 0
  for (let at = 0; at < json.length && values <= most; at++) {
    if (BEFORE_VALUES.has(json[at] as number)) values++
  }
  return values
}

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
  let values = 0
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
    await ownTurn()
    values += valuesIn(bytes, MAX_LIST_VALUES - values)
    if (values > MAX_LIST_VALUES) {
      throw new OciError('size_exceeded', `${where}: the list has more than ${MAX_LIST_VALUES} values`)
    }
    if (clock.now() > deadline) throw new OciError('unavailable', `${where}: the list takes too long`)
    const next = /<([^<>]+)>\s*;\s*rel="?next"?/.exec(response.headers.get('Link') ?? '')?.[1]
    const nextUrl = next === undefined ? undefined : http.follow(response, next)
    yield { url, bytes }
    if (!nextUrl) return
    response = await http.send(nextUrl, [200], { scopes })
  }
}
