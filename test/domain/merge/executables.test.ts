/** Executable bits in merges, compared with git where git is there. */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Conflict, Side } from '../../../src/domain/merge/conflict.ts'
import { type MergedPackage, mergePackage } from '../../../src/domain/merge/merge-package.ts'
import { numbered } from '../../../src/domain/merge/revision-conflict.ts'
import { editedConflicts, settleConflict } from '../../../src/domain/merge/settle-conflicts.ts'
import type { MergeStrategy } from '../../../src/domain/merge/strategy.ts'
import { type PackageFiles, patchFiles } from '../../../src/domain/package-files.ts'
import { describeWith } from '../../interop/tool.ts'
import { GIT_ENV, git } from '../../support/git.ts'
import { filesOf, textsOf } from '../../support/texts.ts'

/** The text of a file, with `*` in front if it is executable; undefined: there is no file. */
type Version = string | undefined

const PATH = 'run.sh'

function version(file: Version, path = PATH): PackageFiles {
  if (file === undefined) return filesOf({})
  return file.startsWith('*') ? filesOf({ [path]: file.slice(1) }, path) : filesOf({ [path]: file })
}

function shown({ resources, executables }: PackageFiles, path = PATH): Version {
  const text = textsOf(resources)[path]
  return executables.has(path) ? `*${text}` : text
}

type Versions = [original: Version, local: Version, upstream: Version]

function merged(versions: Versions, prefer: Side = 'local', path = PATH): MergedPackage {
  const [original, local, upstream] = versions.map((file) => version(file, path)) as [
    PackageFiles,
    PackageFiles,
    PackageFiles,
  ]
  return mergePackage({ original, local, upstream, strategy: 'resource-merge', prefer })
}

const [ONE, TWO, THREE] = ['1\n2\n3\n', '0\n2\n3\n', '1\n2\n4\n']

const CLEAN: [string, Versions, Version][] = [
  ['upstream sets the bit', [ONE, ONE, `*${ONE}`], `*${ONE}`],
  ['upstream takes the bit', [`*${ONE}`, `*${ONE}`, ONE], ONE],
  ['local sets the bit', [ONE, `*${ONE}`, ONE], `*${ONE}`],
  ['both set the bit', [ONE, `*${ONE}`, `*${ONE}`], `*${ONE}`],
  ['local sets the bit, and upstream the content', [ONE, `*${ONE}`, THREE], `*${THREE}`],
  ['local takes the bit, and upstream the content', [`*${ONE}`, ONE, `*${THREE}`], THREE],
  ['both change the content, and upstream the bit', [ONE, TWO, `*${THREE}`], '*0\n2\n4\n'],
  ['both change the content of an executable file', [`*${ONE}`, `*${TWO}`, `*${THREE}`], '*0\n2\n4\n'],
  ['upstream adds an executable file', [undefined, undefined, `*${ONE}`], `*${ONE}`],
  ['local adds an executable file', [undefined, `*${ONE}`, undefined], `*${ONE}`],
  ['both add the same executable file', [undefined, `*${ONE}`, `*${ONE}`], `*${ONE}`],
  ['upstream deletes an executable file', [`*${ONE}`, `*${ONE}`, undefined], undefined],
]

const IN_CONFLICT: [string, Versions][] = [
  ['local sets the bit of a file that upstream deletes', [ONE, `*${ONE}`, undefined]],
  ['upstream takes the bit of a file that local deletes', [`*${ONE}`, undefined, ONE]],
  ['local changes an executable file that upstream deletes', [`*${ONE}`, `*${TWO}`, undefined]],
  ['both add the file with different bits', [undefined, ONE, `*${ONE}`]],
  ['both add different files with different bits', [undefined, `*${ONE}`, TWO]],
]

