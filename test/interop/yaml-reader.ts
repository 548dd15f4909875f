/** The program `read-yaml`: see yaml/main.go. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { parseExact } from '../../src/core/exact-json.ts'
import type { JsonValue } from '../../src/domain/krm/json-value.ts'
import type { Tool } from '../support/program.ts'

/** The values of all documents of a file, or why it is refused. */
export type Answer = { values?: JsonValue[]; error?: string }

export class YamlReader {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>

  constructor({ path }: Tool) {
    this.#process = spawn(path)
    this.#lines = createInterface(this.#process.stdout)[Symbol.asyncIterator]()
  }

  /** Reads a file; calls may not overlap. */
  async read(text: string): Promise<Answer> {
    this.#process.stdin.write(`${JSON.stringify(text)}\n`)
    const { value, done } = await this.#lines.next()
    if (done) throw new Error('read-yaml ended')
    return parseExact(value) as Answer
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.stdin.end()
    await once(this.#process, 'exit')
  }
}
