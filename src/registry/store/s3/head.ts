import { HeadObjectCommand } from '@aws-sdk/client-s3'
import type { Bucket } from './bucket.ts'
import { isMissing } from './s3-error.ts'

export type Head = {
  /** In bytes. */
  size: number
  /** In milliseconds since 1970. */
  modified: number
  version: string
  /** Of the write that it is from; see `WRITE`. */
  write: string | undefined
}

/** The name of the metadata that tells the writes of one content apart. */
export const WRITE = 'write'

/** undefined where there is nothing. */
export async function headOf(bucket: Bucket, key: string): Promise<Head | undefined> {
  try {
    const head = await bucket.send(`asking about ${key}`, (client) =>
      client.send(new HeadObjectCommand(bucket.at(key))),
    )
    return {
      size: head.ContentLength ?? 0,
      modified: head.LastModified?.getTime() ?? 0,
      version: head.ETag ?? '',
      write: head.Metadata?.[WRITE],
    }
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
