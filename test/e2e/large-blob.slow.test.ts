import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, expect, it } from 'vitest'
import { memoryOf } from '../support/memory.ts'
import { type ServerProcess, startServer } from '../support/process.ts'
import { sizeOf } from '../support/sizes.ts'
import { temporaryFolder } from '../support/temporary.ts'

const MIB = 1024 * 1024
/** The size of the blob in bytes, a multiple of 1 MiB. */
const SIZE = sizeOf('LARGE_BLOB', 256 * MIB)
/** The memory that the server may use, in MiB, whatever the size of the blob. */
const PEAK = 150
const TIMEOUT = 30_000 + SIZE / 10_000

/** Yields the blob in blocks, no two of them alike. */
function* blocks(): Generator<Buffer> {
  for (let i = 0; i < SIZE / MIB; i++) yield Buffer.alloc(MIB, `block ${i} of a large blob\n`)
}

async function digestOf(content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of content) hash.update(chunk)
  return `sha256:${hash.digest('hex')}`
}

/** Sends the whole blob in one request, chunked unless the headers give a length. Returns the status. */
async function sendBlob(method: string, url: URL, headers: Record<string, string | number>): Promise<number> {
  const sent = request(url, { method, headers })
  const answered = once(sent, 'response') as Promise<[IncomingMessage]>
  await pipeline(Readable.from(blocks()), sent)
  const [response] = await answered
  response.resume()
  return response.statusCode ?? 0
}

/** Starts a server with a warm compile cache, so that compiling takes no memory, as in every start but the first. */
async function startCompiled(): Promise<ServerProcess> {
  const compiled = { NODE_COMPILE_CACHE: await temporaryFolder() }
  const first = await startServer(await temporaryFolder(), [], compiled)
  await first.client.send(`/v2/a/b/blobs/uploads/?digest=${await digestOf([])}`, { method: 'POST' })
  await first.stop()
  return startServer(await temporaryFolder(), [], compiled)
}

async function session(server: ServerProcess): Promise<URL> {
  const started = await server.client.send('/v2/a/b/blobs/uploads/', { method: 'POST' })
  return new URL(started.headers.get('Location') ?? '', server.url)
}

describe.runIf(process.platform === 'linux')(`a blob of ${SIZE / MIB} MiB`, () => {
  it.each(['one PUT', 'one PATCH without a length'])(
    `is uploaded by %s and downloaded unchanged, within ${PEAK} MiB of memory`,
    async (how) => {
      const digest = await digestOf(blocks())
      const server = await startCompiled()
      const upload = await session(server)
      const closed = new URL(`${upload.pathname}?digest=${digest}`, server.url)
      if (how === 'one PUT') {
        expect(await sendBlob('PUT', closed, { 'Content-Length': SIZE })).toBe(201)
      } else {
        expect(await sendBlob('PATCH', upload, {})).toBe(202)
        expect((await server.client.send(closed.pathname + closed.search, { method: 'PUT' })).status).toBe(
          201,
        )
      }
      const response = await server.client.send(`/v2/a/b/blobs/${digest}`)
      expect(response.headers.get('Content-Length')).toBe(String(SIZE))
      expect(await digestOf(response.body as unknown as AsyncIterable<Uint8Array>)).toBe(digest)
      const after = await memoryOf(server.process.pid as number)
      expect(after?.peak).toBeLessThan(PEAK)
    },
    TIMEOUT,
  )
})
