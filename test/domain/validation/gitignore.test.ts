import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Budget, BudgetError, GitIgnore } from '../../../src/domain/validation/gitignore.ts'
import { GIT_ENV } from '../../support/git.ts'
import { RUNS } from '../../support/sizes.ts'
import { temporaryFolder } from '../../support/temporary.ts'

function parse(text: string): GitIgnore {
  return new GitIgnore(text, new Budget(1_000_000))
}

describe('GitIgnore', () => {
  it.each<[string, string[], string[]]>([
    ['foo', ['foo', 'a/foo', 'foo/b'], ['foobar', 'a/xfoo']],
    ['/foo', ['foo', 'foo/b'], ['a/foo']],
    ['a/b', ['a/b', 'a/b/c'], ['x/a/b', 'a/bc']],
    ['foo/', ['foo/a', 'x/foo/a'], ['foo', 'x/foo']],
    ['*.yaml', ['a.yaml', 'x/b.yaml'], ['a.yml', 'A.YAML']],
    ['a/*.yaml', ['a/b.yaml'], ['a/b/c.yaml', 'x/a/b.yaml']],
    ['**/foo', ['foo', 'a/foo', 'a/b/foo/c'], ['foobar']],
    ['foo/**', ['foo/a', 'foo/a/b'], ['foo', 'a/foo/b']],
    ['a/**/b', ['a/b', 'a/x/b', 'a/x/y/b/c'], ['a/xb', 'x/a/b']],
    ['?a[b-d]', ['xab', 'y/zad'], ['ab', 'xae', 'xab1']],
    ['[!a]x', ['bx'], ['ax', 'x']],
    ['a[]-]b', ['a]b', 'a-b'], ['axb']],
    ['[[:digit:]x]*', ['1a', 'xa'], ['ya', ':a']],
    ['[[:nonsense:]]', [], ['n', ':', '[']],
    ['a\\', [], ['a', 'a\\']],
    ['[a', [], ['[a', 'a']],
    ['*.yaml\n!keep.yaml', ['a.yaml'], ['keep.yaml', 'x/keep.yaml']],
    ['dir/\n!dir/keep', ['dir/keep'], []],
    ['# comment\n\n  \nfoo', ['foo'], ['# comment', ' ']],
    ['\\#a\n\\!b', ['#a', '!b'], []],
    ['a\\*b', ['a*b'], ['axb']],
    ['trailing   ', ['trailing'], ['trailing   ']],
    ['escaped\\ ', ['escaped '], ['escaped']],
    ['crlf\r\n*.md\r\n', ['crlf', 'a.md'], []],
  ])('applies %j', (text, ignored, taken) => {
    const rules = parse(text)
    for (const path of ignored) expect(rules.ignores(path), path).toBe(true)
    for (const path of taken) expect(rules.ignores(path), path).toBe(false)
  })

  it('agrees with git', async () => {
    const folder = await temporaryFolder()
    execFileSync('git', ['init', '-q'], { cwd: folder, env: GIT_ENV })
    const name = fc.stringMatching(/^[ab.]{1,3}$/).filter((text) => !/^\.+$/.test(text))
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'))
    // `**` only as a whole name, since its meaning elsewhere depends on the position of the first wildcard.
    const names = fc.constantFrom(
      'a',
      'b',
      'ab',
      '*',
      '**',
      '?',
      'a*',
      '*b',
      'a?',
      '[ab]',
      '[!a]*',
      '.*',
      'a*b*',
      '[[:alpha:]]',
      '[![:alpha:]]?',
      '[[:punct:]b]*',
      '[[:a]',
      'a\\',
      '\\a',
    )
    const pattern = fc
      .tuple(fc.array(names, { minLength: 1, maxLength: 4 }), fc.constantFrom('', '', '/'))
      .map(([parts, end]) => parts.join('/') + end)
    const line = fc.tuple(fc.constantFrom('', '', '!', '/'), pattern).map((parts) => parts.join(''))
    const cases = fc.sample(
      fc.tuple(
        fc.array(line, { minLength: 1, maxLength: 4 }),
        fc.uniqueArray(path, { minLength: 5, maxLength: 20 }),
      ),
      150 * RUNS,
    )
    // A folder for each, so that one process of git answers for all.
    const found = cases.flatMap(([lines, paths], at) => {
      const text = `${lines.join('\n')}\n`
      mkdirSync(join(folder, `${at}`))
      writeFileSync(join(folder, `${at}/.gitignore`), text)
      const rules = parse(text)
      return paths.map((candidate) => ({
        text,
        path: `${at}/${candidate}`,
        ignored: rules.ignores(candidate),
      }))
    })
    const byGit = new Set(
      ignoredByGit(
        folder,
        found.map((one) => one.path),
      ),
    )
    for (const { text, path: candidate, ignored } of found) {
      expect(ignored, `${candidate} by\n${text}`).toBe(byGit.has(candidate))
    }
    expect(byGit.size).toBeGreaterThan(cases.length)
  })

  it.each([
    [
      'stars that nearly match',
      Array(160)
        .fill(`*${'a'.repeat(99)}b`)
        .join('\n'),
    ],
    ['classes', `[${'a-b'.repeat(5000)}]*c`],
    ['many lines', 'b\n'.repeat(8000)],
  ])('stops patterns that take too long: %s', (_, text) => {
    const rules = parse(text)
    const match = () => {
      for (let i = 0; i < 1000; i++) rules.ignores(`${'a/'.repeat(20)}${'a'.repeat(200)}${i}`)
    }
    expect(match).toThrow(BudgetError)
  })
})

function ignoredByGit(folder: string, paths: string[]): string[] {
  try {
    const input = `${paths.join('\n')}\n`
    return execFileSync('git', ['check-ignore', '--no-index', '--stdin'], {
      cwd: folder,
      env: GIT_ENV,
      input,
      encoding: 'utf8',
    })
      .split('\n')
      .filter(Boolean)
  } catch (error) {
    // It exits with 1 if it ignores none of them.
    if ((error as { status?: number }).status === 1) return []
    throw error
  }
}
