import { open, rename, rm } from 'node:fs/promises'
import type { Config } from '../config.ts'
import { AppError } from '../core/errors.ts'
import { askServer } from './ask-server.ts'

/** Downloads a backup from a running server. Throws `unavailable`. */
export async function backupByServer(listen: Config['listen']): Promise<AsyncIterable<Uint8Array>> {
  const { body } = await askServer(listen, '/backups', {})
  if (body) return body as AsyncIterable<Uint8Array>
  throw new AppError('unavailable', 'the server sent no backup')
}

/** Writes a backup to a file, which appears only when it is complete. */
export async function writeBackup(content: AsyncIterable<Uint8Array>, file: string): Promise<string> {
  const partial = `${file}.partial`
  const began = performance.now()
  let size = 0
  try {
    const handle = await open(partial, 'w', 0o600)
    try {
      for await (const chunk of content) {
        await handle.writeFile(chunk)
        size += chunk.byteLength
      }
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(partial, file)
  } catch (error) {
    await rm(partial, { force: true })
    if (error instanceof TypeError) {
      throw new AppError('unavailable', 'the server ended the backup too early: its log says why', {
        cause: error,
      })
    }
    throw error
  }
  return `wrote ${file}: ${size} bytes in ${Math.round(performance.now() - began)} ms\n`
}
