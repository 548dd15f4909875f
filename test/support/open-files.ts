import { readdir, readlink } from 'node:fs/promises'

/** How many files below a folder this process has open. On Linux only. */
export async function openFiles(folder: string): Promise<number> {
  const descriptors = await readdir('/proc/self/fd')
  const paths = await Promise.all(descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')))
  return paths.filter((path) => path.startsWith(folder)).length
}
