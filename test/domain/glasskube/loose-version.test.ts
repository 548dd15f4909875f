import { describe, expect, it } from 'vitest'
import { comparePrecedence, parseLooseVersion } from '../../../src/domain/glasskube/loose-version.ts'
import { loose } from '../../support/glasskube-versions.ts'
import { ORDERED, VERSIONS } from '../../support/semver-cases.ts'

describe('parseLooseVersion', () => {
  it.each(VERSIONS)('reads %j as Masterminds/semver does', (text, refused) => {
    expect(parseLooseVersion(text) === undefined).toBe(refused)
  })

  it.each([
    ['v1', { major: 1n, minor: 0n, patch: 0n, prerelease: '', metadata: '' }],
    ['1.2-beta.5', { major: 1n, minor: 2n, patch: 0n, prerelease: 'beta.5', metadata: '' }],
    [
      'v1.2.0-x.Y.0+meta-data.01',
      { major: 1n, minor: 2n, patch: 0n, prerelease: 'x.Y.0', metadata: 'meta-data.01' },
    ],
    [
      '18446744073709551615.0.0',
      { major: 2n ** 64n - 1n, minor: 0n, patch: 0n, prerelease: '', metadata: '' },
    ],
  ])('fills the parts that %s lacks', (text, parts) => {
    expect(parseLooseVersion(text)).toEqual({ text, ...parts })
  })

  it.each([
    '18446744073709551616.0.0',
    `1.0.0-${'a'.repeat(300)}`,
    '1.0.0\n',
    '1.0.0+',
    ' 1.0.0',
    'V1.0.0',
    '١.0.0',
    '',
  ])('refuses %j', (text) => expect(parseLooseVersion(text)).toBeUndefined())
})

describe('comparePrecedence', () => {
  it.each(ORDERED)('compares %s and %s', (a, b, order) => {
    expect(Math.sign(comparePrecedence(loose(a), loose(b)))).toBe(order)
    expect(Math.sign(comparePrecedence(loose(b), loose(a)))).toBe(order === 0 ? 0 : -order)
  })

  it('takes a number above 64 bits in a prerelease for a word', () => {
    expect(comparePrecedence(loose('1.0.0-18446744073709551616'), loose('1.0.0-2'))).toBeGreaterThan(0)
    expect(
      comparePrecedence(loose('1.0.0-18446744073709551616'), loose('1.0.0-18446744073709551617')),
    ).toBeLessThan(0)
    expect(comparePrecedence(loose('1.0.0-18446744073709551616'), loose('1.0.0-9a'))).toBeLessThan(0)
  })
})
