import { describe, expect, it } from 'vitest'
import { folderServer, memoryApp, type TestApp } from '../support/app.ts'
import { exported } from '../support/audit.ts'
import type { Json } from '../support/client.ts'

const files = (value: string) => ({
  resources: { 'a.yaml': `apiVersion: v1\nkind: X\nmetadata: {name: ${value}}\n` },
})

async function withDraft(): Promise<TestApp> {
  const app = await memoryApp()
  await app.client.createRepository()
  await app.client.createDraft('ws1', files('a'))
  return app
}

describe('the list of the audit log', () => {
  it('has pages, the newest first, and filters', async () => {
    const { client } = await withDraft()
    await client.createRepository('edge', 'deployment')
    await client.createDraft('ws2', files('b'))
    const seqs: number[] = []
    let token = ''
    do {
      const page = await client.ok('GET', `/audit?limit=2${token}`)
      seqs.push(...page.items.map(({ seq }: Json) => seq))
      token = page.continue ? `&continue=${encodeURIComponent(page.continue)}` : ''
    } while (token !== '')
    expect(seqs).toEqual([4, 3, 2, 1])
    const typesOf = async (query: string) =>
      (await client.ok('GET', `/audit?${query}`)).items.map(({ type }: Json) => type)
    expect(await typesOf('repository=edge')).toEqual(['repository.created'])
    expect(await typesOf('type=revision.created')).toEqual(['revision.created', 'revision.created'])
    expect(await typesOf('principal=eve')).toEqual([])
    expect(await typesOf('principal=anonymous&repository=blueprints&since=1')).toEqual([
      'revision.created',
      'revision.created',
    ])
    expect(await typesOf(`since=${encodeURIComponent('2100-01-01T00:00:00+01:00')}`)).toEqual([])
    expect(await typesOf(`since=2020-01-01T00:00:00Z&type=repository.created`)).toHaveLength(2)
  })

  it.each([
    'since=yesterday',
    'since=-1',
    'type=revision.eaten',
    'repository=A',
    'principal=',
    'x=y',
    'continue=abc',
  ])('refuses %s', async (query) => {
    const { client } = await memoryApp()
    expect((await client.call('GET', `/audit?${query}`)).status).toBe(400)
    const response = await client.send(`/api/v1/audit?${query}`, { headers: { Accept: 'text/html' } })
    expect([400, 406]).toContain(response.status)
  })

  it('is exported up to now, and continued from its last record', async () => {
    const { client } = await folderServer()
    for (let at = 0; at < 30; at++) await client.createRepository(`r${at}`)
    const first = await exported(client)
    expect(first.map(({ seq }) => seq)).toEqual(Array.from({ length: 30 }, (_, at) => at + 1))
    await client.createRepository('more')
    const next = await exported(client, `?since=${first.at(-1).seq}`)
    expect(next.map(({ type }) => type)).toEqual(['audit.exported', 'repository.created'])
    expect(next[0].details.filter).toBe('')
  })
})
