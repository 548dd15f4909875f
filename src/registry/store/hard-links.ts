/** Copies files as hard links, which is fast and takes no room. Only for files that are never written in place. */
import { copyFile, link, mkdir, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { mapConcurrently } from '../../core/concurrency.ts'
import { unlessMissing } from './missing-file.ts'

/** Links all files below a folder into another one. */
export async function hardLinkTree(from: string, to: string): Promise<void> {
  const entries = (await unlessMissing(readdir(from, { withFileTypes: true }))) ?? []
  await mkdir(to, { recursive: true })
  const files = entries.filter((entry) => entry.isFile())
  await mapConcurrently(files, ({ name }) => hardLinkFile(join(from, name), join(to, name)))
  for (const { name } of entries.filter((entry) => entry.isDirectory())) {
    await hardLinkTree(join(from, name), join(to, name))
  }
}

/** Links a file under a second name, or copies it where links fail. Skips a file that has since been deleted. */
export async function hardLinkFile(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'EEXIST') return
    if (code === 'ENOENT') {
      if (await unlessMissing(mkdir(dirname(to), { recursive: true }))) await unlessMissing(link(from, to))
      return
    }
    // The file system has no hard links, or the file already has as many as it allows.
    await unlessMissing(copyFile(from, to))
  }
}