describe('a merge of executable bits', () => {
  it.each(CLEAN)('is clean where %s', (_, versions, expected) => {
    for (const prefer of ['local', 'upstream'] as const) {
      const { conflicts, ...files } = merged(versions, prefer)
      expect(conflicts).toEqual([])
      expect(shown(files)).toBe(expected)
    }
  })

  it.each(IN_CONFLICT)('is a conflict where %s, and each side can be chosen', (_, versions) => {
    const [original, local, upstream] = versions
    for (const prefer of ['local', 'upstream'] as const) {
      const files = merged(versions, prefer)
      const sides = { local, upstream }
      expect(files.conflicts).toEqual([inConflict(original, local, upstream, prefer)])
      expect(shown(files)).toBe(sides[prefer])
      for (const choose of ['local', 'upstream'] as const) {
        expect(shown(settled(files, { choose }, version(upstream)))).toBe(sides[choose])
      }
    }
  })

  it('keeps the mode where another text settles the conflict', () => {
    const files = merged([`*${ONE}`, `*${TWO}`, '*9\n2\n4\n'])
    expect(files.conflicts).toMatchObject([{ field: expect.stringContaining('lines'), local: TWO }])
    expect(shown(settled(files, { value: 'x' }, version(ONE)))).toBe('*x')
    expect(shown(settled(files, { choose: 'upstream' }, version(ONE)))).toBe('*9\n2\n4\n')
    const deleted = merged([`*${ONE}`, `*${TWO}`, undefined], 'upstream')
    expect(shown(settled(deleted, { value: 'x' }, version(undefined)))).toBe('*x')
  })

  it('takes an edit of the mode for a resolution', () => {
    const files = merged([undefined, ONE, `*${ONE}`])
    const edit = (executable: boolean) => {
      const after = patchFiles(files, { changes: new Map([[PATH, { executable }]]) })
      return editedConflicts({ conflicts: numbered(files.conflicts), before: files, after })
    }
    expect(edit(true)).toEqual(['1'])
    expect(edit(false)).toEqual([])
  })

  it('has no conflict about a file of objects: that it is deleted or kept is decided by objects', () => {
    const map = (value: number) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  a: ${value}\n`
    const both = merged([undefined, map(1), `*${map(1)}`], 'upstream', 'a.yaml')
    expect([shown(both, 'a.yaml'), both.conflicts]).toEqual([`*${map(1)}`, []])
    const moved = merged([map(1), `*${map(1)}`, map(2)], 'local', 'a.yaml')
    expect([shown(moved, 'a.yaml'), moved.conflicts]).toEqual([`*${map(2)}`, []])
    const deleted = merged([map(1), undefined, `*${map(1)}`], 'local', 'a.yaml')
    expect([shown(deleted, 'a.yaml'), deleted.conflicts]).toEqual([undefined, []])
  })

  it.each<[MergeStrategy, Version, string[]]>([
    ['resource-merge', `*${ONE}`, []],
    ['fast-forward', ONE, [PATH, 'own']],
    ['force-delete-replace', ONE, []],
    ['copy-merge', ONE, []],
  ])('keeps the local bit only as far as %s keeps changes', (strategy, expected, modified) => {
    const own = { resources: new Map([...version(ONE).resources, ['own', Buffer.from('')]]) }
    const local = { ...own, executables: new Set([PATH, 'own']) }
    const result = mergePackage({
      original: version(ONE),
      local,
      upstream: version(ONE),
      strategy,
      prefer: 'local',
    })
    expect(shown(result)).toBe(expected)
    expect(result.executables.has('own')).toBe(['resource-merge', 'copy-merge'].includes(strategy))
    expect(result.modified).toEqual(modified)
  })
})

describeWith(git, 'git merge', () => {
  it.each(CLEAN)('merges in the same way where %s', (_, versions, expected) => {
    expect(byGit(versions)).toEqual({ clean: true, file: expected })
  })

  it.each(IN_CONFLICT)('has a conflict, too, where %s', (_, versions) => {
    expect(byGit(versions).clean).toBe(false)
  })
})

function inConflict(original: Version, local: Version, upstream: Version, chosen: Side): Conflict {
  const values = Object.entries({ original, local, upstream }).flatMap(([side, file]) => {
    if (file === undefined) return []
    return [[side, file.startsWith('*') ? { text: file.slice(1), executable: true } : file]]
  })
  return { path: PATH, object: null, field: '', ...Object.fromEntries(values), chosen }
}

type Choice = Parameters<typeof settleConflict>[0]['choice']

function settled(files: MergedPackage, choice: Choice, upstream: PackageFiles): PackageFiles {
  const [conflict] = numbered(files.conflicts)
  if (!conflict) throw new Error('there is no conflict')
  return settleConflict({ conflict, choice, files, upstream })
}

function byGit([original, local, upstream]: Versions): { clean: boolean; file: Version } {
  const folder = mkdtempSync(join(tmpdir(), 'pkgserver-test-'))
  const file = join(folder, PATH)
  const run = (...args: string[]) =>
    execFileSync(git.path, ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
      cwd: folder,
      env: GIT_ENV,
      stdio: 'pipe',
    })
  const commit = (content: Version) => {
    rmSync(file, { force: true })
    if (content !== undefined) {
      writeFileSync(file, content.replace('*', ''))
      chmodSync(file, content.startsWith('*') ? 0o755 : 0o644)
    }
    run('add', '-A')
    run('commit', '--allow-empty', '-qm', 'x')
  }
  try {
    run('init', '-q', '-b', 'local')
    commit(original)
    run('branch', 'upstream')
    commit(local)
    run('checkout', '-q', 'upstream')
    commit(upstream)
    run('checkout', '-q', 'local')
    try {
      run('merge', '-q', 'upstream', '-m', 'x')
    } catch {
      return { clean: false, file: undefined }
    }
    const text = run('ls-files', PATH).toString() === '' ? undefined : run('show', `HEAD:${PATH}`).toString()
    return { clean: true, file: text !== undefined && statSync(file).mode & 0o100 ? `*${text}` : text }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
