import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import type { Child, Page } from '../blob-store.ts'
import { pageOf } from '../page.ts'
import type { Bucket } from './bucket.ts'

/** As many as S3 answers at once. */
const MAX_KEYS = 1000

/** What stands right below a folder, as BlobStore has it. */
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
      // An object of the folder's own name is what some programs leave for a folder.
      if (name !== '') children.set(name, { name, folder: false })
    }
    for (const { Prefix = '' } of answer.CommonPrefixes ?? []) {
      const name = Prefix.slice(prefix.length, -1)
      children.set(name, { name, folder: true })
    }
    token = answer.IsTruncated ? answer.NextContinuationToken : undefined
  } while (token !== undefined && children.size < limit)
  // S3 puts a folder where its keys with their "/" are: behind "a-b" for "a".
  const sorted = [...children.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  return pageOf(sorted, page)
}
