/** Traces as an OpenTelemetry collector receives them. */
import type { RequestListener } from 'node:http'
import { describe, expect, it } from 'vitest'
import { listening } from '../support/listening.ts'
import { startServer } from '../support/process.ts'
import { temporaryFolder } from '../support/temporary.ts'

type Value = { stringValue?: string; intValue?: number; doubleValue?: number }
type Span = {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes: { key: string; value: Value }[]
}

/** https://opentelemetry.io/docs/specs/otlp/#otlphttp, in JSON. */
async function collector(): Promise<{ url: URL; spans: Span[]; resources: Record<string, string>[] }> {
  const spans: Span[] = []
  const resources: Record<string, string>[] = []
  const url = await listening(async (request, response) => {
    expect(request).toMatchObject({ method: 'POST', url: '/v1/traces' })
    expect(request.headers['content-type']).toBe('application/json')
    const body = JSON.parse(Buffer.concat(await Array.fromAsync(request)).toString())
    for (const { resource, scopeSpans } of body.resourceSpans) {
      const attributes = (resource.attributes as Span['attributes']).map(({ key, value }) => [
        key,
        value.stringValue,
      ])
      resources.push(Object.fromEntries(attributes))
      for (const scope of scopeSpans) spans.push(...scope.spans)
    }
    response.setHeader('Content-Type', 'application/json')
    response.end('{}')
  })
  return { url, spans, resources }
}

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'

it('adds spans for each request, registry call, transaction and worker to the trace of the client', async () => {
  const { url, spans, resources } = await collector()
  const server = await startServer(await temporaryFolder(), [], { OTEL_EXPORTER_OTLP_ENDPOINT: url.href })
  const { client } = server
  await client.createRepository()
  const body = { repository: 'blueprints', package: 'p', workspace: 'ws1', source: { init: {} } }
  await client.ok('POST', '/packagerevisions', body, { traceparent: `00-${TRACE}-${PARENT}-01` })
  await client.call('GET', '/packagerevisions/a.b.c', undefined, { traceparent: 'nonsense' })
  expect(await server.stop()).toBe(0)

  expect(resources[0]).toMatchObject({ 'service.name': 'pkgserver', 'service.version': expect.any(String) })
  const mine = spans.filter(({ traceId }) => traceId === TRACE)
  const request = mine.find(({ name }) => name === 'POST /api/v1/packagerevisions')
  expect(request).toMatchObject({ parentSpanId: PARENT, kind: 2 })
  const attributes = Object.fromEntries(request?.attributes.map(({ key, value }) => [key, value]) ?? [])
  expect(attributes['http.response.status_code']).toEqual({ intValue: 201 })
  expect(attributes['http.route']).toEqual({ stringValue: '/api/v1/packagerevisions' })
  const operation = mine.find(({ name }) => name === 'createPackageRevision')
  expect(operation?.parentSpanId).toBe(request?.spanId)
  for (const name of ['registry push', 'registry tag', 'database transaction', 'worker prepare']) {
    const found = mine.find((span) => span.name === name)
    expect(found?.parentSpanId, name).toBe(operation?.spanId)
    expect(BigInt(found?.endTimeUnixNano ?? 0)).toBeGreaterThanOrEqual(BigInt(found?.startTimeUnixNano ?? 1))
  }
  const other = spans.find(({ name }) => name === 'GET /api/v1/packagerevisions/:name')
  expect(other?.traceId).toMatch(/^[0-9a-f]{32}$/)
  expect(other?.parentSpanId ?? '').toBe('')
})

/** Starts a server, sends it a request, and stops it, which sends the spans. Returns its warnings. */
async function warnings(settings: Record<string, string>): Promise<string[]> {
  const server = await startServer(await temporaryFolder(), ['--log-level', 'warn'], settings)
  await server.client.createRepository()
  expect(await server.stop()).toBe(0)
  const lines = server.log().split('\n').filter(Boolean)
  return lines.map((line) => JSON.parse(line).msg)
}

