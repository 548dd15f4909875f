/** Applies patches with git. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import { diffResources } from '../../src/domain/diff/diff-resources.ts'
import type { Resources } from '../../src/domain/resources.ts'
import { tool } from './program.ts'

export const git = tool('git', 'Install the package git of your system.')

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

/** The environment of git without the settings of the user. */
export const GIT_ENV = { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' }

/** Returns the files after `git apply` of a patch. */
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
    if (patch !== '') apply(folder, flags, patch)
    return filesIn(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function apply(folder: string, flags: readonly string[], input: string): void {
  const env = { ...GIT_ENV, GIT_DIR: '/nonexistent' }
  execFileSync(git.path, ['apply', ...flags, '-'], { cwd: folder, env, input, stdio: 'pipe' })
}

function filesIn(folder: string): Map<string, Buffer> {
  return new Map(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => statSync(join(folder, path)).isFile())
      .sort()
      .map((path) => [path, readFileSync(join(folder, path))]),
  )
}
