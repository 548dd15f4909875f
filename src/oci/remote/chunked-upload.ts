/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-a-blob-in-chunks */
import type { Stream } from '../content.ts'
import type { Descriptor } from '../descriptor.ts'
import { OciError } from '../errors.ts'
import { checkStated, discard } from './answer.ts'
import type { RepositoryClient } from './repository-client.ts'
import { retrying } from './retry.ts'
import { TransientError } from './transient-error.ts'
import { type Answer, shown } from './transport.ts'
import { withDigest } from './upload-url.ts'

/** A chunk is held in memory: registries that want more than this in one are not served. */
const MAX_CHUNK = 128 * 1024 * 1024

export class ChunkedUpload {
  readonly #client: RepositoryClient
  readonly #expected: Descriptor
  readonly #chunkSize: number
  #url: URL

  /** `started` is the answer that began the upload. */
  constructor(client: RepositoryClient, started: Answer, expected: Descriptor) {
    this.#client = client
    this.#expected = expected
    this.#url = client.http.follow(started, started.headers.get('Location'))
    // In two at least: it may have been refused in one piece.
    const wanted = Math.min(client.settings.upload.chunk, Math.ceil(expected.size / 2))
    this.#chunkSize = Math.max(wanted, minimumOf(started), 1)
  }

  async send(content: Stream): Promise<void> {
    let at = 0
    for await (const chunk of chunksOf(content, this.#chunkSize)) {
      await this.#sendChunk(chunk, at)
      at += chunk.byteLength
    }
    const answer = await this.#client.send(withDigest(this.#url, this.#expected.digest), [201, 200, 204], {
      method: 'PUT',
      actions: ['pull', 'push'],
      once: true,
    })
    await discard(answer)
    checkStated(answer, this.#expected.digest)
  }

  async #sendChunk(chunk: Uint8Array, start: number): Promise<void> {
    const { retry, clock } = this.#client.settings
    await retrying(
      async (attempt) => {
        const there = attempt === 1 ? 0 : (await this.#received()) - start
        if (there < 0 || there > chunk.byteLength) {
          throw new OciError('unavailable', `${shown(this.#url)}: the registry lost a part of the upload`)
        }
        if (there < chunk.byteLength) await this.#patch(chunk.subarray(there), start + there)
      },
      retry,
      clock,
    )
  }

  async #patch(part: Uint8Array, start: number): Promise<void> {
    const answer = await this.#client.send(this.#url, [202, 201, 204, 416], {
      method: 'PATCH',
      headers: {
        'Content-Type': 'application/octet-stream',
        'Content-Range': `${start}-${start + part.byteLength - 1}`,
      },
      body: { content: part, size: part.byteLength },
      actions: ['pull', 'push'],
      once: true,
    })
    await discard(answer)
    if (answer.status === 416) {
      throw new TransientError(`${shown(this.#url)}: the registry has another part of the upload`)
    }
    this.#moveOn(answer)
  }

  /** How many bytes the registry has. */
  async #received(): Promise<number> {
    const answer = await this.#client.send(this.#url, [204, 200, 202], {
      actions: ['pull', 'push'],
      once: true,
    })
    await discard(answer)
    this.#moveOn(answer)
    const last = Number(/^(?:bytes=)?0-(\d+)$/.exec(answer.headers.get('Range') ?? '')?.[1] ?? 0)
    // Registries say `0-0` for an upload without a byte.
    return last === 0 ? 0 : last + 1
  }

  #moveOn(answer: Answer): void {
    const location = answer.headers.get('Location')
    if (location !== null) this.#url = this.#client.http.follow(answer, location)
  }
}

function minimumOf(started: Answer): number {
  const minimum = Number(started.headers.get('OCI-Chunk-Min-Length') ?? 0)
  if (!(minimum > MAX_CHUNK)) return Number.isSafeInteger(minimum) ? minimum : 0
  throw new OciError(
    'unsupported',
    `${started.url.host} wants chunks of at least ${minimum} bytes; at most ${MAX_CHUNK} can be sent in one`,
  )
}

/** All of the same size but the last. */
async function* chunksOf(content: Stream, size: number): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of content) {
    for (let at = 0; at < piece.byteLength; ) {
      const part = piece.subarray(at, at + size - length)
      pieces.push(part)
      length += part.byteLength
      at += part.byteLength
      if (length < size) continue
      yield Buffer.concat(pieces)
      pieces = []
      length = 0
    }
  }
  if (length > 0) yield Buffer.concat(pieces)
}
