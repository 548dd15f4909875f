/** Parts of the S3 protocol that several processes on one bucket need, but not all servers implement. */
import { randomUUID } from 'node:crypto'
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import type { Bucket } from './bucket.ts'
import { headOf } from './head.ts'
import { isConflict, isRefused, S3Error } from './s3-error.ts'
import { startupError } from './startup-error.ts'

export type Capabilities = {
  /** `If-None-Match: *` keeps a PUT from replacing an object. */
  creates: boolean
  /** `If-Match` keeps a PUT from replacing another version. */
  replaces: boolean
  /** `If-Match` keeps a DELETE from removing another version. */
  deletes: boolean
  /** Comparing and writing is one step. The probe may miss that it is not, as not every race shows it. */
  atomic: boolean
  /** Lists reflect the latest writes and deletions. */
  lists: boolean
}

const ONE_PROCESS = 'Let one process alone use the bucket, or use a server that honours it.'

const WARNINGS: Record<keyof Capabilities, string> = {
  creates: `The S3 server ignores If-None-Match on PUT: if two processes create the same tag at the same time, both succeed and one of the two is lost. ${ONE_PROCESS}`,
  replaces: `The S3 server ignores If-Match on PUT: if two processes move the same tag at the same time, both succeed and one of the two moves is lost. ${ONE_PROCESS}`,
  deletes: `The S3 server ignores If-Match on DELETE: if one process moves a tag while another deletes it, the tag may be gone although the move succeeded. ${ONE_PROCESS}`,
  atomic:
    'The S3 server compares first and writes later: if two processes create or move the same tag at the same moment, both may succeed and one of the two is lost. Let one process alone use the bucket, or use a server that does both in one step.',
  lists:
    'The S3 server lists late what was written or deleted: lists of tags and referrers may lack the newest entries, and garbage collection may delete content that is in use. Use a server whose lists are consistent.',
}

/** Returns a warning for the log per missing capability: what may be lost with several processes, and what to do. */
export function capabilityWarnings(capabilities: Capabilities): string[] {
  const names = Object.keys(WARNINGS) as (keyof Capabilities)[]
  return names.filter((name) => !capabilities[name]).map((name) => WARNINGS[name])
}

/** Tests the server with keys that are deleted afterwards. Throws AppError `unavailable`. */
export async function probe(bucket: Bucket): Promise<Capabilities> {
  const key = `_probe/${randomUUID()}`
  try {
    const capabilities = await tryConditions(bucket, key)
    return { ...capabilities, atomic: !capabilities.creates || (await tryRaces(bucket, key)) }
  } catch (error) {
    throw startupError(error, bucket)
  }
}

async function tryConditions(bucket: Bucket, key: string): Promise<Omit<Capabilities, 'atomic'>> {
  const put = (text: string, condition: Condition = {}) => putWith(bucket, key, text, condition)
  const remove = (condition: Condition = {}) => removeWith(bucket, key, condition)
  const version = async () => (await headOf(bucket, key))?.version ?? ''
  try {
    await put('1')
    const listed = await bucket.isListed(key)
    const creates = await isHonoured(put('2', { IfNoneMatch: '*' }))
    const first = await version()
    const another = '"00000000000000000000000000000000"'
    const replaces =
      (await isHonoured(put('3', { IfMatch: another }))) && (await isDone(put('4', { IfMatch: first })))
    // A server that ignores the condition has replaced the first bytes by now.
    const last = await version()
    const deletes =
      (await isHonoured(remove({ IfMatch: another }))) && (await isDone(remove({ IfMatch: last })))
    if (!deletes) await remove()
    return { creates, replaces, deletes, lists: listed && !(await bucket.isListed(key)) }
  } catch (error) {
    await remove().catch(() => undefined)
    throw error
  }
}

/** The number of races to create an object, and of requests in each. */
const RACES = 4
const RACERS = 8

async function tryRaces(bucket: Bucket, key: string): Promise<boolean> {
  for (let i = 0; i < RACES; i++) {
    const contested = `${key}-${i}`
    try {
      const writes = Array.from({ length: RACERS }, (_, n) =>
        isWon(putWith(bucket, contested, String(n), { IfNoneMatch: '*' })),
      )
      const won = await Promise.all(writes)
      if (won.filter(Boolean).length > 1) return false
    } finally {
      await removeWith(bucket, contested).catch(() => undefined)
    }
  }
  return true
}

async function isWon(request: Promise<unknown>): Promise<boolean> {
  try {
    await request
    return true
  } catch (error) {
    if (isRefused(error) || isConflict(error)) return false
    throw error
  }
}

/** Returns whether a request whose condition does not hold is refused. */
async function isHonoured(request: Promise<unknown>): Promise<boolean> {
  return (await refusalOf(request))?.status === 412
}

/** Returns whether a request whose condition holds succeeds. A retry after a lost response may be refused. */
async function isDone(request: Promise<unknown>): Promise<boolean> {
  const refusal = await refusalOf(request)
  return refusal === undefined || (refusal.attempts > 1 && isRefused(refusal))
}

/** Returns the error of a refused or unsupported condition, and throws any other. */
async function refusalOf(request: Promise<unknown>): Promise<S3Error | undefined> {
  try {
    await request
    return undefined
  } catch (error) {
    const unknown = error instanceof S3Error && (error.status === 501 || error.code === 'InvalidArgument')
    if (error instanceof S3Error && (unknown || isRefused(error))) return error
    throw error
  }
}

type Condition = { IfMatch?: string; IfNoneMatch?: string }

async function putWith(bucket: Bucket, key: string, text: string, condition: Condition): Promise<void> {
  const command = new PutObjectCommand({ ...bucket.at(key), Body: Buffer.from(text), ...condition })
  await bucket.send(`writing ${key}`, (client) => client.send(command))
}

async function removeWith(bucket: Bucket, key: string, condition: Condition = {}): Promise<void> {
  const command = new DeleteObjectCommand({ ...bucket.at(key), ...condition })
  await bucket.send(`deleting ${key}`, (client) => client.send(command))
}
