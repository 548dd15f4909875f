import type { Context } from 'hono'
import { AppError } from '../../../core/errors.ts'
import type { Sendable } from '../../../core/sendable.ts'
import { ClientGoneError } from '../../../http/request-body.ts'
import { respondStream } from '../../../http/stream-response.ts'
import type { WatchEvent, WatchMessage } from '../../../service/watch/watch-message.ts'
import type { WatchRequest } from '../../../service/watch/watches.ts'
import type { Api } from '../api.ts'
import { EVENT_STREAM, HEART_BEAT } from '../event-stream.ts'
import { problem, respondProblem } from '../problem.ts'
import { toPackageRevisionView } from '../schemas/package-revision.ts'

/** What a list can be asked for, and a watch cannot. */
const ONLY_LISTS = ['sort', 'limit', 'continue']

const RETRY_AFTER = 5

/** The last one asks proxies not to gather events. */
const HEADERS = { 'Content-Type': EVENT_STREAM, 'Cache-Control': 'no-cache', 'X-Accel-Buffering': 'no' }

/** Answers with the events of what the filter has. Throws `invalid` and `expired`. */
export async function watchPackageRevisions(
  c: Context,
  { watches, registryHost }: Api,
  filter: WatchRequest['filter'],
  from: { resourceVersion?: number | undefined; sendInitialEvents?: boolean | undefined },
): Promise<Response> {
  const wrong = ONLY_LISTS.filter((name) => c.req.query(name) !== undefined)
  if (wrong.length > 0)
    throw new AppError('invalid', `${wrong.join(', ')}: not possible together with watch=true`)
  // Who comes back does so with the address that he came with first, and has seen more since.
  const seen = c.req.header('Last-Event-ID')
  const position = seen ? Number(seen) : from.resourceVersion
  if (!seen && from.sendInitialEvents && position !== undefined)
    throw new AppError(
      'invalid',
      'sendInitialEvents begins with what is there now: leave out resourceVersion',
    )
  const after = await watches.begin(position)
  if (watches.full) {
    const full = problem(
      'unavailable',
      'as many clients are watching as the server has room for: try again later',
    )
    return respondProblem(c, full, { 'Retry-After': String(RETRY_AFTER) })
  }
  for (const [name, value] of Object.entries(HEADERS)) c.header(name, value)
  if (c.req.method === 'HEAD') return c.body(null)
  const request = { filter, after, initial: !seen && from.sendInitialEvents === true }
  return respondStream(c, new EventStream(watches, encoder(registryHost), request, c.req.raw.signal))
}

/** Throws `invalid` for a list that is asked for what only watches have. */
export function onlyForWatches(parameters: Record<string, unknown>): void {
  const given = Object.keys(parameters).filter((name) => parameters[name] !== undefined)
  if (given.length > 0) throw new AppError('invalid', `${given.join(', ')}: only possible with watch=true`)
}

type Encode = (message: WatchMessage) => Uint8Array

class EventStream implements Sendable {
  readonly #watches: Api['watches']
  readonly #encode: Encode
  readonly #request: WatchRequest
  readonly #gone: AbortSignal

  constructor(watches: Api['watches'], encode: Encode, request: WatchRequest, gone: AbortSignal) {
    this.#watches = watches
    this.#encode = encode
    this.#request = request
    this.#gone = gone
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for await (const message of this.#watches.watch(this.#request, this.#gone)) yield this.#encode(message)
  }

  /** What comes next is not even asked for before the client has read what came before. */
  async send(write: (chunk: Uint8Array) => Promise<void>): Promise<void> {
    for await (const chunk of this) await inTime(write(chunk), this.#watches.slowAfter)
  }
}

async function inTime(written: Promise<void>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ClientGoneError('it does not read')), milliseconds)
  })
  try {
    await Promise.race([written, late])
  } finally {
    clearTimeout(timer)
  }
}

/** The same bytes for all to whom the same is told, and the same text for all who see the same change. */
const encodedBatches = new WeakMap<readonly WatchEvent[], Uint8Array>()
const encodedChanges = new WeakMap<WatchEvent['change'], Partial<Record<WatchEvent['type'], string>>>()

function encoder(registryHost: string): Encode {
  const view = (revision: Parameters<typeof toPackageRevisionView>[0]) =>
    toPackageRevisionView(revision, registryHost)
  const textOf = ({ type, change }: WatchEvent): string => {
    const known = encodedChanges.get(change) ?? {}
    encodedChanges.set(change, known)
    known[type] ??= block(type, view(change.revision), change.resourceVersion)
    return known[type]
  }
  const batch = (events: readonly WatchEvent[]): Uint8Array => {
    const known = encodedBatches.get(events)
    if (known) return known
    const bytes = Buffer.from(events.map(textOf).join(''))
    encodedBatches.set(events, bytes)
    return bytes
  }
  return (message) => {
    switch (message.type) {
      case 'initial':
        return Buffer.from(message.revisions.map((revision) => block('ADDED', view(revision))).join(''))
      case 'events':
        return batch(message.events)
      case 'part':
        return Buffer.from(
          message.events.map(({ type, change }) => block(type, view(change.revision))).join(''),
        )
      case 'bookmark':
        return Buffer.from(block('BOOKMARK', { resourceVersion: String(message.position) }, message.position))
      case 'quiet':
        return Buffer.from(HEART_BEAT)
    }
  }
}

function block(type: string, object: object, id?: number): string {
  const data = JSON.stringify({ type, object })
  return `event: ${type}\ndata: ${data}\n${id === undefined ? '' : `id: ${id}\n`}\n`
}
