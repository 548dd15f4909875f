/**
 * A data folder that commit 778aeb1 wrote: drafts, proposals, a rejection, conflicts of an upgrade, proposed, rejected
 * and approved deletions, versions with builds, jobs and webhooks. `answers.json` has what that server answered.
 */
import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { SERVER } from '../../src/service/audit/record.ts'
import { verify } from '../../src/service/maintenance/verify/verify.ts'
import { allAnswers } from '../support/answers.ts'
import { folderApp } from '../support/app.ts'
import { reindexed } from '../support/reindexed.ts'
import { temporaryFolder } from '../support/temporary.ts'

const FIXTURE = join(import.meta.dirname, '../fixtures/data-778aeb1')

async function olderApp() {
  const data = await temporaryFolder()
  execFileSync('tar', ['-xzf', join(FIXTURE, 'data.tar.gz'), '-C', data])
  return folderApp(data)
}

/** Repositories had no format then. */
function withoutFormat(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer), (key, value) =>
    key === 'format' && value === 'krm' ? undefined : value,
  )
}

describe('a data folder of an older version', () => {
  it('gives the answers that it gave then', async () => {
    const { client } = await olderApp()
    const answers: Record<string, unknown> = JSON.parse(await readFile(join(FIXTURE, 'answers.json'), 'utf8'))
    expect(Object.keys(answers).length).toBeGreaterThan(70)
    for (const [path, then] of Object.entries(answers)) {
      const now = path.startsWith('tags ')
        ? await (await client.send(`/v2/${path.slice('tags '.length)}/tags/list`)).json()
        : await client.ok('GET', path)
      expect(withoutFormat(now), path).toEqual(then)
    }
  })

  it('has an index that agrees with its registry', async () => {
    const { parts } = await olderApp()
    // It indexes contents by newer rules in the background.
    await expect.poll(async () => (await verify(parts.ctx, SERVER, { fix: false })).differences).toEqual([])
  })

  it('gives the same answers after its index is rebuilt', async () => {
    const app = await olderApp()
    const before = await allAnswers(app.client)
    const { client } = await reindexed(app)
    expect(await allAnswers(client)).toEqual(before)
  })

  it('lets the work go on: a proposal is approved, a deletion is rejected, a conflict is resolved', async () => {
    const { client } = await olderApp()
    const waiting = await client.ok('POST', '/packagerevisions/blueprints.waiting.prop/approve')
    expect(waiting).toMatchObject({ lifecycle: 'Published', revision: 1 })
    const kept = await client.ok('POST', '/packagerevisions/blueprints.versioned.b/reject')
    expect(kept).toMatchObject({ lifecycle: 'Published', revision: 2 })
    const conflicts = '/packagerevisions/edge.berlin.up/conflicts'
    const [conflict] = (await client.ok('GET', conflicts)).items
    await client.ok('POST', `${conflicts}/${conflict.id}/resolve`, { choose: 'upstream' })
    await client.ok('POST', '/packagerevisions/edge.berlin.up/propose')
    const upgraded = await client.ok('POST', '/packagerevisions/edge.berlin.up/approve')
    expect(upgraded).toMatchObject({ lifecycle: 'Published', revision: 2, upstream: { revision: 2 } })
  })

  it('is indexed at the start, as far as search does not find its files', async () => {
    const data = await temporaryFolder()
    execFileSync('tar', ['-xzf', join(FIXTURE, 'data.tar.gz'), '-C', data])
    const index = new BetterSqlite3(join(data, 'index.db'))
    const count = () => index.prepare('SELECT count(*) FROM content_objects').pluck().get()
    const before = Number(count())
    index.exec('DELETE FROM content_objects')
    index.close()
    const { client } = await folderApp(data)
    const found = async () => (await client.ok('GET', '/objects?kind=Kptfile')).items.length
    await expect.poll(found).toBeGreaterThan(0)
    expect(before).toBeGreaterThan(0)
  })
})
