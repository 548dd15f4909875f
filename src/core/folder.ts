import { mkdir, open } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/** Makes a folder, with those above it, where it is missing. Their names are on the disk when it resolves. */
export async function makeFolder(path: string): Promise<void> {
  const folder = resolve(path)
  const first = await mkdir(folder, { recursive: true })
  for (const changed of foldersAbove(first, folder)) await syncFolder(changed)
}

/** The folders that have a new name in them after `mkdir` made all from `first`, if any, down to `last`. */
export function foldersAbove(first: string | undefined, last: string): string[] {
  const changed: string[] = []
  for (let made = last; first !== undefined && made.length >= first.length; made = dirname(made)) {
    changed.push(dirname(made))
  }
  return changed
}

/** What was renamed, made or removed in a folder is on the disk when it resolves. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
