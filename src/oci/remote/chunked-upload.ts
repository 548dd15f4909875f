/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-a-blob-in-chunks */
import type { Stream } from '../content.ts'
import type { Descriptor } from '../descriptor.ts'
import { OciError } from '../errors.ts'
import type { RepositoryClient } from './repository-client.ts'
import { checkDigestHeader, discard } from './response.ts'
import { retrying } from './retry.ts'
import { TransientError } from './transient-error.ts'
import { type HttpResponse, redacted } from './transport.ts'
import { withDigest } from './upload-url.ts'

/** The largest chunk held in memory, even if a registry requires larger ones. */
const MAX_CHUNK = 128 * 1024 * 1024

export class ChunkedUpload {
  readonly #client: RepositoryClient
  readonly #expected: Descriptor
  readonly #chunkSize: number
  #url: URL

  /** `started` is the response to the request that started the upload. */
  constructor(client: RepositoryClient, started: HttpResponse, expected: Descriptor) {
    this.#client = client
    this.#expected = expected
    this.#url = client.http.follow(started)
    // At least two chunks, as the registry may have refused the blob in one piece.
    const wanted = Math.min(client.settings.upload.chunk, Math.ceil(expected.size / 2))
    this.#chunkSize = Math.max(wanted, minChunkLength(started), 1)
  }

  async send(content: Stream): Promise<void> {
    let at = 0
    for await (const chunk of chunksOf(content, this.#chunkSize)) {
      await this.#sendChunk(chunk, at)
      at += chunk.byteLength
    }
    const response = await this.#client.send(withDigest(this.#url, this.#expected.digest), [201, 200, 204], {
      method: 'PUT',
      actions: ['pull', 'push'],
      once: true,
    })
    await discard(response)
    checkDigestHeader(response, this.#expected.digest)
  }

  async #sendChunk(chunk: Uint8Array, start: number): Promise<void> {
    const { retry, clock } = this.#client.settings
    await retrying(
      async (attempt) => {
        const received = attempt === 1 ? 0 : (await this.#received()) - start
        if (received < 0 || received > chunk.byteLength) {
          throw new OciError('unavailable', `${redacted(this.#url)}: the registry lost part of the upload`)
        }
        if (received < chunk.byteLength) await this.#patch(chunk.subarray(received), start + received)
      },
      retry,
      clock,
    )
  }

  async #patch(part: Uint8Array, start: number): Promise<void> {
    const response = await this.#client.send(this.#url, [202, 201, 204, 416], {
      method: 'PATCH',
      headers: {
        'Content-Type': 'application/octet-stream',
        'Content-Range': `${start}-${start + part.byteLength - 1}`,
      },
      body: { content: part, size: part.byteLength },
      actions: ['pull', 'push'],
      once: true,
    })
    await discard(response)
    if (response.status === 416) {
      throw new TransientError(
        `${redacted(this.#url)}: the registry has received another range of the upload`,
      )
    }
    this.#moveTo(response)
  }

  /** Asks how many bytes the registry has received. */
  async #received(): Promise<number> {
    const response = await this.#client.send(this.#url, [204, 200, 202], {
      actions: ['pull', 'push'],
      once: true,
    })
    await discard(response)
    this.#moveTo(response)
    const last = Number(/^(?:bytes=)?0-(\d+)$/.exec(response.headers.get('Range') ?? '')?.[1] ?? 0)
    // Registries return `0-0` for an empty upload.
    return last === 0 ? 0 : last + 1
  }

  #moveTo(response: HttpResponse): void {
    const location = response.headers.get('Location')
    if (location !== null) this.#url = this.#client.http.follow(response, location)
  }
}

function minChunkLength(started: HttpResponse): number {
  const minimum = Number(started.headers.get('OCI-Chunk-Min-Length') ?? 0)
  if (!(minimum > MAX_CHUNK)) return Number.isSafeInteger(minimum) ? minimum : 0
  throw new OciError(
    'unsupported',
    `${started.url.host} requires chunks of at least ${minimum} bytes, more than the ${MAX_CHUNK} that this client sends`,
  )
}

/** Yields chunks of the same size, except for the last one. */
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
