/** That an index of before there was a search is found whole behind its migration. */

import { expect, it, onTestFinished } from 'vitest'
import { listPackageRevisions } from '../../../src/database/package-revisions/list.ts'
import { listPackages } from '../../../src/database/repositories/package-list.ts'
import { openDatabase } from '../../../src/database/sqlite/open.ts'
import { SEES_ALL } from '../../../src/domain/access/visible-set.ts'
import { parseLabelSelector } from '../../../src/domain/label-selector.ts'
import { oldIndex } from '../../support/old-index.ts'

async function before(): Promise<string> {
  const { file, database, addRevision } = await oldIndex('0005')
  database.exec("INSERT INTO repositories VALUES (1, 'r', 'catalog', '', '{}', '', '', '', 1)")
  database.exec(
    "INSERT INTO packages VALUES (1, 'r', 'nf/upf', 2, 0), (2, 'r', 'edge', 1, 0), (3, 'r', 'gone', 1, 0)",
  )
  const add = (id: number, path: string, revision: number, more: object) =>
    addRevision({
      id,
      package_id: path === 'edge' ? 2 : 1,
      repository: 'r',
      package: path,
      workspace: `w${revision}`,
      revision,
      lifecycle: 'Published',
      updated_at: `2026-0${id}`,
      published_at: `2026-0${id}`,
      ...more,
    })
  add(1, 'nf/upf', 1, {})
  add(2, 'nf/upf', 2, { latest: 1 })
  const upstream = { upstream_name: 'r.nf.upf.w1', upstream_repository: 'r', upstream_package: 'nf/upf' }
  add(3, 'edge', 1, { latest: 1, ...upstream, upstream_revision: 1 })
  database.exec("INSERT INTO package_revision_labels VALUES (3, 'env', 'prod')")
  database.close()
  return file
}

it('the migration that adds the search keeps all rows, and indexes them', async () => {
  const db = openDatabase(await before())
  onTestFinished(() => db.destroy())
  const names = async (filter: Parameters<typeof listPackageRevisions>[2]) => {
    const sort = { field: 'name', descending: false } as const
    return (await listPackageRevisions(db, SEES_ALL, filter, { sort, limit: 10 })).items.map(
      ({ name }) => name,
    )
  }
  expect(await names({})).toEqual(['r.edge.w1', 'r.nf.upf.w1', 'r.nf.upf.w2'])
  expect(await names({ q: 'nf/u' })).toEqual(['r.nf.upf.w1', 'r.nf.upf.w2'])
  expect(await names({ outdated: true })).toEqual(['r.edge.w1'])
  expect(await names({ outdated: false })).toEqual([])
  expect(await names({ labels: parseLabelSelector('env=prod') })).toEqual(['r.edge.w1'])
  expect(await names({ labels: parseLabelSelector('env') })).toEqual(['r.edge.w1'])
  expect((await listPackages(db, SEES_ALL, {}, { limit: 10 })).items).toEqual([
    {
      repository: 'r',
      package: 'edge',
      latestRevision: 1,
      latestVersion: null,
      revisionCount: 1,
      updatedAt: '2026-03',
    },
    {
      repository: 'r',
      package: 'nf/upf',
      latestRevision: 2,
      latestVersion: null,
      revisionCount: 2,
      updatedAt: '2026-02',
    },
  ])
  expect((await listPackages(db, SEES_ALL, { q: 'ed' }, { limit: 10 })).items).toHaveLength(1)
})
