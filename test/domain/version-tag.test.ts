import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isLabel } from '../../src/domain/names.ts'
import { versionTags, workspaceOf } from '../../src/domain/version-tag.ts'

function versionsOf(tags: string[], prereleases = true): string[] {
  return versionTags(tags, { prereleases }).versions.map(({ tag, version }) => `${tag}=${version.text}`)
}

describe('versionTags', () => {
  it('reads tags as Flux and Helm do', () => {
    expect(versionsOf(['6.1.0', 'v1.2.3', 'v2025.07.03', '1.0.0_4', '1.0.0-rc.1_2'])).toEqual([
      '1.0.0-rc.1_2=1.0.0-rc.1+2',
      '1.0.0_4=1.0.0+4',
      'v1.2.3=1.2.3',
      '6.1.0=6.1.0',
      'v2025.07.03=2025.7.3',
    ])
  })

  it('skips tags that only look like versions', () => {
    const others = [
      'latest',
      'main-4f2c',
      'v1',
      '1.2',
      'V1.2.3',
      '1.2.3.4',
      'x1.2.3',
      `sha256-${'0'.repeat(64)}.sig`,
    ]
    expect(versionTags(others, { prereleases: true })).toEqual({ versions: [], unfit: [] })
  })

  it('sorts by version, and equal versions by tag', () => {
    const tags = ['v1.10.0', '1.9.0', 'v1.9.0', '2.0.0', '2.0.0-rc.10', '2.0.0-rc.9', '1.0.0_10', '1.0.0_9']
    expect(versionTags(tags, { prereleases: true }).versions.map(({ tag }) => tag)).toEqual([
      '1.0.0_9',
      '1.0.0_10',
      '1.9.0',
      'v1.9.0',
      'v1.10.0',
      '2.0.0-rc.9',
      '2.0.0-rc.10',
      '2.0.0',
    ])
  })

  it('puts the shortest of several tags for one version first', () => {
    expect(versionsOf(['v2.0.0', '2.00.0', '2.0.0', '1.2345.0067', '1.2345.67'])).toEqual([
      '1.2345.67=1.2345.67',
      '1.2345.0067=1.2345.67',
      '2.0.0=2.0.0',
      '2.00.0=2.0.0',
      'v2.0.0=2.0.0',
    ])
  })

  it('returns pre-releases only on request', () => {
    expect(versionsOf(['1.0.0-rc.1', '1.0.0', '1.0.0-rc.1_2'], false)).toEqual(['1.0.0=1.0.0'])
  })

  it('reports tags for versions that no package can declare', () => {
    const { versions, unfit } = versionTags(['1.0.0_abc', '1.0.0-01'], { prereleases: true })
    expect(versions).toEqual([])
    expect(unfit.map(({ tag }) => tag)).toEqual(['1.0.0_abc', '1.0.0-01'])
    expect(unfit[0]?.problem).toContain('1.0.0+abc')
  })
})

describe('workspaceOf', () => {
  it('returns a label', () => {
    expect(workspaceOf('1.17.0+2')).toBe('v1-17-0-2')
    expect(workspaceOf('1.0.0-RC.1')).toBe('v1-0-0-rc-1')
    const identifier = fc.stringMatching(/^[0-9A-Za-z-]{1,90}$/)
    fc.assert(
      fc.property(fc.nat(), fc.array(identifier), (major, identifiers) => {
        const version = `${major}.0.0${identifiers.length > 0 ? `-${identifiers.join('.')}` : ''}`
        expect(isLabel(`${workspaceOf(version)}-1000`)).toBe(true)
      }),
    )
  })
})
