/** Reads a backup as a stream of files. */
import { pipeline } from 'node:stream'
import { extract } from 'tar-stream'
import { AppError } from '../../../core/errors.ts'

export type ArchiveFile = {
  path: string
  size: number
  /** Must be read to its end before the next file. */
  content: AsyncIterable<Uint8Array>
}

/** Throws `invalid_archive` for what is not a backup, or was cut off. */
export async function* readArchive(stream: AsyncIterable<Uint8Array>): AsyncGenerator<ArchiveFile> {
  const archive = extract()
  // A failure of either ends the iteration below.
  pipeline(stream, archive, () => undefined)
  for await (const entry of checked(archive)) {
    const { name, size = 0, type } = entry.header
    if (type !== 'file') throw damaged(`${JSON.stringify(name)} is not a file`)
    yield { path: name, size, content: checked(entry as AsyncIterable<Uint8Array>) }
  }
}

async function* checked<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* items
  } catch (error) {
    // Unlike the errors of a disk, those of tar-stream have no code.
    if (!(error instanceof Error) || 'code' in error) throw error
    throw damaged(`it was cut off, or is not a tar (${error.message})`)
  }
}

export function damaged(reason: string): AppError {
  return new AppError('invalid_archive', `the file is damaged, or not a backup: ${reason}`)
}
