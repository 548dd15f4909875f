/** Traces as an OpenTelemetry collector receives them. */
import { expect, it } from 'vitest'
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
async function collector(): Promise<{ url: URL; spans: Span[]; services: Set<string> }> {
  const spans: Span[] = []
  const services = new Set<string>()
  const url = await listening(async (request, response) => {
    expect(request).toMatchObject({ method: 'POST', url: '/v1/traces' })
    expect(request.headers['content-type']).toBe('application/json')
    const body = JSON.parse(Buffer.concat(await Array.fromAsync(request)).toString())
    for (const { resource, scopeSpans } of body.resourceSpans) {
      const name = resource.attributes.find(({ key }: { key: string }) => key === 'service.name')
      services.add(name.value.stringValue)
      for (const scope of scopeSpans) spans.push(...scope.spans)
    }
    response.setHeader('Content-Type', 'application/json')
    response.end('{}')
  })
  return { url, spans, services }
}

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'

it('adds spans for each request, registry call, transaction and thread to the trace of the client', async () => {
  const { url, spans, services } = await collector()
  const server = await startServer(await temporaryFolder(), [], { OTEL_EXPORTER_OTLP_ENDPOINT: url.href })
  const { client } = server
  await client.createRepository()
  const body = { repository: 'blueprints', package: 'p', workspace: 'ws1', source: { init: {} } }
  await client.ok('POST', '/packagerevisions', body, { traceparent: `00-${TRACE}-${PARENT}-01` })
  await client.call('GET', '/packagerevisions/a.b.c', undefined, { traceparent: 'nonsense' })
  expect(await server.stop()).toBe(0)

  expect([...services]).toEqual(['pkgserver'])
  const mine = spans.filter(({ traceId }) => traceId === TRACE)
  const request = mine.find(({ name }) => name === 'POST /api/v1/packagerevisions')
  expect(request).toMatchObject({ parentSpanId: PARENT, kind: 2 })
  const attributes = Object.fromEntries(request?.attributes.map(({ key, value }) => [key, value]) ?? [])
  expect(attributes['http.response.status_code']).toEqual({ intValue: 201 })
  expect(attributes['http.route']).toEqual({ stringValue: '/api/v1/packagerevisions' })
  const operation = mine.find(({ name }) => name === 'createPackageRevision')
  expect(operation?.parentSpanId).toBe(request?.spanId)
  for (const name of ['registry push', 'registry tag', 'database transaction', 'thread prepare']) {
    const found = mine.find((span) => span.name === name)
    expect(found?.parentSpanId, name).toBe(operation?.spanId)
    expect(BigInt(found?.endTimeUnixNano ?? 0)).toBeGreaterThanOrEqual(BigInt(found?.startTimeUnixNano ?? 1))
  }
  const other = spans.find(({ name }) => name === 'GET /api/v1/packagerevisions/:name')
  expect(other?.traceId).toMatch(/^[0-9a-f]{32}$/)
  expect(other?.parentSpanId ?? '').toBe('')
})
