/** A server whose clock goes back by an hour with each reading. */
import { describe, expect, it } from 'vitest'
import { allAnswers } from '../support/answers.ts'
import { memoryApp } from '../support/app.ts'
import { reindexed } from '../support/reindexed.ts'
import { seedServer } from '../support/seed-server.ts'

const HOUR = 3_600_000

async function backwards() {
  let time = Date.UTC(2030, 0, 1)
  const app = await memoryApp()
  app.parts.ctx.now = () => {
    time -= HOUR
    return new Date(time)
  }
  return app
}

describe('a clock that goes backwards', () => {
  it('changes neither revision numbers nor the order of ETags, and loses nothing from the registry', async () => {
    const app = await backwards()
    const { client, parts } = app
    await client.createRepository('first')
    const seen: number[] = []
    for (const workspace of ['a', 'b', 'c']) {
      const revision = await client.publish(workspace, undefined, { repository: 'first' })
      expect(revision).toMatchObject({ revision: seen.length + 1, latest: true })
      seen.push(Number(revision.resourceVersion))
    }
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    await seedServer(client)
    expect((await client.ok('POST', '/verifications', {})).differences).toEqual([])
    const before = await allAnswers(client)
    await parts.embedded?.collectGarbage()
    expect((await client.ok('POST', '/verifications', {})).differences).toEqual([])
    const again = await reindexed(app)
    expect(await allAnswers(again.client)).toEqual(before)
  })

  it('leaves no gaps in paged lists', async () => {
    const { client } = await backwards()
    await seedServer(client)
    const { items } = await client.ok('GET', '/packagerevisions?limit=1000')
    for (const sort of ['name', '-updatedAt', 'publishedAt']) {
      const names: string[] = []
      let more = ''
      do {
        const page = await client.ok('GET', `/packagerevisions?limit=4&sort=${sort}${more}`)
        names.push(...page.items.map(({ name }: { name: string }) => name))
        more = page.continue ? `&continue=${encodeURIComponent(page.continue)}` : ''
      } while (more)
      expect(names.sort(), sort).toEqual(items.map(({ name }: { name: string }) => name))
    }
  })
})