describe('the resource of the spans', () => {
  it.each<[object, Record<string, string>]>([
    [{ 'service.name': 'packages' }, { OTEL_SERVICE_NAME: 'packages' }],
    [
      { 'service.name': 'from attributes', 'deployment.environment.name': 'prod' },
      { OTEL_RESOURCE_ATTRIBUTES: 'service.name=from%20attributes,deployment.environment.name=prod' },
    ],
    [
      { 'service.name': 'packages', 'service.version': '7' },
      { OTEL_SERVICE_NAME: 'packages', OTEL_RESOURCE_ATTRIBUTES: 'service.name=other,service.version=7' },
    ],
  ])('is %o as the environment says', async (resource, settings) => {
    const { url, resources } = await collector()
    expect(await warnings({ OTEL_EXPORTER_OTLP_ENDPOINT: url.href, ...settings })).toEqual([])
    expect(resources.length).toBeGreaterThan(0)
    for (const each of resources) expect(each).toMatchObject(resource)
  })
})

describe('a collector that takes no spans', () => {
  it.each<[string, string, RequestListener]>([
    [
      'wants a token',
      'traces are lost: .*: 401 Unauthorized',
      (_, response) => response.writeHead(401).end(),
    ],
    [
      'has no such path',
      'traces are lost: .*: 404 Not Found',
      (_, response) => response.writeHead(404).end(),
    ],
    [
      'sends elsewhere',
      'traces are lost: .*: 302 Found',
      (_, response) => response.writeHead(302, { Location: '/login' }).end(),
    ],
    [
      'is the page of another server',
      'traces may be lost: .*parse',
      (_, response) => response.end('<html>Welcome</html>'),
    ],
    [
      'refuses some',
      'traces may be lost: .*too many',
      (_, response) => response.end('{"partialSuccess":{"rejectedSpans":3,"errorMessage":"too many"}}'),
    ],
  ])('is reported once, with what to set: it %s', async (_, words, answer) => {
    const url = await listening((request, response) => {
      request.resume().on('end', () => answer(request, response))
    })
    url.username = 'me'
    url.password = 'secret'
    const all = await warnings({ OTEL_EXPORTER_OTLP_ENDPOINT: url.href })
    expect(all).toEqual([expect.stringMatching(words)])
    expect(all[0]).toContain(`${url.host}/v1/traces`)
    expect(all[0]).toContain('OTEL_EXPORTER_OTLP_HEADERS')
    expect(all[0]).not.toContain('secret')
  })

  it('is reported if it does not answer in time, or not at all', async () => {
    const silent = await listening(() => undefined)
    expect(await warnings({ OTEL_EXPORTER_OTLP_ENDPOINT: silent.href })).toEqual([
      expect.stringContaining('the last traces are lost: '),
    ])
    const away = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_EXPORTER_OTLP_TIMEOUT: '500' }
    expect(await warnings(away)).toEqual([
      expect.stringMatching(/traces are lost: http:\/\/127\.0\.0\.1:1\/v1\/traces: .*ECONNREFUSED/),
    ])
  })

  it('gets the token that the environment has', async () => {
    const tokens: unknown[] = []
    const url = await listening((request, response) => {
      tokens.push(request.headers.authorization)
      request.resume().on('end', () => response.end('{}'))
    })
    const settings = { OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer%20abc' }
    expect(await warnings({ OTEL_EXPORTER_OTLP_ENDPOINT: url.href, ...settings })).toEqual([])
    expect(new Set(tokens)).toEqual(new Set(['Bearer abc']))
  })
})

it('works and stops without a collector that answers', async () => {
  const server = await startServer(await temporaryFolder(), ['--otlp-endpoint', 'http://127.0.0.1:1'])
  await server.client.createRepository()
  expect(await server.stop()).toBe(0)
})
