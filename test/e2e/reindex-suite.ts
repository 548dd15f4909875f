/** The registry restores a lost index: one suite for every kind of artifact storage. */
import { describe, expect, it } from 'vitest'
import { allAnswers } from '../support/answers.ts'
import type { TestApp } from '../support/app.ts'
import { reindexed } from '../support/reindexed.ts'
import { seedServer } from '../support/seed-server.ts'

const ANY = { 'If-Match': '*' }

export function reindexSuite(kind: string, start: () => Promise<TestApp>): void {
  describe(`an index rebuilt from artifacts in ${kind}`, () => {
    it('gives the same answers, field by field, and continues where the lost one ended', async () => {
      const app = await start()
      await seedServer(app.client)
      const before = await allAnswers(app.client)
      const highest = Number((await app.client.ok('GET', '/packagerevisions')).resourceVersion)
      const { client, report } = await reindexed(app)
      expect(await allAnswers(client)).toEqual(before)
      expect(report.notes).toEqual([])
      expect(report.revisions).toBe(before['/packagerevisions?limit=1000'].items.length)

      // No ETag from before may stand for another state.
      const { items } = await client.ok('GET', '/packagerevisions?limit=1000')
      for (const { resourceVersion } of items) expect(Number(resourceVersion)).toBeGreaterThan(highest)

      expect(await client.publish('next')).toMatchObject({ revision: 4, latest: true })
      const build = { package: 'versioned', version: '1.17.0+11' }
      expect((await client.publish('next', undefined, build)).artifact.tags).toContain('v1.17.0')
      const retry = (workspace: string, more: object) =>
        client.call('POST', '/packagerevisions', {
          repository: 'blueprints',
          package: 'gone',
          workspace,
          source: { init: {} },
          ...more,
        })
      for (const workspace of ['g1', 'g2']) expect(await retry(workspace, {})).toMatchObject({ status: 409 })
      const used = { package: 'versioned', version: '1.17.0+10' }
      expect(await retry('x', used)).toMatchObject({ status: 409, body: { code: 'already_exists' } })
      expect(await client.publish('g3', undefined, { package: 'gone' })).toMatchObject({ revision: 2 })
      await client.createRepository('lost')
      expect(await retry('l1', { repository: 'lost', package: 'p' })).toMatchObject({ status: 409 })
      await client.verb('blueprints.nf.upf.ws2', 'approve')
      await client.ok(
        'POST',
        '/packagerevisions/edge.site-2.w2/conflicts/2/resolve',
        { choose: 'local' },
        ANY,
      )
      await client.verb('edge.site-2.w2', 'propose')
    })
  })
}
