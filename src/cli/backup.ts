import { randomUUID } from 'node:crypto'
import { createWriteStream, fstatSync, type Stats } from 'node:fs'
import { lstat, readlink, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { AppError } from '../core/errors.ts'
import { askServer, type FoundServer } from './ask-server.ts'

/** Downloads a backup from a running server. Throws `unavailable`. */
export async function* backupByServer(server: FoundServer): AsyncGenerator<Uint8Array> {
  const response = await askServer(server, '/backups', {})
  try {
    yield* response as AsyncIterable<Uint8Array>
  } catch (cause) {
    throw new AppError('unavailable', 'the server ended the backup too early: its log says why', { cause })
  }
}

/** `temporary`: the file that is renamed to `path` when it is complete. */
type Target =
  | { kind: 'stdout' }
  | { kind: 'stream'; path: string }
  | { kind: 'file'; path: string; temporary: string }

export type Written = { onStdout: boolean; text: string }

/**
 * Writes a backup to a file, which appears only when it is complete; to a pipe or a device as it comes; or to standard
 * output for `-`.
 */
export async function writeBackup(
  makeContent: () => AsyncIterable<Uint8Array> | Promise<AsyncIterable<Uint8Array>>,
  file: string,
): Promise<Written> {
  // Before the work of making one.
  const target = await targetOf(file)
  const began = performance.now()
  let size = 0
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of await makeContent()) {
      size += chunk.byteLength
      yield chunk
    }
  }
  await send(counted, target)
  const onStdout = target.kind === 'stdout'
  const text = `wrote ${onStdout ? 'the backup' : file}: ${size} bytes in ${Math.round(performance.now() - began)} ms\n`
  return { onStdout, text }
}

async function send(content: () => AsyncGenerator<Uint8Array>, target: Target): Promise<void> {
  if (target.kind === 'stdout') return pipeline(content, process.stdout, { end: false })
  if (target.kind === 'stream') return pipeline(content, createWriteStream(target.path))
  const { path, temporary } = target
  try {
    await pipeline(content, createWriteStream(temporary, { mode: 0o600, flush: true, flags: 'wx' }))
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

async function targetOf(file: string): Promise<Target> {
  if (file === '-') return { kind: 'stdout' }
  if (file === '') throw new AppError('invalid', 'the name of the file is empty; - is standard output')
  const found = await unlessMissing(stat(file))
  if (found?.isDirectory()) throw new AppError('invalid', `${file} is a folder: name a file in it`)
  if (found && isStdout(found)) return { kind: 'stdout' }
  const link = await unlessMissing(lstat(file))
  if (found && !found.isFile()) return { kind: 'stream', path: file }
  // A link stays one.
  const path = found ? await realpath(file) : link ? resolve(dirname(file), await readlink(file)) : file
  // Of its own, as another backup to the same file may be in progress.
  return { kind: 'file', path, temporary: `${path}.partial-${randomUUID().slice(0, 8)}` }
}

/** As `/dev/stdout` is, whatever that leads to. */
function isStdout({ dev, ino }: Stats): boolean {
  const stdout = fstatSync(1)
  return stdout.dev === dev && stdout.ino === ino
}

async function unlessMissing(found: Promise<Stats>): Promise<Stats | undefined> {
  try {
    return await found
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
