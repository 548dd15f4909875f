import { describe, expect, it } from 'vitest'
import { MAX_PATH, routedPath } from '../../src/http/request-path.ts'
import { createApp } from '../../src/server/app.ts'
import { memoryApp } from '../support/app.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`

describe('the path that is routed', () => {
  it.each([
    ['/v2/a/b/tags/list', '/v2/a%2Fb/tags/list'],
    ['/v2/a/tags/list/tags/list', '/v2/a%2Ftags%2Flist/tags/list'],
    ['/v2/a/b/manifests/latest', '/v2/a%2Fb/manifests/latest'],
    ['/v2/a/manifests/b/manifests/latest', '/v2/a%2Fmanifests%2Fb/manifests/latest'],
    [`/v2/a/b/blobs/${DIGEST}`, `/v2/a%2Fb/blobs/${DIGEST}`],
    [`/v2/a/b/referrers/${DIGEST}`, `/v2/a%2Fb/referrers/${DIGEST}`],
    ['/v2/a/b/blobs/uploads', '/v2/a%2Fb/blobs/uploads'],
    ['/v2/a/b/blobs/uploads/', '/v2/a%2Fb/blobs/uploads/'],
    ['/v2/a/manifests/blobs/uploads/x', '/v2/a%2Fmanifests/blobs/uploads/x'],
    ['/v2/blobs/uploads/blobs/uploads/x', '/v2/blobs%2Fuploads/blobs/uploads/x'],
    ['/v%32/a/b/tags/list', '/v2/a%2Fb/tags/list'],
    ['/v2/a%2Fb/tags/list', '/v2/a%2Fb/tags/list'],
    ['/v2/', '/v2/'],
    ['/v2/_catalog', '/v2/_catalog'],
    ['/api/v1/packages/r/nf/graph/graph', '/api/v1/packages/r/nf%2Fgraph/graph'],
    [
      '/api/v1/packagerevisions/a.b.c/resources/x/y.yaml',
      '/api/v1/packagerevisions/a.b.c/resources/x%2Fy.yaml',
    ],
    ['/api/v1/packagerevisions/a.b.c/resources', '/api/v1/packagerevisions/a.b.c/resources'],
  ])('of %s is %s', (path, routed) => {
    expect(routedPath(new Request(`http://localhost${path}?a=/b`))).toBe(routed)
  })
})

it('has no pattern in a route that the router would try at every slash', async () => {
  const { parts } = await memoryApp()
  const { hono } = await createApp(parts, new URL('http://localhost'))
  const across = hono.routes.filter(({ path }) => /\{[^}]*\.[+*][^}]*\}/.test(path))
  expect(across).toEqual([])
})

describe('a path that is longer than any name', () => {
  const long = (text: string) => text.repeat(Math.ceil((2 * MAX_PATH) / text.length))

  it.each([
    ['/v2/a/blobs/', ':'],
    ['/v2', '/tags/list'],
    ['/v2', '/blobs/uploads'],
    ['/v2', '/referrers/x'],
    ['/v2/', 'a'],
  ])('is refused by the registry: %s%s…', async (start, text) => {
    const { client } = await memoryApp()
    const answer = await client.send(start + long(text))
    expect(answer.status).toBe(414)
    expect(await answer.json()).toMatchObject({ errors: [{ message: expect.stringContaining('shorten') }] })
  })

  it.each([
    ['GET', '/packages/a', '/graph'],
    ['GET', '/packagerevisions/', 'a'],
    ['GET', '/packagerevisions/a.b.c/resources/', 'a/'],
  ])('is refused by the API: %s %s%s…', async (method, start, text) => {
    const { client } = await memoryApp()
    const answer = await client.call(method, start + long(text))
    expect(answer).toMatchObject({ status: 414, body: { code: 'uri_too_long' } })
  })

  it('is not that of the longest file, with every byte escaped', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    const { name } = await client.createDraft('ws1')
    const path = [...Array(4)].map(() => 'ä'.repeat(127)).join('/')
    await client.ok(
      'PATCH',
      `/packagerevisions/${name}/resources`,
      { resources: { [path]: 'x' } },
      { 'If-Match': '*' },
    )
    const found = await client.send(`/api/v1/packagerevisions/${name}/resources/${encodeURIComponent(path)}`)
    expect(await found.text()).toBe('x')
  })
})
