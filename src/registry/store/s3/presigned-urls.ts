import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { Bucket } from './bucket.ts'
import type { S3Options } from './s3-options.ts'

/** In seconds. A URL also expires with the credentials that signed it, as those of roles do. */
const VALID_FOR = 20 * 60

/** URLs with which anyone can download an object for a while. */
export class PresignedUrls {
  readonly #bucket: Bucket

  private constructor(bucket: Bucket) {
    this.#bucket = bucket
  }

  static async open(options: S3Options): Promise<PresignedUrls> {
    return new PresignedUrls(
      await Bucket.open({ ...options, endpoint: options.redirectEndpoint ?? options.endpoint }),
    )
  }

  async to(key: string): Promise<URL> {
    const sign = (client: S3Client) =>
      getSignedUrl(client, new GetObjectCommand(this.#bucket.at(key)), { expiresIn: VALID_FOR })
    return new URL(await this.#bucket.send(`signing a URL for ${key}`, sign))
  }

  close(): void {
    this.#bucket.close()
  }
}
