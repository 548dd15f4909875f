import { describe, expect, it } from 'vitest'
import { protectedApp } from '../support/protected-app.ts'

const LISTS = [
  '/packagerevisions',
  '/packagerevisions?sort=-updatedAt',
  '/packagerevisions?q=upf',
  '/packages',
  '/repositories',
  '/objects?kind=ConfigMap',
  '/images?image=nginx',
  '/packagerevisions/other.nf.upf.v1/downstreams',
  '/packages/other/nf/upf/graph',
]

describe('a caller to whom an administrator of one repository has bound a thousand patterns', () => {
  it.each([
    ['packages', (number: number) => `team/p${number}/**`],
    ['repositories', (number: number) => `team-${number}`],
  ])('still gets each list: of %s', { timeout: 30_000 }, async (_, patternOf) => {
    const app = await protectedApp()
    const admin = await app.user('admin', 'admin')
    await admin.createRepository('other')
    await admin.publish('v1', { init: {} }, { repository: 'other' })
    await app.bind({ kind: 'anonymous' }, 'reader', 'other')
    for (let number = 0; number < 1000; number += 50) {
      const repositories = Array.from({ length: 50 }, (_, at) => patternOf(number + at))
      await app.bind({ kind: 'anonymous' }, 'reader', ...repositories)
    }

    for (const path of LISTS) expect((await app.anonymous.call('GET', path)).status, path).toBe(200)
    expect((await app.anonymous.ok('GET', '/packagerevisions')).items).toHaveLength(1)
    expect((await app.anonymous.ok('GET', '/packages')).items).toHaveLength(1)
  })
})
