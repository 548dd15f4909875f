/** Programs that interop tests drive. They are no dependencies of this project, so a machine may lack them. */
import { execFile } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { describe, it } from 'vitest'

/** Where install-tools.sh puts them; before PATH, as what is there has the version that the tests are written for. */
const CACHE = resolve(import.meta.dirname, '../../.ci/cache/bin')

export type Tool = { name: string; found: boolean; path: string; missing: string }

export type Run = { code: number; stdout: string; stderr: string }

export function tool(name: string): Tool {
  const folders = [CACHE, ...(process.env.PATH ?? '').split(delimiter).filter(Boolean)]
  const path = folders.map((folder) => join(folder, name)).find(isProgram)
  const missing = `${name} is neither in .ci/cache/bin nor in PATH. test/interop/install-tools.sh installs it.`
  return { name, found: path !== undefined, path: path ?? name, missing }
}

/**
 * A suite that needs a program. Without it the suite is skipped, and says so, but fails in CI: nobody would notice
 * there that nothing is tested any more.
 */
export function describeWith(program: Tool, title: string, suite: () => void): void {
  if (program.found) {
    describe(title, suite)
  } else if (process.env.CI) {
    describe(title, () => {
      it(`finds ${program.name}`, () => {
        throw new Error(program.missing)
      })
    })
  } else {
    process.stderr.write(`\nSKIPPED: ${title}\n  ${program.missing}\n\n`)
    describe.skip(`${title} (${program.missing})`, suite)
  }
}

/** Runs a program to its end, whatever that is. */
export function run(program: Tool, args: string[], options: { cwd?: string } = {}): Promise<Run> {
  return new Promise((done, failed) => {
    // No settings or credentials of whoever runs the tests.
    const env = { ...process.env, DOCKER_CONFIG: '/nonexistent', NO_COLOR: '1' }
    execFile(program.path, args, { ...options, env, maxBuffer: 16 << 20 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') failed(error)
      else done({ code: error ? Number(error.code) : 0, stdout, stderr })
    })
  })
}

/** Runs a program that has to succeed: what it writes to stdout. */
export async function output(program: Tool, args: string[], options: { cwd?: string } = {}): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, options)
  if (code !== 0) throw new Error(`${program.name} ${args.join(' ')} ended with ${code}:\n${stderr}${stdout}`)
  return stdout
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
