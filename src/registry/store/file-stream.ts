import { createReadStream } from 'node:fs'
import type { Range } from './blob-store.ts'

/** Each chunk is a turn of the thread pool and of the streams above, which costs more than to read it. */
const CHUNK_BYTES = 256 * 1024

/** The bytes of a file: opened when somebody reads on, and closed when nobody does any more. */
export async function* fileStream(path: string, range?: Range): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path, { highWaterMark: CHUNK_BYTES, ...range })
}
