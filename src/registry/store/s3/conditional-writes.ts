/** Conditional writes and deletions, which S3 compares and carries out in one step. */
import { randomInt, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { DeleteObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import type { Expected } from '../blob-store.ts'
import type { Bucket } from './bucket.ts'
import { headOf, WRITE } from './head.ts'
import { isConflict, isRefused, S3Error } from './s3-error.ts'

/**
 * Returns whether the object was written. The SDK retries a request whose response was lost, and such a retry can be
 * refused because the first attempt has succeeded. Comparing bytes would not tell: two writers may write the same, and
 * only one of them was first. So every write has an id, which S3 stores as metadata of the object. A write that another
 * one has replaced since counts as not done: its caller must read the object again in any case.
 */
export async function putIf(
  bucket: Bucket,
  key: string,
  bytes: Uint8Array,
  expected: Expected,
): Promise<boolean> {
  const write = randomUUID()
  const doing = `writing ${key}`
  const condition = expected === null ? { IfNoneMatch: '*' } : { IfMatch: expected }
  const command = { ...bucket.at(key), Body: bytes, Metadata: { [WRITE]: write }, ...condition }
  try {
    const send = (client: S3Client) => client.send(new PutObjectCommand(command))
    await withoutConflicts(() =>
      expected === null ? bucket.send(doing, send) : bucket.sendAbout(key, doing, send),
    )
    return true
  } catch (error) {
    if (!isRefused(error) && !isConflict(error)) throw error
    const head = await headOf(bucket, key)
    if (head?.write === write) return true
    // All the conflicting requests may have failed, so a retry may still succeed.
    if (isConflict(error) && (head?.version ?? null) === expected) throw error
    return false
  }
}

/** Returns whether the object was deleted. The caller has just read the version `expected`. */
export async function deleteIf(bucket: Bucket, key: string, expected: string): Promise<boolean> {
  const command = { ...bucket.at(key), IfMatch: expected }
  try {
    await withoutConflicts(() =>
      bucket.sendAbout(key, `deleting ${key}`, (client) => client.send(new DeleteObjectCommand(command))),
    )
    return true
  } catch (error) {
    if (!isRefused(error) && !isConflict(error)) throw error
    const version = (await headOf(bucket, key))?.version
    if (isConflict(error) && version === expected) throw error
    // If the object is gone after a retry, an earlier attempt deleted it and its response was lost.
    return version === undefined && error instanceof S3Error && error.attempts > 1
  }
}

const MAX_CONFLICTS = 5
/** The longest pause after the first conflict, in milliseconds. It grows with each further one. */
const PAUSE = 50

/** Retries a request that S3 refused because another conditional request was in progress. */
async function withoutConflicts<T>(work: () => Promise<T>): Promise<T> {
  for (let conflicts = 1; ; conflicts++) {
    try {
      return await work()
    } catch (error) {
      if (!isConflict(error) || conflicts === MAX_CONFLICTS) throw error
      await sleep(randomInt(PAUSE * conflicts) + 1)
    }
  }
}
