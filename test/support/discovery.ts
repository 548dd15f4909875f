/** What tests of discovery do again and again. */
import { expect } from 'vitest'
import type { Client } from './client.ts'

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
type Json = any

/** A small package that can be told from others of its kind. */
export function files(replicas: number): { 'upf.yaml': string } {
  return {
    'upf.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: upf\ndata:\n  replicas: "${replicas}"\n`,
  }
}

/** Makes a repository `found` that is filled from what is below `team` there. */
export async function register(client: Client, there: { url: URL }, source: object = {}): Promise<Json> {
  const url = new URL('/team', there.url).href
  return client.ok('POST', '/repositories', { name: 'found', type: 'catalog', source: { url, ...source } })
}

/** Looks for what is new, and resolves to the status. */
export async function sync(client: Client): Promise<Json> {
  const { status, body, text } = await client.call('POST', '/repositories/found/sync')
  expect(status, text).toBe(200)
  return body
}

/** In the order of their numbers. */
export async function revisions(client: Client): Promise<Json[]> {
  const { items } = await client.ok('GET', '/packagerevisions?repository=found&limit=1000')
  return items.sort((a: Json, b: Json) => a.package.localeCompare(b.package) || a.revision - b.revision)
}

/** Number, version and workspace of each. */
export async function shown(client: Client): Promise<string[]> {
  return (await revisions(client)).map(
    ({ revision, version, workspace }) => `${revision} ${version} ${workspace}`,
  )
}
