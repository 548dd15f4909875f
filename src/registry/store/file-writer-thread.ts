/** The worker thread of file-writer.ts. */
import {
  closeSync,
  existsSync,
  fdatasync,
  fsync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { type MessagePort, parentPort, receiveMessageOnPort } from 'node:worker_threads'
import { foldersAbove } from '../../core/folder.ts'
import type { Expected } from './blob-store.ts'
import type { Request, Response, WriteJob, WriteOutcome } from './file-writer.ts'
import { isMissingFile } from './missing-file.ts'
import { versionOf } from './version.ts'

const syncFile = promisify(fdatasync)
const syncDescriptor = promisify(fsync)

/** A job of the batch in progress. */
type Progress = Request & { file?: number; outcome?: WriteOutcome }

const port = parentPort as MessagePort
let queue: Request[] = []
let busy = false

port.on('message', (requests: Request[]) => {
  queue.push(...requests)
  if (!busy) void run()
})

async function run(): Promise<void> {
  busy = true
  while (queue.length > 0) {
    for (let more = receiveMessageOnPort(port); more; more = receiveMessageOnPort(port)) {
      queue.push(...more.message)
    }
    const batch: Progress[] = queue
    queue = []
    // A failed sync leaves unknown which of the writes are on disk, so it fails them all.
    const failedAll = await write(batch).then(() => undefined, failure)
    const response: Response = batch.map(({ id, outcome = { done: true } }) => ({
      id,
      outcome: 'done' in outcome && failedAll ? failedAll : outcome,
    }))
    port.postMessage(response)
  }
  busy = false
}

/** Syncs are shared by the whole batch; renames and deletions happen in the order of the jobs. */
async function write(batch: Progress[]): Promise<void> {
  for (const entry of batch) attempt(entry, () => writeTemporary(entry))
  await Promise.all(batch.map((entry) => syncTemporary(entry)))
  for (const entry of batch) {
    if (entry.outcome) continue
    attempt(entry, () => changeName(entry))
  }
  await syncDirectories()
}

/** Directories whose entries may not be on disk yet: nothing is acknowledged until they are. */
const inDoubt = new Set<string>()

/** Throws if a directory of this batch or an earlier one could not be synced. */
async function syncDirectories(): Promise<void> {
  const results = await Promise.allSettled([...inDoubt].map(syncDirectory))
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
}

function writeTemporary(entry: Progress): void {
  const { job } = entry
  // An empty file is only a name, which is synced with its directory.
  if (job.kind !== 'put' || job.bytes.byteLength === 0) return
  entry.file = openSync(job.temporary, 'wx')
  writeFileSync(entry.file, job.bytes)
}

async function syncTemporary(entry: Progress): Promise<void> {
  if (entry.file === undefined) return
  try {
    if (!entry.outcome) await syncFile(entry.file)
  } catch (error) {
    entry.outcome = failure(error)
  } finally {
    closeSync(entry.file)
  }
  if (entry.outcome) dropTemporary(entry.job)
}

function changeName(entry: Progress): void {
  const { job } = entry
  if (!isExpected(job)) {
    entry.outcome = { done: false }
    dropTemporary(job)
    return
  }
  if (job.kind === 'delete') {
    entry.outcome = { done: unlinkIfThere(job.path) }
    if (!entry.outcome.done) return
  } else {
    // Creating an empty file is atomic, so it needs no temporary file.
    const empty = job.kind === 'put' && job.bytes.byteLength === 0
    const change = empty
      ? () => closeSync(openSync(job.path, 'w'))
      : () => renameSync(job.temporary, job.path)
    withDirectory(dirname(job.path), change)
  }
  inDoubt.add(dirname(job.path))
}

/** This thread is the only writer and changes one name at a time, so the check still holds when the name changes. */
function isExpected(job: WriteJob): boolean {
  if (job.kind === 'move' || job.expected === undefined) return true
  return currentVersion(job.path) === job.expected
}

function currentVersion(path: string): Expected {
  try {
    return versionOf(readFileSync(path))
  } catch (error) {
    if (isMissingFile(error)) return null
    throw error
  }
}

/** Creates missing directories. Each is a new entry in the one above it, which must then be synced, too. */
function withDirectory(directory: string, change: () => void): void {
  try {
    change()
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    const first = mkdirSync(directory, { recursive: true })
    for (const changed of foldersAbove(first, directory)) inDoubt.add(changed)
    change()
  }
}

async function syncDirectory(directory: string): Promise<void> {
  if (!existsSync(directory)) {
    inDoubt.delete(directory)
    return
  }
  const file = openSync(directory, 'r')
  try {
    await syncDescriptor(file)
    inDoubt.delete(directory)
  } finally {
    closeSync(file)
  }
}

function unlinkIfThere(path: string): boolean {
  try {
    unlinkSync(path)
    return true
  } catch (error) {
    if (isMissingFile(error)) return false
    throw error
  }
}

function attempt(entry: Progress, step: () => void): void {
  try {
    step()
  } catch (error) {
    entry.outcome = failure(error)
    dropTemporary(entry.job)
  }
}

function dropTemporary(job: WriteJob): void {
  if (job.kind === 'put') rmSync(job.temporary, { force: true })
}

function failure(error: unknown): WriteOutcome {
  return { code: codeOf(error), message: (error as Error).message }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN'
}
