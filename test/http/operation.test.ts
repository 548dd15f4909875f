import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { findTargetHandler } from 'hono/utils/handler'
import { pino } from 'pino'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parse } from 'yaml'
import { type Operation, operationsOf } from '../../src/http/operation.ts'
import { createApp } from '../../src/server/app.ts'
import { type Components, memoryComponents } from '../../src/server/components.ts'

/** The app of the server, and the lines that it logs. */
async function loggedApp(change: Partial<Components> = {}): Promise<{ hono: OpenAPIHono; lines: string[] }> {
  const lines: string[] = []
  const parts = await memoryComponents(pino({ level: 'error' }, { write: (line) => lines.push(line) }))
  onTestFinished(() => parts.close())
  const { hono } = await createApp({ ...parts, ...change }, new URL('http://localhost:8080'))
  return { hono, lines }
}

/** The operations of an app by method and path; undefined for a route that declares none. */
function declarations(hono: OpenAPIHono): Map<string, Operation | undefined> {
  const found = new Map<string, Operation | undefined>()
  for (const [{ method, path }, operation] of operationsOf(hono)) {
    const key = `${method} ${path}`
    found.set(key, found.get(key) ?? operation)
  }
  return found
}

/** Functions that return the sorted ids of the operations that meet a condition. */
async function operationIds() {
  const all = [...declarations((await loggedApp()).hono)]
  const ids = (reading: boolean) => (condition: (operation: Operation) => boolean) => {
    const found = all.flatMap(([route, operation]) =>
      operation && route.startsWith('GET ') === reading && condition(operation) ? [operation.id] : [],
    )
    return [...new Set(found)].sort()
  }
  return { reads: ids(true), changes: ids(false) }
}

describe('the operations of the server', () => {
  it('are declared by every route', async () => {
    const { hono } = await loggedApp()
    const declared = declarations(hono)
    expect([...declared].filter(([, operation]) => !operation).map(([route]) => route)).toEqual([])
    expect(declared.size).toBeGreaterThan(60)
    const routes = operationsOf(hono)
    const middleware = hono.routes.filter((route) => !routes.has(route))
    expect(new Set(middleware.map(({ handler }) => findTargetHandler(handler).name))).toEqual(
      new Set([
        'requestLog',
        'clientOfRequest',
        'boundedPath',
        'knownHosts',
        'browserSafety',
        'authentication',
        'registryAuthentication',
        'answerMemory',
        'access',
        'readOnly',
        'loadShedding',
        'measuredOperations',
        'boundedBody',
        'requiredBody',
      ]),
    )
  })

  it('are those of openapi.yaml, except for /v2, its tokens, the tree of Glasskube and the documentation', async () => {
    const { hono } = await loggedApp()
    const document = parse(await readFile(join(import.meta.dirname, '../../openapi.yaml'), 'utf8'))
    const documented: string[] = []
    for (const [path, operations] of Object.entries(document.paths as Record<string, object>)) {
      for (const [method, { operationId }] of Object.entries(operations)) {
        documented.push(operationId)
        const url = path.replaceAll(/[{}]/g, '')
        const [routes] = hono.router.match(method.toUpperCase(), url)
        const operation = routes.map(([[, route]]) => operationsOf(hono).get(route)).find(Boolean)
        expect(operation?.id, `${method} ${path}`).toBe(operationId)
      }
    }
    const elsewhere = [...declarations(hono)].filter(
      ([route]) => !/ \/(?:v2|auth|glasskube|docs|openapi|$)/.test(route),
    )
    expect(new Set(elsewhere.map(([, operation]) => operation?.id))).toEqual(new Set(documented))
  })

  it('that change something wait under load and are refused on a full disk, except for these', async () => {
    const { changes } = await operationIds()
    expect(changes(({ load }) => load === 'none')).toEqual([
      'cancelJob',
      'collectGarbage',
      'exchangeRegistryToken',
      'logOut',
    ])
    expect(changes(({ writesDisk }) => !writesDisk)).toEqual([
      'assessImpact',
      'cancelJob',
      'cancelUpload',
      'checkValues',
      'collectGarbage',
      'deleteBinding',
      'deleteBlob',
      'deleteIssuer',
      'deleteManifest',
      'deletePackageRevision',
      'deleteRepository',
      'deleteReviewPolicy',
      'deleteServiceAccount',
      'deleteTrust',
      'deleteWebhook',
      'endSession',
      'exchangeRegistryToken',
      'logOut',
      'previewUpgrade',
      'proposeDeletion',
      'resolvePackages',
      'revokeToken',
      'verifyAudit',
    ])
  })

  it('that read are served in any case, except for those whose answers can be large', async () => {
    const { reads } = await operationIds()
    expect(reads(({ writesDisk }) => writesDisk)).toEqual([])
    expect(reads(({ load }) => load === 'read')).toEqual([
      'diffPackageRevision',
      'getGlasskubeFile',
      'getResource',
      'getResources',
      'getReview',
      'getValuesSchema',
      'listConflicts',
      'listReferrers',
    ])
    expect(reads(({ load }) => load === 'list')).toEqual([
      'getAccessRules',
      'getBinding',
      'getDependencies',
      'getGlasskubeIndex',
      'getIssuer',
      'getJob',
      'getPackageGraph',
      'getReviewPolicy',
      'getServiceAccount',
      'getTrust',
      'getWebhook',
      'listAuditRecords',
      'listBindings',
      'listDeliveries',
      'listDependents',
      'listDownstreams',
      'listImages',
      'listIssuers',
      'listJobItems',
      'listJobs',
      'listNames',
      'listObjects',
      'listPackageRevisions',
      'listPackages',
      'listRepositories',
      'listReviewPolicies',
      'listServiceAccountTokens',
      'listServiceAccounts',
      'listSessions',
      'listTags',
      'listTokens',
      'listTrusts',
      'listUserSessions',
      'listUserTokens',
      'listUsers',
      'listWebhooks',
    ])
  })
})

