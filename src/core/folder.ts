import { mkdir, open } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/** Creates a folder and its missing parents; their directory entries are on the disk when it resolves. */
export async function makeFolder(path: string): Promise<void> {
  const folder = resolve(path)
  const first = await mkdir(folder, { recursive: true })
  for (const changed of foldersAbove(first, folder)) await syncFolder(changed)
}

/**
 * Returns the folders that got a new entry when `mkdir` created everything from `first`, if anything, down to `last`.
 */
export function foldersAbove(first: string | undefined, last: string): string[] {
  const changed: string[] = []
  for (let made = last; first !== undefined && made.length >= first.length; made = dirname(made)) {
    changed.push(dirname(made))
  }
  return changed
}

/** Flushes a folder, so that files created, renamed or removed in it stay so after a crash. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
