/** Clients of watches. */
import { pino } from 'pino'
import { expect, onTestFinished } from 'vitest'
import { applicationOf } from '../../src/server/app.ts'
import { type Components, memoryComponents } from '../../src/server/components.ts'
import { serve } from '../../src/server/serve.ts'
import { Watches, type WatchesOptions } from '../../src/service/watch/watches.ts'
import { Client } from './client.ts'
import { sender } from './http.ts'
import { eventsOf, type ServerSentEvent } from './jobs.ts'

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
type Json = any

export type Watch = {
  /** The next event. */
  next: () => Promise<ServerSentEvent>
  /** Events up to and including the first that satisfies a condition. */
  until: (done: (event: ServerSentEvent) => boolean) => Promise<ServerSentEvent[]>
  /** Whether the server ended the watch. */
  ended: () => Promise<boolean>
  close: () => void
}

/** Starts a server in memory that listens on a socket. */
export async function watchServer(
  options: Partial<WatchesOptions> = {},
): Promise<{ client: Client; parts: Components; port: number }> {
  const made = await memoryComponents(pino({ level: 'silent' }))
  const watches = new Watches(made.ctx, { report: made.ctx.report, ...options })
  made.ctx.commits.onCommit(() => watches.wake())
  const parts = { ...made, watches }
  const server = await serve(
    { listen: { host: '127.0.0.1', port: 0 }, publicUrl: undefined, stopDelay: 0 },
    applicationOf(parts),
  )
  onTestFinished(() => server.close())
  const { port } = server
  return { client: new Client(sender(new URL(`http://127.0.0.1:${port}`))), parts, port }
}

/** Starts a watch. */
export async function watch(client: Client, query = '', lastEventId?: number): Promise<Watch> {
  const gone = new AbortController()
  const response = await client.send(`/api/v1/packagerevisions?watch=true&${query}`, {
    headers: lastEventId === undefined ? {} : { 'Last-Event-ID': String(lastEventId) },
    signal: gone.signal,
  })
  expect(response.status, response.status === 200 ? '' : await response.clone().text()).toBe(200)
  const events = eventsOf(response)
  const next = async (): Promise<ServerSentEvent> => {
    const { value, done } = await events.next()
    if (done) throw new Error('the watch has ended')
    return value
  }
  return {
    next,
    until: async (done) => {
      const seen: ServerSentEvent[] = []
      for (;;) {
        const event = await next()
        seen.push(event)
        if (done(event)) return seen
      }
    },
    ended: async () => (await events.next()).done === true,
    close: () => gone.abort(),
  }
}

/** `ADDED blueprints.nf.upf.ws1` */
export function short({ event, data }: ServerSentEvent): string {
  return `${event} ${data.object.name ?? data.object.resourceVersion}`
}

/** Applies an event to the revisions that a client knows. */
export function follow(known: Map<string, Json>, { event, data }: ServerSentEvent): void {
  if (event === 'DELETED') known.delete(data.object.name)
  else if (event !== 'BOOKMARK') known.set(data.object.name, data.object)
}

/** Returns a revision without the fields that change with its upstream. */
export function own({ upstream, ...revision }: Json): Json {
  if (!upstream) return revision
  const { latestRevision: _, outdated: __, ...kept } = upstream
  return { ...revision, upstream: kept }
}
