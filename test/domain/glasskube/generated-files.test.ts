import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { indexEntry, indexFile, versionsFile } from '../../../src/domain/glasskube/generated-files.ts'
import type { ManifestLinks } from '../../../src/domain/glasskube/manifest-links.ts'
import { parseVersion, type Version } from '../../../src/domain/version.ts'

function listed(name: string, texts: string[], fields: Partial<ManifestLinks> = {}) {
  const manifest: ManifestLinks = { dependencies: [], components: [], defaultNamespace: name, ...fields }
  const versions = texts.map((text) => ({ parsed: parseVersion(text) as Version, manifest }))
  const latest = versions.at(-1)
  if (!latest) throw new Error('no versions')
  return { name, versions, latest }
}

describe('index.yaml', () => {
  it('has the fields that there are, in the order of the central repository', () => {
    const whole = listed('akri', ['0.12.20+1'], {
      scope: 'Namespaced',
      iconUrl: 'https://icons.test/akri.png',
      shortDescription: 'Exposes devices',
    })
    expect(indexFile([whole, listed('zoo', ['1.0.0'])].map(indexEntry))).toBe(
      [
        'packages:',
        '- iconUrl: https://icons.test/akri.png',
        '  latestVersion: v0.12.20+1',
        '  name: akri',
        '  scope: Namespaced',
        '  shortDescription: Exposes devices',
        '- latestVersion: v1.0.0',
        '  name: zoo',
        '',
      ].join('\n'),
    )
  })

  it('is valid without packages', () => {
    expect(parse(indexFile([]))).toEqual({ packages: [] })
  })

  it.each([
    'yes',
    'on',
    '0x10',
    '1_000',
    '12:30:45',
    '# no comment',
    'a: b',
    '- x',
    'two\nlines\n',
    '\ufeff\u2028',
  ])('keeps the text %j for readers of YAML 1.1 and 1.2', (text) => {
    const file = indexFile([indexEntry(listed('y', ['1.0.0'], { shortDescription: text }))])
    for (const version of ['1.1', '1.2'] as const)
      expect(parse(file, { version })).toEqual({
        packages: [{ latestVersion: 'v1.0.0', name: 'y', shortDescription: text }],
      })
  })
})

it('index.yaml has no tab in a string without quotes, which some readers refuse', () => {
  const file = indexFile([indexEntry(listed('y', ['1.0.0'], { shortDescription: 'a\tb' }))])
  expect(file).toContain('shortDescription: "a\\tb"')
})

it('versions.yaml lists all versions as clients name them', () => {
  expect(versionsFile(listed('store', ['1.0.0-rc.1', '1.0.0+1', '1.0.0+2']))).toBe(
    [
      'latestVersion: v1.0.0+2',
      'versions:',
      '  - version: v1.0.0-rc.1',
      '  - version: v1.0.0+1',
      '  - version: v1.0.0+2',
      '',
    ].join('\n'),
  )
})
