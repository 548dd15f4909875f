import { Agent, request } from 'node:http'

/** A client that costs little: it shares the processors with the server that it measures. */
export class BenchClient {
  readonly #port: number
  readonly #agent: Agent

  constructor(port: number, connections: number) {
    this.#port = port
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections })
  }

  async post(path: string, body?: object): Promise<void> {
    const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
    const headers = bytes ? { 'Content-Type': 'application/json', 'Content-Length': bytes.length } : {}
    await new Promise<void>((resolve, reject) => {
      const sent = request(
        { host: '127.0.0.1', port: this.#port, method: 'POST', path, agent: this.#agent, headers },
        (response) => {
          response.resume()
          response.once('end', () => {
            if ((response.statusCode ?? 500) < 300) resolve()
            else reject(new Error(`POST ${path}: ${response.statusCode}`))
          })
        },
      )
      sent.once('error', reject)
      sent.end(bytes)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}
