import { createReadStream } from 'node:fs'
import type { Range } from './blob-store.ts'

/** The bytes of a file: opened when somebody reads on, and closed when nobody does any more. */
export async function* fileStream(path: string, range?: Range): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path, range ? { start: range.start, end: range.end } : {})
}
