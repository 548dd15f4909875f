/** A data folder belongs to one process at a time. If that is a server, a file in it says how to reach it. */
import { existsSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { AppError } from '../core/errors.ts'
import { makeFolder } from '../core/folder.ts'
import { lockFolder } from '../database/sqlite/folder-lock.ts'
import { indexFile } from '../database/sqlite/index-file.ts'

const addressSchema = z.object({
  /** Where the machine of the server reaches it. */
  url: z.url(),
  /** The header `Pkgserver-Instance` of its `/healthz`, and of no other server's. */
  instance: z.string(),
  /** Of an admin, for commands of those who can read the folder. */
  token: z.string(),
})

export type ServerAddress = z.infer<typeof addressSchema>

export function hasData(folder: string): boolean {
  return existsSync(indexFile(folder))
}

/** Creates the folder if it is missing, and locks it. Throws `FolderInUseError`. */
export async function takeDataFolder(folder: string): Promise<{ release: () => void }> {
  await makeFolder(folder)
  const lock = lockFolder(folder)
  // Left by an earlier process, or copied along with another folder.
  await rm(addressFile(folder), { force: true })
  return lock
}

/** Called by the server that has taken the folder. */
export async function writeAddress(folder: string, address: ServerAddress): Promise<void> {
  await writeFile(addressFile(folder), `${JSON.stringify(address)}\n`, { mode: 0o600 })
}

/** undefined if the process that has the folder is not a server, or has not started yet. Throws `unavailable`. */
export async function readAddress(folder: string): Promise<ServerAddress | undefined> {
  try {
    return addressSchema.parse(JSON.parse(await readFile(addressFile(folder), 'utf8')))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') return undefined
    throw new AppError(
      'unavailable',
      `a server of another user is using ${folder}: run this command as that user, who alone can read ${addressFile(folder)}`,
      { cause: error },
    )
  }
}

function addressFile(folder: string): string {
  return join(folder, 'server.json')
}
