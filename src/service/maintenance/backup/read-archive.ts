/** Reads a backup as a stream of files. */
import { parsePax } from '../../../artifact/pax.ts'
import { BLOCK, checksum, FIELD, padded, TYPE } from '../../../artifact/tar-format.ts'
import { AppError } from '../../../core/errors.ts'

export type ArchiveFile = {
  path: string
  size: number
  /** To be read to its end before the next file. */
  content: AsyncGenerator<Uint8Array>
}

const MAX_PAX = 64 * 1024

/** Throws `invalid_archive` for what is no backup, or was cut off. */
export async function* readArchive(stream: AsyncIterable<Uint8Array>): AsyncGenerator<ArchiveFile> {
  const input = new Input(stream)
  let records: ReadonlyMap<string, string> = new Map()
  for (;;) {
    const header = await input.take(BLOCK)
    if (header.every((byte) => byte === 0)) return
    const { type, name, size: stated } = parseHeader(header)
    if (type === TYPE.pax) {
      if (stated > MAX_PAX) throw damaged('a header is too large')
      records = parsePax((await input.take(padded(stated))).subarray(0, stated))
      continue
    }
    if (type !== TYPE.file) throw damaged(`"${name}" is no file`)
    const size = Number(records.get('size') ?? stated)
    yield { path: records.get('path') ?? name, size, content: input.pass(size) }
    await input.take(padded(size) - size)
    records = new Map()
  }
}

function parseHeader(header: Buffer): { type: string; name: string; size: number } {
  const text = ([offset, length]: readonly [number, number]): string => {
    const field = header.subarray(offset, offset + length)
    const end = field.indexOf(0)
    return field.subarray(0, end === -1 ? length : end).toString('latin1')
  }
  const size = Number.parseInt(text(FIELD.size), 8)
  if (Number.parseInt(text(FIELD.checksum), 8) !== checksum(header) || !Number.isSafeInteger(size)) {
    throw damaged('a header is damaged')
  }
  return { type: text(FIELD.type), name: text(FIELD.name), size }
}

/** Bytes of a stream, so many at a time. */
class Input {
  readonly #chunks: AsyncIterator<Uint8Array>
  #rest: Uint8Array = new Uint8Array(0)

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#chunks = stream[Symbol.asyncIterator]()
  }

  async take(size: number): Promise<Buffer> {
    const chunks: Uint8Array[] = []
    for await (const chunk of this.pass(size)) chunks.push(chunk)
    return Buffer.concat(chunks)
  }

  async *pass(size: number): AsyncGenerator<Uint8Array> {
    let left = size
    while (left > 0) {
      if (this.#rest.byteLength === 0) {
        const next = await this.#chunks.next()
        if (next.done) throw damaged('it was cut off')
        this.#rest = next.value
      }
      const chunk = this.#rest.subarray(0, left)
      this.#rest = this.#rest.subarray(chunk.byteLength)
      left -= chunk.byteLength
      if (chunk.byteLength > 0) yield chunk
    }
  }
}

export function damaged(reason: string): AppError {
  return new AppError('invalid_archive', `the file is damaged, or not a backup: ${reason}`)
}
