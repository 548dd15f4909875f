import type { Kysely, KyselyPlugin } from 'kysely'
import { expect, it } from 'vitest'
import type { Reader } from '../../../src/database/connection.ts'
import { ANONYMOUS } from '../../../src/service/access/actor.ts'
import { StreamRights } from '../../../src/service/access/stream-rights.ts'
import { Watches } from '../../../src/service/watch/watches.ts'
import { memoryApp } from '../../support/app.ts'
import { until } from '../../support/until.ts'

/** Returns how many queries a new draft costs these watches, each of which looks for a word of its own. */
async function queriesWith(count: number): Promise<number> {
  const { client, parts } = await memoryApp()
  await client.createRepository()
  let queries = 0
  const counting: KyselyPlugin = {
    transformQuery: ({ node }) => {
      queries++
      return node
    },
    transformResult: async ({ result }) => result,
  }
  const db = parts.ctx.db as unknown as Kysely<unknown>
  const counted = db.withPlugin(counting) as unknown as Reader
  const watches = new Watches(
    { ...parts.ctx, db: counted },
    {
      report: (error) => {
        throw error
      },
    },
  )
  const caller = { policy: await parts.authenticator.access.policy(), actor: ANONYMOUS }
  const gone = new AbortController()
  const found: number[] = []
  let waiting = 0
  const after = await watches.begin(undefined)
  const all = Array.from({ length: count }, async (_, at) => {
    for await (const message of watches.watch(
      { caller, filter: { q: `word${at}x` }, after, initial: false },
      new StreamRights(parts.authenticator.access),
      gone.signal,
    )) {
      if (message.type === 'bookmark') waiting++
      if (message.type === 'events') found.push(at)
    }
  })
  await until(() => waiting === count)
  const before = queries
  await client.createDraft('ws1', {
    resources: { 'a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a-word7x-b\n' },
  })
  watches.wake()
  await until(() => found.length > 0)
  // Those that find nothing take as many turns as the one that finds something.
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
  expect(found).toEqual([7])
  gone.abort()
  watches.drain()
  await Promise.all(all)
  return queries - before
}

it('asks the database as often for many watches with different words as for a few', async () => {
  expect(await queriesWith(500)).toBe(await queriesWith(10))
})
