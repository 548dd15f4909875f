/** Test suites that need an external program. */
import { execFile } from 'node:child_process'
import { describe, it } from 'vitest'
import type { Tool } from '../support/program.ts'

export type Run = { code: number; stdout: string; stderr: string }

/**
 * Declares a suite that needs a program. Without the program, the suite is skipped with a message, except in CI, where a
 * skipped suite would go unnoticed: there it fails.
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

/** Declares a suite that needs a program which CI may not be able to install: it is skipped there, too. */
export function describeIfThere(program: Tool, title: string, suite: () => void): void {
  if (program.found) {
    describe(title, suite)
  } else {
    const warning = `SKIPPED${process.env.CI ? ' IN CI' : ''}: ${title}`
    process.stderr.write(`\n${warning}\n  ${program.missing}\n\n`)
    describe.skip(`${title} (${program.missing})`, suite)
  }
}

/** Runs a program to its end, whatever its exit code. */
export function run(
  program: Tool,
  args: string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<Run> {
  return new Promise((done, failed) => {
    // Without the user's own settings and credentials.
    const env = { ...process.env, DOCKER_CONFIG: '/nonexistent', NO_COLOR: '1', ...options.env }
    execFile(program.path, args, { ...options, env, maxBuffer: 16 << 20 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') failed(error)
      else done({ code: error ? Number(error.code) : 0, stdout, stderr })
    })
  })
}

/** Runs a program that must succeed, and returns its stdout. */
export async function output(program: Tool, args: string[], options: { cwd?: string } = {}): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, options)
  if (code !== 0) throw new Error(`${program.name} ${args.join(' ')} ended with ${code}:\n${stderr}${stdout}`)
  return stdout
}
