import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Kysely } from 'kysely'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { Schema as Tables } from '../../src/database/schema.ts'
import { folderApp, memoryApp } from '../support/app.ts'
import type { Client } from '../support/client.ts'
import { undocumented } from '../support/documented.ts'

type Schema = {
  $ref?: string
  type?: string | string[]
  description?: string
  example?: unknown
  properties?: Record<string, Schema>
  items?: Schema
  anyOf?: Schema[]
}

// biome-ignore lint/suspicious/noExplicitAny: a document of any shape
async function loadDocument(): Promise<any> {
  const { client } = await memoryApp()
  return (await client.send('/openapi.json')).json()
}

type Readiness = { status: string; parts: { name: string; status: string; message: string }[] }

async function readinessOf(client: Client): Promise<Readiness> {
  return (await (await client.send('/readyz')).json()) as Readiness
}

describe('the API document', () => {
  it('is the one in openapi.yaml, which `npm run openapi` writes', async () => {
    const file = await readFile(join(import.meta.dirname, '../../openapi.yaml'), 'utf8')
    expect(parse(file)).toEqual(await loadDocument())
  })

  it('describes every field and parameter, with an example for every field that is not composed of others', async () => {
    const { components, paths } = await loadDocument()
    const missing: string[] = []
    const visit = (where: string, schema: Schema): void => {
      for (const [name, property] of Object.entries(schema.properties ?? {})) {
        const at = `${where}.${name}`
        const referred =
          property.$ref !== undefined || property.anyOf?.some(({ $ref }) => $ref) || property.items?.$ref
        if (!property.description && !referred) missing.push(`${at}: description`)
        const composed = property.properties ?? property.items ?? referred
        if (property.example === undefined && !composed) missing.push(`${at}: example`)
        visit(at, property)
        if (property.items) visit(at, property.items)
      }
    }
    for (const [name, schema] of Object.entries(components.schemas as Record<string, Schema>))
      visit(name, schema)
    for (const [path, operations] of Object.entries(
      paths as Record<
        string,
        Record<string, { parameters?: { name: string; schema: Schema; description?: string }[] }>
      >,
    )) {
      for (const [method, { parameters = [] }] of Object.entries(operations)) {
        for (const { name, schema, description } of parameters) {
          if (!description && !schema.description) missing.push(`${method} ${path} ${name}: description`)
        }
      }
    }
    expect(missing).toEqual([])
  })

  it('has an operationId and a summary for each operation', async () => {
    const { paths } = await loadDocument()
    const operations = Object.values(paths).flatMap((path) =>
      Object.values(path as Record<string, { operationId: string; summary: string }>),
    )
    expect(operations.length).toBeGreaterThan(20)
    for (const operation of operations)
      expect(operation).toMatchObject({ operationId: expect.any(String), summary: expect.any(String) })
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length)
  })

  it('is what other tests validate each response against', () => {
    const answer = (status: number, type: string, body: unknown) => ({
      status,
      headers: new Headers({ 'Content-Type': type }),
      body,
    })
    const path = '/api/v1/repositories/x'
    expect(undocumented('GET', path, answer(200, 'application/json', { name: 'x' }))).toMatch(
      /must have required property/,
    )
    expect(undocumented('GET', path, answer(418, 'application/json', {}))).toMatch(/answers 418/)
    expect(undocumented('GET', path, answer(404, 'application/json', {}))).toMatch(
      /application\/json is not documented/,
    )
  })
})

describe('the documentation page', () => {
  it('loads everything that it needs from this server', async () => {
    const { client } = await memoryApp()
    const page = await client.send('/docs')
    expect(page.status).toBe(200)
    expect(page.headers.get('Content-Security-Policy')).toContain("default-src 'none'")
    const html = await page.text()
    expect(html).not.toMatch(/https?:\/\//)
    const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '')
    expect(assets).toHaveLength(4)
    for (const asset of assets) {
      const response = await client.send(asset)
      expect(response.status, asset).toBe(200)
      expect((await response.arrayBuffer()).byteLength, asset).toBeGreaterThan(50)
    }
  })

  it('is where the root redirects to', async () => {
    const { client } = await memoryApp()
    const response = await client.send('/', { redirect: 'manual' })
    expect(response.status).toBe(302)
    expect(response.headers.get('Location')).toBe('/docs')
  })
})

describe('for operators, the server', () => {
  it('reports liveness, readiness and metrics', async () => {
    const { client, parts } = await memoryApp()
    expect(await (await client.send('/healthz')).json()).toEqual({ status: 'ok' })
    const ready = await readinessOf(client)
    expect(ready).toMatchObject({ status: 'ready' })
    expect(ready.parts.map(({ name, status }) => [name, status])).toEqual([
      ['server', 'ok'],
      ['database', 'ok'],
      ['registry', 'ok'],
      ['disk', 'ok'],
      ['workers', 'ok'],
    ])
    await client.call('GET', '/packagerevisions/a.b.c')
    const metrics = await (await client.send('/metrics')).text()
    expect(metrics).toMatch(/^process_cpu_seconds_total /m)
    expect(metrics).toMatch(
      /http_request_duration_seconds_count\{method="GET",route="\/api\/v1\/packagerevisions\/:name",status="404"\} 1/,
    )
    await (parts.ctx.db as Kysely<Tables>).destroy()
    const unready = await client.send('/readyz')
    expect(unready.status).toBe(503)
    expect(await unready.json()).toMatchObject({
      status: 'not ready',
      parts: [
        { name: 'server', status: 'ok' },
        { name: 'database', status: 'failed', message: expect.stringContaining('does not answer') },
        { name: 'registry', status: 'ok' },
        { name: 'disk', status: 'ok' },
        { name: 'workers', status: 'ok' },
      ],
    })
  })

  it('is not ready while the registry cannot store anything', async () => {
    const { client, data } = await folderApp()
    await rm(join(data, 'registry'), { recursive: true })
    const unready = await client.send('/readyz')
    expect(unready.status).toBe(503)
    const { parts } = await readinessOf(client)
    expect(parts).toContainEqual({ name: 'database', status: 'ok', message: 'It answers.' })
    expect(parts).toContainEqual({ name: 'registry', status: 'failed', message: expect.any(String) })
  })
})