describe('a route that declares no operation', () => {
  const secret = (c: Context) => c.text('secret')
  const described = createRoute({
    method: 'post',
    path: '/api/v1/later',
    request: { query: z.strictObject({ x: z.string() }) },
    responses: { 200: { description: 'Never.' } },
  })

  it.each<[string, string, (app: OpenAPIHono) => unknown, object]>([
    ['GET', '/api/v1/later', (app) => app.get('/api/v1/later', secret), { code: 'forbidden' }],
    ['POST', '/api/v1/later', (app) => app.openapi(described, secret), { code: 'forbidden' }],
    ['PUT', '/later', (app) => app.all('/later', secret), { code: 'forbidden' }],
    ['HEAD', '/v2/later', (app) => app.get('/v2/later', secret), { errors: [{ code: 'DENIED' }] }],
    ['GET', '/v2/later', (app) => app.get('/v2/later', secret), { errors: [{ code: 'DENIED' }] }],
  ])('is refused, and logged: %s %s', async (method, path, add, body) => {
    const { hono, lines } = await loggedApp()
    add(hono)
    const response = await hono.request(path, { method })
    expect(response.status).toBe(403)
    if (method !== 'HEAD') expect(await response.json()).toMatchObject(body)
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({
        level: 50,
        route: path,
        msg: expect.stringContaining('declares no operation'),
      }),
    ])
  })
})

describe('a path without a route', () => {
  it.each([
    ['GET', '/nowhere', 404, 'not_found'],
    ['POST', '/api/v1/nowhere', 404, 'not_found'],
    ['POST', '/healthz', 405, 'method_not_allowed'],
    ['OPTIONS', '/api/v1/repositories', 405, 'method_not_allowed'],
  ])('gets a problem document: %s %s', async (method, path, status, code) => {
    const { hono } = await loggedApp()
    const response = await hono.request(path, { method })
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ code })
  })

  it.each([
    ['GET', '/v2/a/b/nonsense'],
    ['POST', '/v2/a/manifests/latest'],
    ['OPTIONS', '/v2/'],
  ])('gets an error of the registry: %s %s', async (method, path) => {
    const { hono } = await loggedApp()
    const response = await hono.request(path, { method })
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ errors: [{ code: 'UNSUPPORTED' }] })
  })

  it('says where the registry is, if it is not in this server', async () => {
    const { hono } = await loggedApp({ embedded: undefined, registryAddress: 'registry.example.com' })
    for (const path of ['/v2', '/v2/a/manifests/latest']) {
      const response = await hono.request(path)
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({
        errors: [{ code: 'UNSUPPORTED', message: expect.stringContaining('registry.example.com') }],
      })
    }
  })
})
