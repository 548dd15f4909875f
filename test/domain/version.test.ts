import { describe, expect, it } from 'vitest'
import { parseVersion, versionsClash } from '../../src/domain/version.ts'

describe('parseVersion', () => {
  it.each([
    ['1.17.0', '1.17.0', 0],
    ['1.17.0+2', '1.17.0', 2],
    ['1.17.0+10', '1.17.0', 10],
    ['1.0.0-rc.1', '1.0.0-rc.1', 0],
    ['1.0.0-rc.1+3', '1.0.0-rc.1', 3],
    ['0.0.0+0', '0.0.0', 0],
  ])('accepts %s', (text, base, build) => expect(parseVersion(text)).toEqual({ text, base, build }))

  it.each([
    '',
    '1',
    '1.2',
    'v1.2.3',
    '=1.2.3',
    ' 1.2.3',
    '1.2.3 ',
    '01.2.3',
    '1.2.3+',
    '1.2.3+a',
    '1.2.3+1.2',
    '1.2.3+01',
    '1.2.3-',
    'latest',
    `1.2.3-${'x'.repeat(100)}`,
  ])('refuses %j', (text) => expect(parseVersion(text)).toBeUndefined())
})

describe('versionsClash', () => {
  it.each([
    ['1.0.0', '1.0.0', true],
    ['1.0.0', '1.0.0+1', true],
    ['1.0.0+1', '1.0.0+1', true],
    ['1.0.0+1', '1.0.0+2', false],
    ['1.0.0', '1.0.1', false],
    ['1.0.0', '1.0.0-rc.1', false],
  ])('for %s and %s returns %s', (a, b, clash) => {
    const [x, y] = [parseVersion(a), parseVersion(b)]
    if (!x || !y) throw new Error('not parsed')
    expect(versionsClash(x, y)).toBe(clash)
    expect(versionsClash(y, x)).toBe(clash)
  })
})
