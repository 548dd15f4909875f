import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { s3ErrorOf } from './s3-error.ts'
import type { S3Options } from './s3-options.ts'

const CONNECTION_TIMEOUT = 5_000
const TIMEOUT = 30_000
/** Streams to slow clients hold theirs for long. */
const MAX_SOCKETS = 256
/** A request that was cut off or refused for load is sent so often at most, with growing pauses. */
const MAX_ATTEMPTS = 5

/** A bucket, or the part of one below a prefix, and the connection to it. */
export class Bucket {
  readonly name: string
  /** Empty, or with a "/" at its end. */
  readonly prefix: string
  readonly client: S3Client

  private constructor(options: S3Options, client: S3Client) {
    this.name = options.bucket
    const prefix = options.prefix.replace(/^\/+|\/+$/g, '')
    this.prefix = prefix === '' ? '' : `${prefix}/`
    this.client = client
  }

  /** Sends nothing yet. */
  static async open(options: S3Options): Promise<Bucket> {
    return new Bucket(options, await clientOf(options))
  }

  /** What names an object in a request. */
  at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.name, Key: this.prefix + key }
  }

  /** Sends a request. Throws S3Error, whose message says what was tried: `doing`. */
  async send<T>(doing: string, request: (client: S3Client) => Promise<T>): Promise<T> {
    try {
      return await request(this.client)
    } catch (error) {
      throw s3ErrorOf(error, doing)
    }
  }

  close(): void {
    this.client.destroy()
  }
}

async function clientOf(options: S3Options): Promise<S3Client> {
  const { endpoint, pathStyle = endpoint !== undefined, credentials, timeout = TIMEOUT } = options
  return new S3Client({
    ...(endpoint && { endpoint: endpoint.href }),
    ...(credentials && { credentials }),
    region: options.region ?? (await regionOfSurroundings()),
    forcePathStyle: pathStyle,
    maxAttempts: MAX_ATTEMPTS,
    // Bodies are covered by the signature anyway, and servers other than AWS do not all know the newer checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: Math.min(CONNECTION_TIMEOUT, timeout),
      // Also ends the connection of a stream that nobody reads on: whoever does later gets another one.
      socketTimeout: timeout,
      httpAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
      httpsAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
    },
  } satisfies S3ClientConfig)
}

async function regionOfSurroundings(): Promise<string> {
  const client = new S3Client({})
  try {
    return await client.config.region()
  } catch {
    return 'us-east-1'
  } finally {
    client.destroy()
  }
}
