/**
 * An S3 server that fails on demand. It expects the bucket in the path, or in the host name if it is called through a
 * proxy, and does not verify signatures.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { FakeBucket, FakeS3Error, type Honours } from './fake-bucket.ts'
import { type FakeAnswer, type FakeRequest, OPERATIONS, operationOf } from './fake-operations.ts'
import { xml } from './fake-xml.ts'

export const FAKE_CREDENTIALS = { accessKeyId: 'fake', secretAccessKey: 'fake-secret' }

export type Fault =
  /** Answers with an error, and does nothing. */
  | { kind: 'error'; status: number; code: string; headers?: Record<string, string> }
  /** Cuts the connection, and does nothing. */
  | { kind: 'cut-before' }
  /** Runs the operation, then cuts the connection. */
  | { kind: 'cut-after' }
  /** Runs the operation, then cuts the connection after that many bytes of the response body. */
  | { kind: 'cut-body'; after: number }
  /** Sends that many bytes of the response body, then falls silent. */
  | { kind: 'stall-body'; after: number }
  /** Never answers. */
  | { kind: 'hang' }
  /** Runs the operation after a delay, in milliseconds. */
  | { kind: 'slow'; delay: number }

/** Returns the fault of a request, or undefined for none. */
export type Faults = (request: { operation: string; key: string; number: number }) => Fault | undefined

export class FakeS3 {
  readonly url: URL
  readonly bucket: FakeBucket
  /** The operations requested so far, as "PutObject a/b". */
  readonly requests: string[]
  readonly #state: State
  readonly #close: () => Promise<void>

  private constructor(state: State, url: URL, close: () => Promise<void>) {
    this.#state = state
    this.bucket = state.bucket
    this.requests = state.requests
    this.url = url
    this.#close = close
  }

  /** Starts a server with a bucket named "bucket". */
  static async start(honours: Partial<Honours> = {}): Promise<FakeS3> {
    const writes = { ifNoneMatch: true, ifMatch: true, ifMatchOnDelete: true }
    const all = { ...writes, lists: true, endsLists: true, tellsMissing: true }
    const state: State = {
      bucket: new FakeBucket({ ...all, ...honours }),
      requests: [],
      faults: () => undefined,
      path: '',
    }
    const server = createServer((incoming, response) => {
      void serve(state, incoming, response).catch(() => response.destroy())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    return new FakeS3(state, url, async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
  }

  /** Serves the buckets below this path from now on. */
  moveBelow(path: string): URL {
    this.#state.path = path
    return new URL(path, this.url)
  }

  /** Injects faults into requests from now on. */
  failWith(faults: Faults): void {
    this.#state.faults = faults
  }

  /** Injects the faults into the next requests of one operation, and no others from now on. */
  failOnce(operation: string, ...faults: Fault[]): void {
    this.failWith((request) => (request.operation === operation ? faults.shift() : undefined))
  }

  async close(): Promise<void> {
    await this.#close()
  }
}

type State = { bucket: FakeBucket; requests: string[]; faults: Faults; path: string }

async function serve(state: State, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(incoming.url ?? '', 'http://fake')
  if (!url.pathname.startsWith(`${state.path}/`)) return void response.writeHead(404).end()
  const host = /^(?:([^.]+)\.)?s3\.test$/.exec(url.hostname)
  const path = (host ? `/${host[1] ?? ''}` : '') + url.pathname.slice(state.path.length)
  const [, bucket = '', ...names] = decodeURIComponent(path).split('/')
  const request: FakeRequest = {
    method: incoming.method ?? '',
    key: names.join('/'),
    query: url.searchParams,
    headers: incoming.headers as Record<string, string | undefined>,
    body: await bodyOf(incoming),
  }
  const operation = operationOf(request)
  const number = state.requests.push(`${operation} ${request.key}`)
  const fault = state.faults({ operation, key: request.key, number })
  if (fault?.kind === 'hang') return
  if (fault?.kind === 'cut-before') return void response.destroy()
  if (fault?.kind === 'slow') await sleep(fault.delay)
  const answer = answerTo(state, operation, bucket, request, fault)
  if (fault?.kind === 'cut-after') return void response.destroy()
  const { body = '' } = answer
  response.writeHead(answer.status, { 'Content-Length': Buffer.byteLength(body), ...answer.headers })
  if (fault?.kind !== 'cut-body' && fault?.kind !== 'stall-body') return void response.end(body)
  response.write(Buffer.from(body).subarray(0, fault.after), () => {
    if (fault.kind === 'cut-body') response.destroy()
  })
}

function answerTo(
  { bucket }: State,
  operation: string,
  name: string,
  request: FakeRequest,
  fault: Fault | undefined,
): FakeAnswer {
  try {
    if (fault?.kind === 'error') throw new FakeS3Error(fault.status, fault.code)
    checkAccess(request)
    if (name !== 'bucket') throw new FakeS3Error(404, 'NoSuchBucket')
    const run = OPERATIONS[operation]
    if (!run) throw new FakeS3Error(501, 'NotImplemented')
    return run(bucket, request)
  } catch (error) {
    if (!(error instanceof FakeS3Error)) throw error
    const body = request.method === 'HEAD' ? '' : xml({ Error: { Code: error.code, Message: error.message } })
    return { status: error.status, headers: fault?.kind === 'error' ? { ...fault.headers } : {}, body }
  }
}

/** Admits requests with the right access key, in a header or in a presigned URL that has not expired. */
function checkAccess({ headers, query }: FakeRequest): void {
  const credential = headers.authorization ?? query.get('X-Amz-Credential') ?? ''
  if (credential === '') throw new FakeS3Error(403, 'AccessDenied')
  if (!credential.includes(`${FAKE_CREDENTIALS.accessKeyId}/`))
    throw new FakeS3Error(403, 'InvalidAccessKeyId')
  const date = query.get('X-Amz-Date')
  if (!date) return
  const begin = date.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5')
  const end = Date.parse(begin) + Number(query.get('X-Amz-Expires')) * 1000
  if (Date.now() > end) throw new FakeS3Error(403, 'AccessDenied')
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  return Buffer.concat(chunks)
}
