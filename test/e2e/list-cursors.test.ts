import fc from 'fast-check'
import { expect, it } from 'vitest'
import { memoryApp } from '../support/app.ts'
import { pages } from '../support/pages.ts'

const SORTS = ['name', '-name', 'updatedAt', '-updatedAt', 'publishedAt', '-publishedAt']
const FILTERS = ['', '&latest=true', '&q=app', '&labelSelector=env', '&labelSelector=!env']

it('lists each untouched revision once, while others are created and deleted between pages', async () => {
  const { client } = await memoryApp()
  await client.createRepository()
  let next = 0
  const create = async (): Promise<string> => {
    const labels: Record<string, string> = next % 2 === 0 ? { env: 'prod' } : {}
    // Scattered names, so that later revisions sort before and after the end of a page.
    const workspace = `w${(next++ * 7919) % 1000}-${next}`
    return (await client.createDraft(workspace, { resources: {} }, { labels })).name
  }
  const passing: string[] = []
  for (let at = 0; at < 12; at++) {
    const name = await create()
    if (at % 3 > 0) continue
    await client.verb(name, 'propose')
    await client.verb(name, 'approve')
  }
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...SORTS),
      fc.constantFrom(...FILTERS),
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.constantFrom('create', 'delete'), { maxLength: 8 }),
      async (sort, filter, limit, changes) => {
        const names = (page: { items: { name: string }[] }) => page.items.map(({ name }) => name)
        const before = names(await client.ok('GET', `/packagerevisions?limit=1000&sort=${sort}${filter}`))
        const touched = new Set<string>()
        const seen: string[] = []
        for await (const page of pages(client, `/packagerevisions?limit=${limit}&sort=${sort}${filter}`)) {
          seen.push(...names(page))
          const change = changes.pop()
          if (change === 'create') passing.push(await create())
          const gone = change === 'delete' ? passing.shift() : undefined
          if (gone) await client.call('DELETE', `/packagerevisions/${gone}`, undefined, { 'If-Match': '*' })
          for (const name of [gone, passing.at(-1)]) if (name) touched.add(name)
        }
        expect(new Set(seen).size).toBe(seen.length)
        const stayed = before.filter((name) => !touched.has(name))
        expect(seen.filter((name) => stayed.includes(name))).toEqual(stayed)
      },
    ),
    { numRuns: 40 },
  )
})
