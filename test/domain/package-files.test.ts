import { expect, it } from 'vitest'
import { overlaid, patchFiles, patchOf } from '../../src/domain/package-files.ts'
import { filesOf, textsOf } from '../support/texts.ts'

const base = filesOf({ a: '1', b: '2', run: '#!' }, 'a', 'run')

const shown = ({ resources, executables }: typeof base) => [textsOf(resources), [...executables].sort()]

it('a patch adds, replaces and deletes files, and keeps their modes where it does not name one', () => {
  const content = Buffer.from('new')
  const changes = new Map([
    ['a', null],
    ['b', { executable: true }],
    ['run', { content }],
    ['added', { content }],
    ['other', { content, executable: true }],
    ['missing', null],
  ])
  expect(shown(patchFiles(base, { changes }))).toEqual([
    { b: '2', run: 'new', added: 'new', other: 'new' },
    ['b', 'other', 'run'],
  ])
  expect(shown(base)).toEqual([{ a: '1', b: '2', run: '#!' }, ['a', 'run']])
})

it('a patch takes the mode away, and a file that comes back does not have its old one', () => {
  const plain = patchFiles(base, { changes: new Map([['run', { executable: false }]]) })
  expect(shown(plain)[1]).toEqual(['a'])
  const without = patchFiles(base, { changes: new Map([['run', null]]) })
  const again = patchFiles(without, { changes: new Map([['run', { content: Buffer.from('') }]]) })
  expect(shown(again)[1]).toEqual(['a'])
})

it('a patch needs the content of a new file', () => {
  const changes = new Map([['new', { executable: true }]])
  expect(() => patchFiles(base, { changes })).toThrow('there is no file "new" yet')
})

it('files replace others with their modes, as a patch and as a layer', () => {
  const top = filesOf({ a: 'x', b: 'y' }, 'b')
  const expected = [{ a: 'x', b: 'y', run: '#!' }, ['b', 'run']]
  expect(shown(overlaid(base, top))).toEqual(expected)
  expect(shown(patchFiles(base, patchOf(top)))).toEqual(expected)
})
