/** git itself applies the patches that we write. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import { diffResources } from '../../src/package/diff/diff-resources.ts'
import type { Resources } from '../../src/package/resources.ts'
import { tool } from './program.ts'

export const git = tool('git', 'Every system has a package of it.')

export function sorted(files: Resources): [string, Buffer][] {
  return [...files]
    .map(([name, bytes]): [string, Buffer] => [name, Buffer.from(bytes)])
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

export function patchOf(before: Resources, after: Resources): string {
  const { files, truncated } = diffResources({ before, after })
  expect(truncated).toBe(false)
  return files.map(({ patch }) => patch).join('')
}

/** The files that `git apply` makes of others. */
export function applied(
  before: Resources,
  patch: string,
  flags: readonly string[] = [],
): Map<string, Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'pkgserver-test-'))
  try {
    for (const [path, content] of before) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), content)
    }
    if (patch !== '') run(folder, ['apply', ...flags, '-'], patch)
    return filesIn(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function run(folder: string, args: string[], input: string): void {
  const env = {
    PATH: process.env.PATH,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_DIR: '/nonexistent',
  }
  execFileSync(git.path, args, { cwd: folder, env, input, stdio: ['pipe', 'pipe', 'pipe'] })
}

function filesIn(folder: string): Map<string, Buffer> {
  return new Map(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => statSync(join(folder, path)).isFile())
      .sort()
      .map((path) => [path, readFileSync(join(folder, path))]),
  )
}
