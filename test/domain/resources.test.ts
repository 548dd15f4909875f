import { describe, expect, it } from 'vitest'
import { checkResources, pathProblem, withoutDotSlash } from '../../src/domain/resources.ts'

const bytes = (text: string) => Buffer.from(text)

describe('pathProblem', () => {
  it.each([
    'a',
    'a/b.yaml',
    'Kptfile',
    '.krmignore',
    'with space/ä ö.txt',
    'a..',
    '..a',
    'a..b/c',
    '...',
    '-',
    '__proto__',
    'x'.repeat(255),
  ])('accepts %j', (path) => expect(pathProblem(path)).toBeUndefined())

  it.each([
    ['', 'empty'],
    ['/a', 'absolute'],
    ['a\\b', 'backslash'],
    ['..', 'leave'],
    ['../a', 'leave'],
    ['a/../b', 'leave'],
    ['a/..', 'leave'],
    ['a../b', 'ends in'],
    ['./a', '"."'],
    ['a/./b', '"."'],
    ['a//b', 'empty segment'],
    ['a/', 'empty segment'],
    ['a\0b', 'control'],
    ['a\nb', 'control'],
    ['.wh.a', '.wh.'],
    ['a/.wh..wh..opq', '.wh.'],
    ['\ud800', 'Unicode'],
    ['x'.repeat(256), '255'],
    [Array(60).fill('abcdefghijklmnopqrstuvwxyz').join('/'), '1024'],
    [Array(65).fill('a').join('/'), 'deeper than 64'],
  ])('refuses %j', (path, reason) => expect(pathProblem(path)).toContain(reason))
})

describe('withoutDotSlash', () => {
  it.each([
    ['./a', 'a'],
    ['.//./a/./b', 'a/./b'],
    ['./', ''],
    ['/a', '/a'],
    ['.a', '.a'],
    ['../a', '../a'],
    [`${'./'.repeat(20_000_000)}a`, 'a'],
  ])('shortens case %#', (path, expected) => expect(withoutDotSlash(path)).toBe(expected))
})

describe('checkResources', () => {
  it.each([
    [['a', 'a/b'], 'a'],
    [['a/b/c', 'a/b'], 'a/b'],
  ])('refuses a file that is also a directory: %j', (paths, clash) => {
    const files = new Map(paths.map((path) => [path, bytes('')]))
    expect(() => checkResources(files, { maxBytes: 1, maxFiles: 9 })).toThrow(
      `"${clash}" is both a file and a directory`,
    )
  })

  it('accepts a file whose name begins like that of a directory', () => {
    const files = new Map([
      ['a', bytes('')],
      ['ab/c', bytes('')],
    ])
    expect(() => checkResources(files, { maxBytes: 1, maxFiles: 9 })).not.toThrow()
  })

  it('limits directories, which cost as much as files', () => {
    const files = new Map([
      ['a/b/c', bytes('')],
      ['a/d/e', bytes('')],
    ])
    expect(() => checkResources(files, { maxBytes: 1, maxFiles: 3 })).not.toThrow()
    expect(() => checkResources(files, { maxBytes: 1, maxFiles: 2 })).toThrow(/more than 2 directories/)
  })

  it('limits the number of files and their size', () => {
    const files = new Map([
      ['a', bytes('123')],
      ['b', bytes('45')],
    ])
    expect(() => checkResources(files, { maxBytes: 5, maxFiles: 2 })).not.toThrow()
    expect(() => checkResources(files, { maxBytes: 4, maxFiles: 2 })).toThrow(/more than 4 bytes/)
    expect(() => checkResources(files, { maxBytes: 5, maxFiles: 1 })).toThrow(/more than 1 files/)
  })
})
