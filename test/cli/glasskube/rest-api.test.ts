import { expect, it } from 'vitest'
import { RestApi } from '../../../src/cli/glasskube/rest-api.ts'

const BASE = new URL('http://localhost:8080')

function answering(...responses: (() => Response)[]): { api: RestApi; asked: Request[] } {
  const asked: Request[] = []
  const send = async (request: Request) => {
    asked.push(request)
    const response = responses.shift()
    if (!response) throw new TypeError('fetch failed')
    return response()
  }
  return { api: new RestApi(BASE, 'secret', send), asked }
}

const problem =
  (status: number, body: object, headers = {}) =>
  () =>
    Response.json(body, { status, headers })

it('retries what an overloaded server asks it to', async () => {
  const busy = problem(503, { code: 'overloaded' }, { 'Retry-After': '0' })
  const { api, asked } = answering(busy, busy, () => Response.json({ name: 'x' }, { status: 201 }))
  expect(await api.call('POST', '/repositories', { name: 'x' })).toEqual({ name: 'x' })
  expect(asked).toHaveLength(3)
  expect(await asked[2]?.json()).toEqual({ name: 'x' })
  expect(asked[2]?.headers.get('Authorization')).toBe('Bearer secret')
})

it('gives up on one that stays overloaded, or does not say when to retry', async () => {
  const busy = problem(503, { code: 'overloaded', detail: 'too much' }, { 'Retry-After': '0' })
  const always = answering(...Array.from({ length: 10 }, () => busy))
  await expect(always.api.call('GET', '/x')).rejects.toMatchObject({ status: 503, message: 'too much' })
  expect(always.asked).toHaveLength(5)
  const once = answering(problem(503, { code: 'unavailable' }))
  await expect(once.api.call('GET', '/x')).rejects.toMatchObject({ status: 503, problem: 'unavailable' })
})

it('shows single faults with their places', async () => {
  const errors = [
    { path: 'a.yaml', line: 3, column: 7, message: 'is wrong' },
    { path: 'b.yaml', message: 'is missing' },
  ]
  const { api } = answering(problem(409, { code: 'not_ready', detail: 'cannot be proposed', errors }))
  await expect(api.call('POST', '/x')).rejects.toThrow('a.yaml:3:7: is wrong, b.yaml: is missing')
})

it('finds nothing where there is nothing, and says what to do without an answer', async () => {
  const { api } = answering(
    problem(404, { code: 'not_found' }),
    () => new Response('<html>', { status: 502 }),
  )
  expect(await api.find('/x')).toBeUndefined()
  await expect(api.find('/x')).rejects.toThrow('the server answered with the status 502')
  await expect(api.find('/x')).rejects.toThrow(
    'the server at localhost:8080 does not answer: run the command again',
  )
})

it('says that a page is no answer of a pkgserver, and where a redirect leads', async () => {
  const location = 'https://localhost/api/v1/x'
  const { api, asked } = answering(
    () => new Response('<html>'),
    () => new Response(null, { status: 301, headers: { Location: location } }),
  )
  await expect(api.call('GET', '/x')).rejects.toThrow('localhost:8080 does not answer as pkgserver does')
  await expect(api.call('GET', '/x')).rejects.toThrow(`redirects to ${location}: name the server there`)
  expect(asked.map(({ redirect }) => redirect)).toEqual(['manual', 'manual'])
})

it('takes an answer that is cut off for none', async () => {
  const cut = () =>
    new Response(new ReadableStream({ start: (controller) => controller.error(new TypeError('terminated')) }))
  await expect(answering(cut).api.call('GET', '/x')).rejects.toMatchObject({ code: 'unavailable' })
})
