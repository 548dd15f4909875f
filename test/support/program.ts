/** Programs of others that tests and benchmarks run. They are no dependencies, so a machine may lack them. */
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'

/** Where the install scripts put them; before PATH, as what is there has the version that the tests are written for. */
const CACHE = resolve(import.meta.dirname, '../../.ci/cache/bin')

export type Tool = { name: string; found: boolean; path: string; missing: string }

/** `remedy` says how to get it. */
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
