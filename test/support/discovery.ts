/** Steps that the tests of discovery share. */
import { expect } from 'vitest'
import type { Client, Json } from './client.ts'
import { until } from './until.ts'

/** Returns the files of a small package, which differ by the number of replicas. */
export function files(replicas: number): { 'upf.yaml': string } {
  return {
    'upf.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: upf\ndata:\n  replicas: "${replicas}"\n`,
  }
}

/** Creates the repository `found`, which is filled from the repositories below `team` in a registry. */
export async function register(client: Client, there: { url: URL }, source: object = {}): Promise<Json> {
  const url = new URL('/team', there.url).href
  return client.ok('POST', '/repositories', { name: 'found', type: 'catalog', source: { url, ...source } })
}

/** Syncs the repository and returns its status. */
export async function sync(client: Client): Promise<Json> {
  const { status, body, text } = await client.call('POST', '/repositories/found/sync')
  expect(status, text).toBe(202)
  expect(body.state).toBe('Syncing')
  let shown: Json
  await until(async () => {
    shown = (await client.ok('GET', '/repositories/found')).status
    return shown.state !== 'Syncing'
  })
  return shown
}

/** Returns the revisions in the order of their numbers. */
export async function revisions(client: Client): Promise<Json[]> {
  const { items } = await client.ok('GET', '/packagerevisions?repository=found&limit=1000')
  return items.sort((a: Json, b: Json) => a.package.localeCompare(b.package) || a.revision - b.revision)
}

/** Returns the number, version and workspace of each revision. */
export async function shown(client: Client): Promise<string[]> {
  return (await revisions(client)).map(
    ({ revision, version, workspace }) => `${revision} ${version} ${workspace}`,
  )
}
