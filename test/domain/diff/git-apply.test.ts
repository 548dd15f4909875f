import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { PackageFiles } from '../../../src/domain/package-files.ts'
import type { Resources } from '../../../src/domain/resources.ts'
import { describeWith } from '../../interop/tool.ts'
import { applied, git, patchOf, sorted } from '../../support/git.ts'
import { searching } from '../../support/sizes.ts'
import { filesOf, type Texts } from '../../support/texts.ts'

/** Few, so that files share some. */
const line = fc.constantFrom(
  'a',
  'b',
  'key: value',
  '',
  '- x',
  '+ y',
  '\\ z',
  '@@ -1 +1 @@',
  'é',
  '漢字',
  ' ',
  '\t',
  'a\rb',
  '--- a/x',
)
const end = fc.constantFrom('\n', '\n', '\n', '\r\n')
const text = fc
  .tuple(fc.array(fc.tuple(line, end), { maxLength: 40 }), fc.constantFrom('', '', 'no end'))
  .map(([lines, last]) => Buffer.from(lines.flat().join('') + last))
const binary = fc
  .tuple(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(Buffer.from([0]), Buffer.from([0xff])))
  .map((parts) => Buffer.concat(parts))
const content = fc.oneof({ weight: 5, arbitrary: text }, { weight: 1, arbitrary: binary })

const name = fc.constantFrom(
  'a',
  'b.yaml',
  'c',
  'with blank',
  ' b',
  'quo"te',
  'é',
  '漢字.yaml',
  'a b',
  'null',
  '🙂',
  "it's",
  '{a => b}',
  'x b',
)
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'))

type Change = {
  from: string
  to: string
  content: Buffer | undefined
  insert: string
  at: number
  remove: number
}

const change: fc.Arbitrary<Change> = fc.record({
  from: path,
  to: path,
  content: fc.option(content, { nil: undefined }),
  insert: fc.constantFrom('', 'new\n', 'a\nb\n', 'no end'),
  at: fc.nat({ max: 60 }),
  remove: fc.nat({ max: 8 }),
})

/** Writes, moves, edits and removes files, except those that would be a file and a directory at once. */
function changed(files: Resources, changes: readonly Change[]): Map<string, Uint8Array> {
  const result = new Map(files)
  for (const { from, to, content: written, insert, at, remove } of changes) {
    const old = result.get(from)
    result.delete(from)
    const now = old ? edited(old, at, remove, insert) : written
    if (now && isFree(result, to)) result.set(to, now)
  }
  return result
}

function edited(old: Uint8Array, at: number, remove: number, insert: string): Buffer {
  const rest = Buffer.from(old)
  return Buffer.concat([rest.subarray(0, at), Buffer.from(insert), rest.subarray(at + remove)])
}

function withModes(resources: Resources, paths: readonly string[]): PackageFiles {
  return { resources, executables: new Set(paths.filter((name) => resources.has(name))) }
}

function isFree(files: Resources, path: string): boolean {
  return ![...files.keys()].some((other) => other.startsWith(`${path}/`) || path.startsWith(`${other}/`))
}

const versions = fc
  .tuple(
    fc.array(change, { maxLength: 12 }),
    fc.array(change, { maxLength: 6 }),
    fc.array(path, { maxLength: 6 }),
    fc.array(path, { maxLength: 6 }),
    fc.array(path, { maxLength: 6 }),
  )
  .map(([first, second, edits, ...modes]) => {
    const before = changed(new Map(), first)
    // Edits of files that keep their name.
    const inPlace = edits.map((name, index): Change => {
      return {
        from: name,
        to: name,
        content: undefined,
        insert: `edit ${index}\n`,
        at: index * 3,
        remove: index,
      }
    })
    const after = changed(before, [...second, ...inPlace])
    return { before: withModes(before, modes[0]), after: withModes(after, modes[1]) }
  })

describeWith(git, 'git apply', () => {
  it('turns random files into their new versions, and back', () => {
    fc.assert(
      fc.property(versions, ({ before, after }) => {
        const patch = patchOf(before, after)
        expect(sorted(applied(before, patch))).toEqual(sorted(after))
        expect(sorted(applied(after, patch, ['-R']))).toEqual(sorted(before))
      }),
      searching(150),
    )
  })

  it.each([
    ['a new empty file', {}, { a: '' }],
    ['a deleted empty file', { 'x y': '' }, {}],
    ['a file that becomes empty', { a: 'x\n' }, { a: '' }],
    ['a file that gets a line feed at the end', { a: 'x' }, { a: 'x\n' }],
    ['a file that loses the line feed at its end', { a: 'x\ny\n' }, { a: 'x\ny' }],
    ['a file that becomes a directory', { a: 'x\n' }, { 'a/b': 'x\n' }],
    ['a directory that becomes a file', { 'a/b': '1\n2\n3\n4\n' }, { a: '1\n2\n3\n5\n' }],
    ['swapped names', { a: '1\n', b: '2\n' }, { a: '2\n', b: '1\n' }],
    ['text that becomes binary', { a: 'x\n' }, { a: '\0' }],
    ['line endings that become CRLF', { a: 'x\ny\n' }, { a: 'x\r\ny\r\n' }],
    ['a new byte order mark', { a: 'x\n' }, { a: '\uFEFFx\n' }],
    ['a new executable file', {}, { 'x.sh': 'x\n' }],
    ['a deleted executable file', { 'x.sh': 'x\n' }, {}],
    ['an edited executable file', { 'x.sh': 'x\n' }, { 'x.sh': 'y\n' }],
    ['a file that becomes executable with its name', { x: '1\n2\n3\n' }, { 'x.sh': '1\n2\n3\n' }],
    ['a file that becomes executable with changes', { x: '1\n2\n3\n' }, { 'x.sh': '1\n2\n4\n' }],
    ['a binary file that becomes executable with its name', { x: '\0' }, { 'x.sh': '\0' }],
  ])('applies %s', (_what, old: Texts, now: Texts) => {
    const [before, after] = [filesOf(old, 'x.sh'), filesOf(now, 'x.sh')]
    const patch = patchOf(before, after)
    expect(sorted(applied(before, patch))).toEqual(sorted(after))
    expect(sorted(applied(after, patch, ['-R']))).toEqual(sorted(before))
  })
})
