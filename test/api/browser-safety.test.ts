import { expect, it } from 'vitest'
import { memoryApp } from '../support/app.ts'

it('lets pages of other sites change nothing, and everybody else go on', async () => {
  const { client } = await memoryApp()
  await client.createRepository()
  const { name } = await client.createDraft('ws1')
  const propose = async (headers: Record<string, string>) =>
    (await client.send(`/api/v1/packagerevisions/${name}/propose`, { method: 'POST', headers })).status
  const foreign: Record<string, string>[] = [
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site', Origin: 'http://localhost:8080' },
    { Origin: 'http://localhost:9999' },
    { Origin: 'null' },
  ]
  for (const headers of foreign) expect(await propose(headers), JSON.stringify(headers)).toBe(403)
  expect((await client.get(name)).lifecycle).toBe('Draft')
  const link = await client.send('/docs', { headers: { 'Sec-Fetch-Site': 'cross-site' } })
  expect(link.status).toBe(200)

  expect(await propose({ 'Sec-Fetch-Site': 'same-origin', Origin: 'http://localhost:8080' })).toBe(200)
  const reject = `/api/v1/packagerevisions/${name}/reject`
  const own = { Origin: 'http://localhost:8080' }
  expect((await client.send(reject, { method: 'POST', headers: own })).status).toBe(200)
  expect(await propose({})).toBe(200)
})

it('lets no browser guess what a file is', async () => {
  const { client } = await memoryApp()
  await client.createRepository()
  const { name } = await client.createDraft('ws1')
  for (const path of [
    '/docs',
    `/api/v1/packagerevisions/${name}/resources/README.md`,
    '/v2/blueprints/nf/upf/manifests/draft-ws1',
    '/nowhere',
  ]) {
    const { headers } = await client.send(path)
    expect(headers.get('X-Content-Type-Options'), path).toBe('nosniff')
  }
})
