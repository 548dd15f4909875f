import type { Context } from 'hono'
import { AppError } from '../../../core/errors.ts'
import type { Sendable } from '../../../core/sendable.ts'
import type { AnswerMemory } from '../../../http/answer-memory.ts'
import { ClientGoneError } from '../../../http/request-body.ts'
import { respondStream } from '../../../http/stream-response.ts'
import type { WatchRequest } from '../../../service/watch/watches.ts'
import type { Api } from '../api.ts'
import { EVENT_STREAM } from '../event-stream.ts'
import { problem, respondProblem } from '../problem.ts'
import { type Encode, watchEncoder } from '../watch-encoder.ts'

/** Parameters of lists that watches do not have. */
const ONLY_LISTS = ['sort', 'limit', 'continue']

const RETRY_AFTER = 5

/** `X-Accel-Buffering` keeps proxies from buffering events. */
const HEADERS = { 'Content-Type': EVENT_STREAM, 'Cache-Control': 'no-cache', 'X-Accel-Buffering': 'no' }

/** Responds with the changes of the revisions that match the filter. Throws `invalid` and `expired`. */
export async function watchPackageRevisions(
  c: Context,
  { watches, registryHost }: Api,
  filter: WatchRequest['filter'],
  from: { resourceVersion?: number | undefined; sendInitialEvents?: boolean | undefined },
): Promise<Response> {
  const wrong = ONLY_LISTS.filter((name) => c.req.query(name) !== undefined)
  if (wrong.length > 0)
    throw new AppError('invalid', `${wrong.join(', ')}: not possible together with watch=true`)
  // A client that reconnects sends the original query; Last-Event-ID is newer.
  const seen = c.req.header('Last-Event-ID')
  const position = seen ? Number(seen) : from.resourceVersion
  if (!seen && from.sendInitialEvents && position !== undefined)
    throw new AppError(
      'invalid',
      'sendInitialEvents starts with the current state: leave out resourceVersion',
    )
  const after = await watches.begin(position)
  if (watches.full) {
    const full = problem('unavailable', 'the maximum number of clients are watching: try again later')
    return respondProblem(c, full, { 'Retry-After': String(RETRY_AFTER) })
  }
  for (const [name, value] of Object.entries(HEADERS)) c.header(name, value)
  if (c.req.method === 'HEAD') return c.body(null)
  const request = { filter, after, initial: !seen && from.sendInitialEvents === true }
  const memory = c.get('answerMemory')
  return respondStream(
    c,
    new EventStream(watches, watchEncoder(registryHost), { request, gone: c.req.raw.signal, memory }),
  )
}

/** Throws `invalid` for a list with parameters of watches. */
export function onlyForWatches(parameters: Record<string, unknown>): void {
  const given = Object.keys(parameters).filter((name) => parameters[name] !== undefined)
  if (given.length > 0) throw new AppError('invalid', `${given.join(', ')}: only possible with watch=true`)
}

/** A message is in memory as objects of the index, as a text, and as bytes. */
const COPIES = 3

type Watcher = { request: WatchRequest; gone: AbortSignal; memory: AnswerMemory | undefined }

class EventStream implements Sendable {
  readonly #watches: Api['watches']
  readonly #encode: Encode
  readonly #watcher: Watcher

  constructor(watches: Api['watches'], encode: Encode, watcher: Watcher) {
    this.#watches = watches
    this.#encode = encode
    this.#watcher = watcher
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const { request, gone, memory } = this.#watcher
    try {
      for await (const message of this.#watches.watch(request, gone)) {
        const bytes = this.#encode(message)
        // Watchers share events, and nothing else.
        keepOnly(memory, message.type === 'events' ? 0 : COPIES * bytes.byteLength)
        yield bytes
      }
    } finally {
      keepOnly(memory, 0)
    }
  }

  /** Backpressure: reads the next message only when the client has read the previous one. */
  async send(write: (chunk: Uint8Array) => Promise<void>): Promise<void> {
    for await (const chunk of this) await inTime(write(chunk), this.#watches.slowAfter)
  }
}

/** Throws `ClientGoneError` for lack of memory: the client has to connect again. */
function keepOnly(memory: AnswerMemory | undefined, bytes: number): void {
  try {
    memory?.keepOnly(bytes)
  } catch (error) {
    throw new ClientGoneError(error)
  }
}

async function inTime(written: Promise<void>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ClientGoneError('it does not read the watch')), milliseconds)
  })
  try {
    await Promise.race([written, late])
  } finally {
    clearTimeout(timer)
  }
}
