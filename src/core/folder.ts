import type { Stats } from 'node:fs'
import { mkdir, open, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/**
 * Creates a folder and its missing parents; their directory entries are on the disk when it resolves. Not with the
 * `recursive` of Node, which never ends where a file system has a folder and says that it has none, as /proc does.
 */
export async function makeFolder(path: string): Promise<void> {
  const folder = resolve(path)
  const above = dirname(folder)
  if ((await unlessMissing(folder))?.isDirectory()) return
  if (above !== folder) await makeFolder(above)
  await mkdir(folder).catch(async (error) => {
    // Another process may have made it just now.
    if (!(await unlessMissing(folder))?.isDirectory()) throw error
  })
  await syncFolder(above)
}

async function unlessMissing(path: string): Promise<Stats | undefined> {
  return stat(path).catch(() => undefined)
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
