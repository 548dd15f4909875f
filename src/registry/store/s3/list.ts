import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import type { Child, Page } from '../blob-store.ts'
import { pageOf } from '../page.ts'
import type { Bucket } from './bucket.ts'
import { S3Error } from './s3-error.ts'

/** The most that S3 returns in one response. */
const MAX_KEYS = 1000

/** The error for a server that returns the same page again and again. */
export function endless(what: string): S3Error {
  return new S3Error(`S3: listing ${what} failed: its pages never end`, { code: 'endless pages' })
}

/** Lists the direct children of a folder: see `BlobStore.list`. */
export async function listFolder(bucket: Bucket, folder: string, page: Page = {}): Promise<Child[]> {
  const { after, limit = Number.POSITIVE_INFINITY } = page
  const prefix = `${bucket.prefix}${folder}/`
  const children = new Map<string, Child>()
  let token: string | undefined
  do {
    const command = new ListObjectsV2Command({
      Bucket: bucket.name,
      Prefix: prefix,
      Delimiter: '/',
      MaxKeys: Math.min(MAX_KEYS, Math.max(1, limit - children.size)),
      ...(after !== undefined && { StartAfter: prefix + after }),
      ...(token !== undefined && { ContinuationToken: token }),
    })
    const answer = await bucket.send(`listing ${folder}`, (client) => client.send(command))
    for (const { Key = '' } of answer.Contents ?? []) {
      const name = Key.slice(prefix.length)
      // Some programs create an object with the name of the folder itself.
      if (name !== '') children.set(name, { name, folder: false })
    }
    for (const { Prefix = '' } of answer.CommonPrefixes ?? []) {
      const name = Prefix.slice(prefix.length, -1)
      children.set(name, { name, folder: true })
    }
    const next = answer.IsTruncated ? answer.NextContinuationToken : undefined
    if (next !== undefined && next === token) throw endless(folder)
    token = next
  } while (token !== undefined && children.size < limit)
  // Sorted again, because S3 sorts a folder by its name with the "/": "a/" comes after "a-b".
  return pageOf([...children.values()], page)
}
