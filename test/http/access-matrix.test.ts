/** Who may send which request: the answers of the server, beside the table that says what they should be. */
import type { OpenAPIHono } from '@hono/zod-openapi'
import { expect, it } from 'vitest'
import { operationsOf } from '../../src/http/operation.ts'
import type { Client } from '../support/client.ts'
import { type MatrixRequest, matrixRequests } from '../support/matrix-requests.ts'
import { protectedApp } from '../support/protected-app.ts'

const INTRODUCTION = `# Who may do what

Written by \`npx vitest run test/http/access-matrix.test.ts -u\`. Each row is an operation on \`blueprints\`. The readers,
authors and reviewers have that role for it; "elsewhere" reads another repository. \`yes\`: the caller may do it; for
lists, as far as the caller may see. 401: the caller should log in. 404: it does not exist for the caller. 403: the caller
lacks a permission, which the answer names.

`

/** Pages of the documentation have no names of operations in the API document. */
const DOCUMENTATION = /^\/(?:docs|openapi|$)/

it('1. matrix: answers each operation as the table says, for each kind of caller', async () => {
  const app = await protectedApp()
  const admin = await app.user('admin', 'admin')
  const requests = await matrixRequests(app, admin)
  const callers: Record<string, Client> = {
    anonymous: app.anonymous,
    elsewhere: await app.user('eve', 'reader', 'elsewhere'),
    reader: await app.user('rea', 'reader', 'blueprints*'),
    author: await app.user('ann', 'author', 'blueprints*'),
    reviewer: await app.user('rob', 'reviewer', 'blueprints*'),
    admin,
  }
  const rows: string[][] = [['operation', ...Object.keys(callers)], Array(7).fill('---')]
  const methods = methodsOf(app.hono)
  expect([...methods.keys()].sort(), 'each operation needs a request').toEqual(Object.keys(requests).sort())
  for (const [id, method] of methods) {
    for (const request of [requests[id] ?? []].flat()) {
      const row = [request.about === undefined ? id : `${id}: ${request.about}`]
      for (const client of Object.values(callers)) row.push(await answer(client, method, request))
      rows.push(row)
    }
  }
  const table = rows.map((row) => `| ${row.join(' | ')} |\n`).join('')
  await expect(INTRODUCTION + table).toMatchFileSnapshot('access-matrix.md')
})

/** The method of each operation; of a route that declares none, the route itself is the name. */
function methodsOf(app: OpenAPIHono): Map<string, string> {
  // Several handlers of a route may stand beside the one that declares its operation.
  const ids = new Map<string, string | undefined>()
  for (const [{ method, path }, operation] of operationsOf(app)) {
    const route = `${method} ${path}`
    if (!DOCUMENTATION.test(path)) ids.set(route, ids.get(route) ?? operation?.id)
  }
  return new Map([...ids].map(([route, id = route]) => [id, route.split(' ')[0] ?? '']))
}

async function answer(client: Client, method: string, { path, body }: MatrixRequest): Promise<string> {
  const url = typeof path === 'string' ? path : await path()
  // Of an old version, so that nothing is changed.
  const headers = ['PUT', 'PATCH', 'DELETE'].includes(method) && { 'If-Match': '"0"' }
  const rest = url.startsWith('/api/v1')
  const { status } = rest
    ? await client.call(method, url.replace('/api/v1', ''), body, headers || {})
    : await client.send(url, { method, headers: rawHeaders(url, headers), ...raw(body) })
  expect(status, `${method} ${url}`).toBeLessThan(500)
  return [401, 403, 404].includes(status) ? String(status) : 'yes'
}

/** Manifests have conditions of their own. */
function rawHeaders(url: string, headers: false | Record<string, string>): Record<string, string> {
  return headers && /\/manifests\//.test(url) ? headers : {}
}

function raw(body: unknown): RequestInit {
  return typeof body === 'string' ? { body } : {}
}
