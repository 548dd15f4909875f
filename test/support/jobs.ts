/** Clients of jobs. */
import { setTimeout } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Client } from './client.ts'

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
type Json = any

export type ServerSentEvent = { id: number; event: string; data: Json }

/** Waits until a job has ended. */
export async function ended(client: Client, id: string): Promise<Json> {
  for (;;) {
    const job = await client.ok('GET', `/jobs/${id}`)
    if (job.state !== 'Running') return job
    await setTimeout(20)
  }
}

/** Starts a job and waits for its end. */
export async function runJob(client: Client, path: '/clones' | '/upgrades', body: object): Promise<Json> {
  const { status, text, body: job } = await client.call('POST', path, body)
  expect(status, text).toBe(202)
  return ended(client, job.id)
}

export async function itemsOf(client: Client, id: string, query = 'limit=1000'): Promise<Json[]> {
  return (await client.ok('GET', `/jobs/${id}/items?${query}`)).items
}

/** Opens the event stream of a job. */
export function follow(client: Client, id: string, after?: number, signal?: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = after === undefined ? {} : { 'Last-Event-ID': String(after) }
  return client.send(`/api/v1/jobs/${id}/events`, { headers, ...(signal ? { signal } : {}) })
}

/** Yields the events of a response, and skips comments. */
export async function* eventsOf(response: Response): AsyncGenerator<ServerSentEvent> {
  expect(response.headers.get('Content-Type')).toBe('text/event-stream')
  let text = ''
  const body = response.body as unknown as AsyncIterable<Uint8Array>
  const decoder = new TextDecoder()
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks.filter((lines) => !lines.startsWith(':'))) {
      const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2)))
      yield { id: Number(fields.id), event: fields.event, data: JSON.parse(fields.data) }
    }
  }
}
