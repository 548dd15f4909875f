import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Returns the version of this program. */
export async function version(): Promise<string> {
  const text = await readFile(join(import.meta.dirname, '../../package.json'), 'utf8')
  return JSON.parse(text).version
}
