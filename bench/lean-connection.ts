/** GETs over one connection into one buffer: without garbage, no collection delays the client. */
import { connect, type Socket } from 'node:net'

const BUFFER = 256 * 1024
const END = '\r\n\r\n'

type Waiting = { resolve: () => void; reject: (error: Error) => void }

export class LeanConnection {
  readonly #socket: Socket
  readonly #host: string
  #waiting: Waiting | undefined
  /** The bytes missing from the current response; undefined until its head is complete. */
  #left: number | undefined

  constructor(port: number) {
    this.#host = `127.0.0.1:${port}`
    const buffer = Buffer.alloc(BUFFER)
    const callback = (bytes: number): boolean => {
      this.#take(buffer.subarray(0, bytes))
      return true
    }
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer, callback } })
    this.#socket.once('error', (error) => this.#fail(error))
    this.#socket.once('close', () => this.#fail(new Error('the server closed the connection')))
  }

  /** Gets a path and waits for the whole response. Only one request at a time. Throws if the status is not 200. */
  get(path: string, authorization?: string): Promise<void> {
    const { promise, ...waiting } = Promise.withResolvers<void>()
    this.#waiting = waiting
    const credentials = authorization === undefined ? '' : `\r\nAuthorization: ${authorization}`
    this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: ${this.#host}${credentials}${END}`)
    return promise
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    if (this.#left === undefined) {
      const end = chunk.indexOf(END)
      const head = chunk.toString('latin1', 0, end)
      const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
      if (!head.startsWith('HTTP/1.1 200') || length === undefined) {
        this.#fail(new Error(`unexpected response: ${head}`))
        return
      }
      this.#left = end + END.length + Number(length)
    }
    this.#left -= chunk.byteLength
    if (this.#left > 0) return
    this.#left = undefined
    this.#waiting?.resolve()
  }

  #fail(error: Error): void {
    this.#waiting?.reject(error)
    this.#socket.destroy()
  }
}
