/** After any sequence of calls, an index rebuilt from the registry gives the same answers. */
import { describe, expect, it } from 'vitest'
import { allAnswers } from '../support/answers.ts'
import { memoryApp } from '../support/app.ts'
import type { Client } from '../support/client.ts'
import { reindexed } from '../support/reindexed.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { RUNS, SEED } from '../support/sizes.ts'

const PROGRAMS = 4 * RUNS
const STEPS = 60
const ANY = { 'If-Match': '*' }

type Random = { pick: <T>(items: readonly T[]) => T; below: (limit: number) => number }

/** Makes a random call, valid or not. */
async function step(client: Client, { pick, below }: Random): Promise<void> {
  const { items } = await client.ok('GET', '/packagerevisions?limit=1000')
  const name = items.length > 0 ? pick<{ name: string }>(items).name : 'a.p.w'
  const repository = pick(['a', 'b', 'c'])
  const resources = {
    'a.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: "${below(4)}"\n  y: "${below(4)}"\n`,
  }
  const id = { repository, package: pick(['p', 'q/r']), workspace: `w${below(30)}` }
  const version = below(3) === 0 ? `1.${below(2)}.0+${below(20)}` : undefined
  const create = (source: object) =>
    client.call('POST', '/packagerevisions', { ...id, source, ...(version && { version }) })
  const verb = (word: string) =>
    client.call('POST', `/packagerevisions/${name}/${word}`, { reason: `r${below(9)}` })
  await pick([
    () => client.call('POST', '/repositories', { name: repository, type: pick(['catalog', 'deployment']) }),
    () => client.call('PATCH', `/repositories/${repository}`, { labels: { x: `l${below(5)}` } }, ANY),
    () => client.call('DELETE', `/repositories/${repository}`, undefined, ANY),
    () => create({ resources }),
    () => create({ resources }),
    () => create({ clone: { upstream: name } }),
    () => create({ copy: { from: name } }),
    () => create({ upgrade: {} }),
    () => client.call('PUT', `/packagerevisions/${name}/resources`, { resources }, ANY),
    () =>
      client.call('PATCH', `/packagerevisions/${name}`, { labels: { team: pick(['core', 'edge']) } }, ANY),
    () => client.call('DELETE', `/packagerevisions/${name}`, undefined, ANY),
    () =>
      client.call(
        'POST',
        `/packagerevisions/${name}/conflicts/1/resolve`,
        { choose: pick(['local', 'upstream']) },
        ANY,
      ),
    ...['propose', 'propose', 'propose', 'approve', 'approve', 'approve', 'reject', 'propose-deletion'].map(
      (word) => () => verb(word),
    ),
  ])()
}

describe('a random sequence of calls', () => {
  it.each(Array.from({ length: PROGRAMS }, (_, at) => SEED + at))(
    'leaves everything in the registry that the index needs (seed %i)',
    async (seed) => {
      const random = seededRandom(seed)
      const below = (limit: number): number => Math.floor(random() * limit)
      const pick = <T>(items: readonly T[]): T => items[below(items.length)] as T
      const app = await memoryApp()
      for (let at = 0; at < STEPS; at++) await step(app.client, { pick, below })
      expect((await app.client.ok('POST', '/verifications', {})).differences).toEqual([])
      const again = await reindexed(app)
      expect(again.report.notes).toEqual([])
      expect(await allAnswers(again.client)).toEqual(await allAnswers(app.client))
      // Further calls keep the rebuilt index consistent, too.
      for (let at = 0; at < STEPS; at++) await step(again.client, { pick, below })
      expect((await again.client.ok('POST', '/verifications', {})).differences).toEqual([])
    },
    60_000,
  )
})
