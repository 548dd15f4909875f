/** Writing and deleting on a condition, which S3 compares and carries out in one step. */
import { randomInt, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import type { Expected } from '../blob-store.ts'
import type { Bucket } from './bucket.ts'
import { headOf, WRITE } from './head.ts'
import { isConflict, isRefused, S3Error } from './s3-error.ts'

/**
 * Whether it was written. The SDK repeats a request whose answer was lost, and its own first try can be what refuses
 * the second. Equal bytes would not tell: two may write the same, and only one may be told that it was first. So
 * each write has a name, which S3 keeps with the object. Where another write has replaced it since, it counts as not
 * done: whoever is told so has to look at what is there in any case.
 */
export async function putIf(
  bucket: Bucket,
  key: string,
  bytes: Uint8Array,
  expected: Expected,
): Promise<boolean> {
  const write = randomUUID()
  const condition = expected === null ? { IfNoneMatch: '*' } : { IfMatch: expected }
  const command = { ...bucket.at(key), Body: bytes, Metadata: { [WRITE]: write }, ...condition }
  try {
    await withoutConflicts(() =>
      bucket.send(`writing ${key}`, (client) => client.send(new PutObjectCommand(command))),
    )
    return true
  } catch (error) {
    if (!isRefused(error) && !isConflict(error)) throw error
    const head = await headOf(bucket, key)
    if (head?.write === write) return true
    // Those who were in the way for so long may all have failed.
    if (isConflict(error) && (head?.version ?? null) === expected) throw error
    return false
  }
}

/** Whether it was deleted. The caller has seen that `expected` was there. */
export async function deleteIf(bucket: Bucket, key: string, expected: string): Promise<boolean> {
  const command = { ...bucket.at(key), IfMatch: expected }
  try {
    await withoutConflicts(() =>
      bucket.send(`deleting ${key}`, (client) => client.send(new DeleteObjectCommand(command))),
    )
    return true
  } catch (error) {
    if (!isRefused(error) && !isConflict(error)) throw error
    const version = (await headOf(bucket, key))?.version
    if (isConflict(error) && version === expected) throw error
    // What is gone after several tries was deleted by the first of them, whose answer was lost.
    return version === undefined && error instanceof S3Error && error.attempts > 1
  }
}

const MAX_CONFLICTS = 5
/** In milliseconds, longer with each conflict. */
const PAUSE = 50

/** Repeats what S3 has not done because another conditional request was under way. */
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
