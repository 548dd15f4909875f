/** Applies patches with git. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import { diffResources } from '../../src/domain/diff/diff-resources.ts'
import type { PackageFiles } from '../../src/domain/package-files.ts'
import { tool } from './program.ts'

export const git = tool('git', 'Install the package git of your system.')

/** Each file with its content, and whether it is executable. */
export function sorted({ resources, executables }: PackageFiles): [string, Buffer, boolean][] {
  return [...resources]
    .map(([name, bytes]): [string, Buffer, boolean] => [name, Buffer.from(bytes), executables.has(name)])
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

export function patchOf(before: PackageFiles, after: PackageFiles): string {
  const { files, truncated } = diffResources({ before, after })
  expect(truncated).toBe(false)
  return files.map(({ patch }) => patch).join('')
}

/** The environment of git without the settings of the user. */
export const GIT_ENV = { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' }

/** Returns the files after `git apply` of a patch. */
export function applied(before: PackageFiles, patch: string, flags: readonly string[] = []): PackageFiles {
  const folder = mkdtempSync(join(tmpdir(), 'pkgserver-test-'))
  try {
    for (const [path, content] of before.resources) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), content, { mode: before.executables.has(path) ? 0o755 : 0o644 })
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

function filesIn(folder: string): PackageFiles {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort()
  return {
    resources: new Map(paths.map((path) => [path, readFileSync(join(folder, path))])),
    executables: new Set(paths.filter((path) => (statSync(join(folder, path)).mode & 0o100) !== 0)),
  }
}
