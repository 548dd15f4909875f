/** A bar on a terminal, and nothing where there is none. */
import type { WriteStream } from 'node:tty'
import { oneLine } from '../printable.ts'

const WIDTH = 30
/** Milliseconds between two drawings. */
const PACE = 50

export class Progress {
  readonly #stream: WriteStream | undefined
  #total = 0
  #done = 0
  #drawn = 0

  constructor(stream: WriteStream) {
    this.#stream = stream.isTTY ? stream : undefined
  }

  begin(total: number): void {
    this.#total = total
  }

  /** Counts one as done, and names it. */
  step(name: string): void {
    this.#done++
    const now = performance.now()
    if (!this.#stream || (now - this.#drawn < PACE && this.#done < this.#total)) return
    this.#drawn = now
    const filled = Math.round((WIDTH * this.#done) / Math.max(1, this.#total))
    const line = `${'█'.repeat(filled).padEnd(WIDTH, '░')} ${this.#done}/${this.#total} ${oneLine(name)}`
    this.#stream.write(`\r\u001b[K${line.slice(0, this.#stream.columns - 1)}`)
  }

  /** Removes the bar. */
  end(): void {
    this.#stream?.write('\r\u001b[K')
  }
}
