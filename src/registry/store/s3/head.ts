import { HeadObjectCommand } from '@aws-sdk/client-s3'
import type { Bucket } from './bucket.ts'
import { isMissing } from './s3-error.ts'

export type Head = {
  /** In bytes. */
  size: number
  /** In milliseconds since 1970. */
  modified: number
  version: string
  /** The id of the write that created it: see `WRITE`. */
  write: string | undefined
}

/** The metadata key for the id of a write, which tells writes of equal bytes apart. */
export const WRITE = 'write'

/** Returns undefined if there is no such object. */
export async function headOf(bucket: Bucket, key: string): Promise<Head | undefined> {
  try {
    const head = await bucket.sendAbout(key, `checking ${key}`, (client) =>
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
