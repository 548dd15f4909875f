import { ListObjectsV2Command, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { missing, S3Error, s3ErrorOf } from './s3-error.ts'
import type { S3Options } from './s3-options.ts'

const CONNECTION_TIMEOUT = 5_000
const TIMEOUT = 30_000
/** High, because streams to slow clients hold their sockets for long. */
const MAX_SOCKETS = 256
/** Attempts, with growing pauses, for a request that is cut off or refused because of load. */
const MAX_ATTEMPTS = 5

/** A bucket, or the part of it below a prefix, with a client to access it. */
export class Bucket {
  readonly name: string
  /** Empty, or ends with "/". */
  readonly prefix: string
  readonly client: S3Client

  private constructor(options: S3Options, client: S3Client) {
    this.name = options.bucket
    const prefix = options.prefix.replace(/^\/+|\/+$/g, '')
    this.prefix = prefix === '' ? '' : `${prefix}/`
    this.client = client
  }

  /** Does not send any request. */
  static async open(options: S3Options): Promise<Bucket> {
    return new Bucket(options, await clientOf(options))
  }

  /** Returns the parameters that name an object in a request. */
  at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.name, Key: this.prefix + key }
  }

  /** Sends a request. Throws S3Error; `doing` says in its message what was attempted. */
  async send<T>(doing: string, request: (client: S3Client) => Promise<T>): Promise<T> {
    try {
      return await request(this.client)
    } catch (error) {
      throw s3ErrorOf(error, doing)
    }
  }

  /**
   * Sends a request about an object. Without permission to list the whole bucket, S3 answers 403 if there is no such
   * object; a list of its key alone then tells.
   */
  async sendAbout<T>(key: string, doing: string, request: (client: S3Client) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.send(doing, request)
      } catch (error) {
        if (!(error instanceof S3Error && error.status === 403)) throw error
        if (!(await this.isListed(key).catch(() => true))) throw missing(doing, error.attempts)
        // Another process may have written it just now.
        if (attempt === 2) throw error
      }
    }
  }

  async isListed(key: string): Promise<boolean> {
    const { Bucket, Key } = this.at(key)
    const command = new ListObjectsV2Command({ Bucket, Prefix: Key, MaxKeys: 1 })
    const { Contents = [] } = await this.send(`listing ${key}`, (client) => client.send(command))
    return Contents[0]?.Key === Key
  }

  close(): void {
    this.client.destroy()
  }
}

async function clientOf(options: S3Options): Promise<S3Client> {
  const { endpoint, pathStyle = endpoint !== undefined, credentials, timeout = TIMEOUT, proxies } = options
  const agent = { keepAlive: true, maxSockets: MAX_SOCKETS, ...(proxies && { proxyEnv: proxies }) }
  return new S3Client({
    ...(endpoint && { endpoint: endpoint.href }),
    ...(credentials && { credentials }),
    region: options.region ?? (await defaultRegion()),
    forcePathStyle: pathStyle,
    maxAttempts: MAX_ATTEMPTS,
    // The signature already covers bodies, and not all servers other than AWS know the newer checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: Math.min(CONNECTION_TIMEOUT, timeout),
      // Also closes the connection of a stream that is not being read. Reading on opens another one.
      socketTimeout: timeout,
      httpAgent: agent,
      httpsAgent: agent,
    },
  } satisfies S3ClientConfig)
}

/** Returns the region from the environment or the AWS configuration files. */
async function defaultRegion(): Promise<string> {
  const client = new S3Client({})
  try {
    return await client.config.region()
  } catch {
    return 'us-east-1'
  } finally {
    client.destroy()
  }
}
