/** A second set of names for files that are never written in place: a copy that takes no room and little time. */
import { copyFile, link, mkdir, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { mapConcurrently } from '../concurrency.ts'

/** Gives all files below a folder names below another one. `skip`: names right below it that are left out. */
export async function linkTree(from: string, to: string, skip: readonly string[] = []): Promise<void> {
  const entries = (await orNothing(readdir(from, { withFileTypes: true }))) ?? []
  await mkdir(to, { recursive: true })
  const wanted = entries.filter(({ name }) => !skip.includes(name))
  const files = wanted.filter((entry) => entry.isFile())
  await mapConcurrently(files, ({ name }) => linkFile(join(from, name), join(to, name)))
  for (const { name } of wanted.filter((entry) => entry.isDirectory())) {
    await linkTree(join(from, name), join(to, name))
  }
}

/** Gives a file another name; one that is gone meanwhile gets none. */
export async function linkFile(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'EEXIST') return
    if (code === 'ENOENT') {
      if (await orNothing(mkdir(dirname(to), { recursive: true }))) await orNothing(link(from, to))
      return
    }
    // File systems without such links, or with too many of them.
    await orNothing(copyFile(from, to))
  }
}

async function orNothing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
