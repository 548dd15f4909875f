import { Agent, request } from 'node:http'

export type Sent = { headers?: Record<string, string>; body?: Uint8Array | undefined }
/** `bytes` is the length of the body, which is discarded. */
export type Answer = { status: number; location: string | undefined; bytes: number }

/** A cheap client, because it shares the processors with the server that it measures. */
export class BenchClient {
  readonly #port: number
  readonly #agent: Agent

  constructor(port: number, connections: number) {
    this.#port = port
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections })
  }

  async post(path: string, body?: object, authorization?: string): Promise<void> {
    const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
    const headers: Record<string, string> = {
      ...(bytes && { 'Content-Type': 'application/json' }),
      ...(authorization !== undefined && { Authorization: authorization }),
    }
    await this.expect([200, 201], 'POST', path, { headers, body: bytes })
  }

  /** Sends a request. Throws if the status is not one of these. */
  async expect(statuses: readonly number[], method: string, path: string, sent?: Sent): Promise<Answer> {
    const answer = await this.send(method, path, sent)
    if (statuses.includes(answer.status)) return answer
    throw new Error(`${method} ${path}: ${answer.status}`)
  }

  async send(method: string, path: string, { headers = {}, body }: Sent = {}): Promise<Answer> {
    const length = body || method !== 'HEAD' ? { 'Content-Length': String(body?.byteLength ?? 0) } : {}
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: '127.0.0.1',
          port: this.#port,
          method,
          path,
          agent: this.#agent,
          headers: { ...headers, ...length },
        },
        (response) => {
          const { statusCode: status = 500, headers } = response
          let bytes = 0
          response.on('data', (chunk: Buffer) => {
            bytes += chunk.byteLength
          })
          response.once('end', () => resolve({ status, location: headers.location, bytes }))
          response.once('error', reject)
        },
      )
      sent.once('error', reject)
      sent.end(body)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}
