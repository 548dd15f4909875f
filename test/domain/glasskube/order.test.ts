import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareWithBuild, isNewer, isUpgradable } from '../../../src/domain/glasskube/order.ts'
import { loose } from '../../support/glasskube-versions.ts'
import { searching } from '../../support/sizes.ts'

/** Glasskube's own table (internal/semver/compare_test.go): what is an update, by what is installed. */
const UPDATES: Record<string, { updates: string[]; others: string[] }> = {
  'v1.0.0': {
    updates: ['v1.0.0+1', 'v1.0.0+a', 'not a version'],
    others: ['v0.9.0', 'v0.9.0+1', 'v1.0.0'],
  },
  'v1.0.0+1': {
    updates: ['v1.0.0+2', 'v1.0.0+a', 'not a version'],
    others: ['v0.9.0', 'v0.9.0+1', 'v1.0.0', 'v1.0.0+1'],
  },
  'v1.0.0+a': {
    updates: ['v1.0.0+1', 'v1.0.0+b', 'not a version'],
    others: ['v0.9.0', 'v0.9.0+1', 'v1.0.0', 'v1.0.0+a'],
  },
  'v1.0.0+b': {
    updates: ['v1.0.0+1', 'v1.0.0+a', 'not a version'],
    others: ['v0.9.0', 'v0.9.0+1', 'v1.0.0', 'v1.0.0+b'],
  },
  'not a version': {
    updates: ['v1.0.0', 'v1.0.0+1', 'v1.0.0+a', 'v1.0.0+b'],
    others: ['not a version'],
  },
}

const rows = Object.entries(UPDATES).flatMap(([installed, { updates, others }]) => [
  ...updates.map((desired): [string, string, boolean] => [installed, desired, true]),
  ...others.map((desired): [string, string, boolean] => [installed, desired, false]),
])

describe('isUpgradable', () => {
  it('knows all 32 cases of Glasskube', () => expect(rows).toHaveLength(32))

  it.each(rows)('takes %s to %s for an update: %s', (installed, desired, expected) => {
    expect(isUpgradable(installed, desired)).toBe(expected)
  })

  it.each([
    ['1.0.0+1', '1.0.0+007', true],
    ['1.0.0+07', '1.0.0+7', false],
    ['1.0.0+-5', '1.0.0+-4', true],
    ['1.0.0+9223372036854775807', '1.0.0+1', false],
    ['1.0.0+9223372036854775808', '1.0.0+1', true],
    ['1.0.0-rc.1+9', '1.0.0', true],
  ])('reads numbers as Go does: %s to %s', (installed, desired, expected) => {
    expect(isUpgradable(installed, desired)).toBe(expected)
  })
})

describe('compareWithBuild', () => {
  const ASCENDING = [
    'v0.9.0+9',
    '1.0.0-rc.1',
    '1.0.0-rc.1+1',
    'v1.0.0',
    'v1.0.0+a',
    'v1.0.0+a.10',
    'v1.0.0+0',
    'v1.0.0+01',
    '1.0.0+1',
    'v1.0.0+1',
    'v1.0.0+2',
    'v1.0.0+10',
    'v1.0.0+9223372036854775808',
    '1.0.1',
    '10',
  ]

  it('orders by semver, build number, metadata and text', () => {
    const sorted = ASCENDING.map(loose).reverse().sort(compareWithBuild)
    expect(sorted.map(({ text }) => text)).toEqual(ASCENDING)
  })

  it('agrees with Glasskube where all builds are numbers', () => {
    const version = fc
      .tuple(fc.constantFrom('1.0.0', '1.0.0-rc.1', '1.1.0'), fc.option(fc.nat(12)))
      .map(([base, build]) => loose(build === null ? base : `${base}+${build}`))
    const property = fc.property(version, version, (a, b) => {
      expect(compareWithBuild(a, b) > 0).toBe(isNewer(a, b))
    })
    fc.assert(property, searching(1000))
  })
})
