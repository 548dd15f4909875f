/** What servers that speak S3 do not all do. */
import { randomUUID } from 'node:crypto'
import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import type { Bucket } from './bucket.ts'
import { headOf } from './head.ts'
import { isConflict, isRefused, S3Error } from './s3-error.ts'
import { startError } from './start-error.ts'

export type Abilities = {
  /** Whether it writes only where nothing is there, when asked to (`If-None-Match: *`). */
  creates: boolean
  /** Whether it replaces only what is expected, when asked to (`If-Match`). */
  replaces: boolean
  /** Whether it deletes only what is expected, when asked to (`If-Match`). */
  deletes: boolean
  /** Whether it compares and writes in one step. Where it does not, a race does not always show that. */
  atomic: boolean
  /** Whether lists have what was just written, and have not what was just deleted. */
  lists: boolean
}

const ONE_PROCESS = 'Let one process alone use the bucket, or take a server that honours it.'

const SHORTCOMINGS: Record<keyof Abilities, string> = {
  creates: `The S3 server ignores If-None-Match on PUT: of two processes that create one tag at the same time, both are told that they did, and one of the two is lost. ${ONE_PROCESS}`,
  replaces: `The S3 server ignores If-Match on PUT: of two processes that move one tag at the same time, both are told that they did, and one of the two moves is lost. ${ONE_PROCESS}`,
  deletes: `The S3 server ignores If-Match on DELETE: a tag that one process moves while another deletes it may be gone although it was moved. ${ONE_PROCESS}`,
  atomic:
    'The S3 server compares first and writes later: of two processes that create or move one tag at the same moment, both may be told that they did, and one of the two is lost. Let one process alone use the bucket, or take a server that does both in one step.',
  lists:
    'The S3 server lists late what was written or deleted: lists of tags and referrers may lack the newest, and what is in use may be taken for unused. Take a server whose lists are up to date.',
}

/** In sentences for the log: what may be lost with several processes, and what to do. None where all is well. */
export function shortcomingsOf(abilities: Abilities): string[] {
  const names = Object.keys(SHORTCOMINGS) as (keyof Abilities)[]
  return names.filter((name) => !abilities[name]).map((name) => SHORTCOMINGS[name])
}

/** Finds out by trying, on keys of its own, which are gone afterwards. Throws AppError `unavailable`. */
export async function probe(bucket: Bucket): Promise<Abilities> {
  const key = `_probe/${randomUUID()}`
  try {
    const abilities = await tryConditions(bucket, key)
    return { ...abilities, atomic: !abilities.creates || (await tryRaces(bucket, key)) }
  } catch (error) {
    throw startError(error, bucket)
  }
}

async function tryConditions(bucket: Bucket, key: string): Promise<Omit<Abilities, 'atomic'>> {
  const put = (text: string, condition: Condition = {}) => putWith(bucket, key, text, condition)
  const remove = (condition: Condition = {}) => removeWith(bucket, key, condition)
  const version = async () => (await headOf(bucket, key))?.version ?? ''
  try {
    await put('1')
    const listed = await isListed(bucket, key)
    const creates = await isHonoured(put('2', { IfNoneMatch: '*' }))
    const first = await version()
    const another = '"00000000000000000000000000000000"'
    const replaces =
      (await isHonoured(put('3', { IfMatch: another }))) && (await isDone(put('4', { IfMatch: first })))
    // Where it is not honoured, something else than the first bytes is there by now.
    const last = await version()
    const deletes =
      (await isHonoured(remove({ IfMatch: another }))) && (await isDone(remove({ IfMatch: last })))
    if (!deletes) await remove()
    return { creates, replaces, deletes, lists: listed && !(await isListed(bucket, key)) }
  } catch (error) {
    await remove().catch(() => undefined)
    throw error
  }
}

/** How often, and how many at a time, try to create one object. */
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

/** Whether a request whose condition does not hold is refused for that. */
async function isHonoured(request: Promise<unknown>): Promise<boolean> {
  return (await refusalOf(request))?.status === 412
}

/** Whether one whose condition holds is done. It may be repeated after its answer was lost, and refused then. */
async function isDone(request: Promise<unknown>): Promise<boolean> {
  const refusal = await refusalOf(request)
  return refusal === undefined || (refusal.attempts > 1 && isRefused(refusal))
}

/** Throws what has nothing to do with the condition. */
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

async function isListed(bucket: Bucket, key: string): Promise<boolean> {
  const Prefix = bucket.prefix + key
  const { Contents = [] } = await bucket.send('listing', (client) =>
    client.send(new ListObjectsV2Command({ Bucket: bucket.name, Prefix })),
  )
  return Contents.length > 0
}
