/** Programs that interop tests drive. */
import { execFile } from 'node:child_process'
import { describe, it } from 'vitest'
import type { Tool } from '../support/program.ts'

export type Run = { code: number; stdout: string; stderr: string }

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

/** The same for a program that CI cannot install: there too its suite is only skipped, and says so. */
export function describeIfThere(program: Tool, title: string, suite: () => void): void {
  if (program.found) {
    describe(title, suite)
  } else {
    const warning = `SKIPPED${process.env.CI ? ', AND NOBODY ELSE TESTS IT' : ''}: ${title}`
    process.stderr.write(`\n${warning}\n  ${program.missing}\n\n`)
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
