/** Steps that the tests of the audit log share. */
import { sql } from 'kysely'
import { expect } from 'vitest'
import type { Components } from '../../src/server/components.ts'
import type { Client, Json } from './client.ts'

/** Exports the log: all records, the oldest first. */
export async function exported(client: Client, query = ''): Promise<Json[]> {
  const response = await client.send(`/api/v1/audit${query}`, { headers: { Accept: 'application/x-ndjson' } })
  expect(response.headers.get('Content-Type')).toBe('application/x-ndjson')
  const text = await response.text()
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

/** The types of the records since the last call, without those of the exports. */
export function newTypes(client: Client): () => Promise<string[]> {
  let last = 0
  return async () => {
    const records = (await exported(client, `?since=${last}`)).filter(({ type }) => type !== 'audit.exported')
    last = records.at(-1)?.seq ?? last
    return records.map(({ type }) => type)
  }
}

export async function problems(client: Client, heads: object[] = []): Promise<Json[]> {
  return (await client.ok('POST', '/audit/verifications', { heads })).problems
}

/** Changes the index behind the back of the server. */
export async function tamper({ ctx }: Components, statement: string): Promise<void> {
  await ctx.commits.run((transaction) => sql.raw(statement).execute(transaction))
}
