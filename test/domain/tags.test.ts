import { describe, expect, it } from 'vitest'
import { isReservedTag, tagsOf } from '../../src/domain/tags.ts'

const published = {
  workspace: 'ws1',
  revision: 3,
  version: null,
  lifecycle: 'Published' as const,
  latest: false,
  latestBuild: false,
}

describe('tagsOf', () => {
  it('gives a draft and a proposed revision a single tag', () => {
    expect(tagsOf({ ...published, lifecycle: 'Draft', revision: 0 })).toEqual(['draft-ws1'])
    expect(tagsOf({ ...published, lifecycle: 'Proposed', revision: 0 })).toEqual(['draft-ws1'])
  })

  it('gives a published revision its number, also as semver', () => {
    expect(tagsOf(published)).toEqual(['v3', 'v3.0.0'])
    expect(tagsOf({ ...published, lifecycle: 'DeletionProposed', latest: true })).toEqual([
      'latest',
      'v3',
      'v3.0.0',
    ])
  })

  it('gives a revision its declared version instead of the number as semver', () => {
    expect(tagsOf({ ...published, version: '1.2.0+4' })).toEqual(['v1.2.0_4', 'v3'])
    expect(tagsOf({ ...published, version: '1.2.0+4', latestBuild: true })).toEqual([
      'v1.2.0',
      'v1.2.0_4',
      'v3',
    ])
    expect(tagsOf({ ...published, version: '1.2.0-rc.1' })).toEqual(['v1.2.0-rc.1', 'v3'])
  })
})

describe('isReservedTag', () => {
  it.each([
    'latest',
    'v1',
    'v1.0.0',
    'v2-beta',
    '1.0.0',
    '9',
    '2026-01',
    'draft-x',
    'deletion-proposed-v1',
    '_package',
  ])('reserves %s', (tag) => expect(isReservedTag(tag)).toBe(true))
  it.each(['vendor', 'stable', 'test', 'sha256-abc.sig', 'latest-test', 'V1x', 'drafts'])(
    'leaves %s free',
    (tag) => {
      expect(isReservedTag(tag)).toBe(false)
    },
  )
})
