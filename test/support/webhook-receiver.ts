/** A server that receives webhooks, and can fail in all the ways that real ones do. */
import { createHmac } from 'node:crypto'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { expect } from 'vitest'
import { listening } from './listening.ts'

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
type Json = any

export const SECRET = 'a-secret-of-the-tests'

export type Received = { headers: IncomingHttpHeaders; body: Json }

export type Receiver = {
  url: string
  received: Received[]
  /** Waits until this many requests have arrived. */
  count: (wanted: number) => Promise<Received[]>
  /** Answers requests; tests replace it. */
  answer: (response: ServerResponse) => void
}

/** Starts a receiver that checks signatures as Flux does. */
export async function receiver(): Promise<Receiver> {
  const received: Received[] = []
  const made: Receiver = {
    url: '',
    received,
    count: async (wanted) => {
      await expect.poll(() => received.length).toBeGreaterThanOrEqual(wanted)
      return received
    },
    answer: (response) => void response.writeHead(200).end('thanks'),
  }
  const url = await listening(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    const expected = `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`
    if (request.headers['x-signature'] !== expected) return void response.writeHead(401).end()
    received.push({ headers: request.headers, body: JSON.parse(body.toString()) })
    made.answer(response)
  })
  made.url = `${url.origin}/hook`
  return made
}
