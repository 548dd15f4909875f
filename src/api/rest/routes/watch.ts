import type { Context } from 'hono'
import { AppError } from '../../../core/errors.ts'
import type { Sendable } from '../../../core/sendable.ts'
import { callerOf } from '../../../http/access.ts'
import type { AnswerMemory } from '../../../http/answer-memory.ts'
import { ClientGoneError } from '../../../http/request-body.ts'
import { respondStream } from '../../../http/stream-response.ts'
import { visibleTo } from '../../../service/access/visible.ts'
import type { WatchMessage } from '../../../service/watch/watch-message.ts'
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
  { watches, streams, registryHost }: Api,
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
  const caller = callerOf(c)
  const request = { caller, filter, after, initial: !seen && from.sendInitialEvents === true }
  const messages = watches.watch(request, streams, c.req.raw.signal)
  return respondStream(
    c,
    new EventStream(
      messages,
      watchEncoder(registryHost, visibleTo(caller)),
      c.get('answerMemory'),
      watches.slowAfter,
    ),
  )
}

/** Throws `invalid` for a list with parameters of watches. */
export function onlyForWatches(parameters: Record<string, unknown>): void {
  const given = Object.keys(parameters).filter((name) => parameters[name] !== undefined)
  if (given.length > 0) throw new AppError('invalid', `${given.join(', ')}: only possible with watch=true`)
}

class EventStream implements Sendable {
  readonly #messages: AsyncIterable<WatchMessage>
  readonly #encode: Encode
  readonly #memory: AnswerMemory | undefined
  readonly #slowAfter: number

  constructor(
    messages: AsyncIterable<WatchMessage>,
    encode: Encode,
    memory: AnswerMemory | undefined,
    slowAfter: number,
  ) {
    this.#messages = messages
    this.#encode = encode
    this.#memory = memory
    this.#slowAfter = slowAfter
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for await (const message of this.#messages) yield this.#encode(message)
  }

  /** Backpressure: reads the next message only when the client has read the previous one. */
  async send(write: (chunk: Uint8Array) => Promise<void>): Promise<void> {
    for await (const message of this.#messages) {
      const chunk = this.#encode(message)
      // Watchers share the memory of other messages. These are there as objects, as text and as bytes.
      const own = message.type === 'initial' ? 3 * chunk.byteLength : 0
      this.#take(own)
      try {
        await inTime(write(chunk), this.#slowAfter)
      } finally {
        this.#memory?.giveBack(own)
      }
    }
  }

  /** A watch that gets no memory ends. Its client begins again, and is then refused while there is none. */
  #take(bytes: number): void {
    try {
      if (bytes > 0) this.#memory?.take(bytes)
    } catch (error) {
      throw new ClientGoneError(error)
    }
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
