import { expect, it } from 'vitest'
import { treeVersions, versionToHold } from '../../../src/domain/glasskube/tree-versions.ts'
import { parseVersion } from '../../../src/domain/version.ts'

const parsed = (...texts: string[]) => texts.flatMap((text) => parseVersion(text) ?? [])

it('orders versions by semver and then by build number, oldest first', () => {
  const folders = ['v1.10.0+1', 'v1.9.0+10', 'v1.9.0+9', 'v1.9.0-rc.1+1', 'v1.9.0-rc1+1', 'v0.1.0+1']
  const { versions, unfit, unusual } = treeVersions(folders)
  expect(versions.map(({ tag }) => tag)).toEqual([
    'v0.1.0+1',
    'v1.9.0-rc.1+1',
    'v1.9.0-rc1+1',
    'v1.9.0+9',
    'v1.9.0+10',
    'v1.10.0+1',
  ])
  expect([unfit, unusual]).toEqual([[], []])
})

it('refuses folders that are no versions, and paths', () => {
  const folders = [
    'latest',
    'v1',
    'v1.2',
    'v1.0.0+a',
    'v1.0.0+01',
    'vv1.0.0',
    '../v1.0.0',
    'v1.0.0/..',
    '',
    '.',
    '..',
  ]
  const { versions, unfit } = treeVersions(folders)
  expect(versions).toEqual([])
  expect(unfit.map(({ tag }) => tag).sort()).toEqual(folders.toSorted())
  expect(unfit[0]?.problem).toContain('it is no version, which must be a semantic version')
})

it('takes one folder of several for the same version', () => {
  const { versions, unfit } = treeVersions(['1.0.0+1', 'v1.0.0+1', 'v1.0.0+1'])
  expect(versions.map(({ tag }) => tag)).toEqual(['v1.0.0+1'])
  expect(unfit).toEqual([{ tag: '1.0.0+1', problem: 'v1.0.0+1 is the same version' }])
})

it('notes what is unusual about versions that it takes', () => {
  expect(treeVersions(['1.0.0+1', 'v1.1.0', 'v1.2.0+0']).unusual).toEqual([
    { tag: '1.0.0+1', note: 'it has no leading "v", and is served as v1.0.0+1' },
    { tag: 'v1.1.0', note: 'it has no build number' },
    { tag: 'v1.2.0+0', note: 'its build number is 0' },
  ])
})

it.each([
  ['v1.1.0', null],
  ['1.1.0', null],
  ['v1.0.0+2', '1.0.0+2'],
  ['v2.0.0-rc.1', '2.0.0-rc.1'],
  ['v3.0.0', undefined],
  ['latest', undefined],
])('to show %s as the latest version it holds %s', (latest, held) => {
  expect(versionToHold(parsed('2.0.0-rc.1', '1.0.0+2', '1.0.0+10', '1.1.0'), latest)).toBe(held)
})
