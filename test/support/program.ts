/** External programs that tests and benchmarks run. They are not dependencies, so a machine may lack them. */
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'

/** The folder of the install scripts. It precedes PATH, because it has the versions that the tests expect. */
const CACHE = resolve(import.meta.dirname, '../../.ci/cache/bin')

export type Tool = { name: string; found: boolean; path: string; missing: string }

/** Finds a program. `remedy` says how to install it. */
export function tool(name: string, remedy = 'test/interop/install-tools.sh installs it.'): Tool {
  const folders = [CACHE, ...(process.env.PATH ?? '').split(delimiter).filter(Boolean)]
  const path = folders.map((folder) => join(folder, name)).find(isProgram)
  const missing = `${name} is neither in .ci/cache/bin nor in PATH. ${remedy}`
  return { name, found: path !== undefined, path: path ?? name, missing }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
