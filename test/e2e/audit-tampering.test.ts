import { describe, expect, it } from 'vitest'
import { sha256 } from '../../src/core/sha256.ts'
import { canonicalJson } from '../../src/domain/audit/chain.ts'
import { memoryApp, type TestApp } from '../support/app.ts'
import { exported, problems, tamper } from '../support/audit.ts'

const files = (value: string) => ({
  resources: { 'a.yaml': `apiVersion: v1\nkind: X\nmetadata: {name: ${value}}\n` },
})

async function withDraft(): Promise<TestApp> {
  const app = await memoryApp()
  await app.client.createRepository()
  await app.client.createDraft('ws1', files('a'))
  return app
}

describe('the verification of the audit log', () => {
  it('32. audit: finds a row that was edited, removed or added', async () => {
    const edits: [string, RegExp][] = [
      [`UPDATE audit SET record = replace(record, 'anonymous', 'eve') WHERE seq = 2`, /was changed/],
      [`UPDATE audit SET principal = 'eve' WHERE seq = 2`, /was changed/],
      [`UPDATE audit SET address = '192.0.2.1' WHERE seq = 2`, /address/],
      ['DELETE FROM audit WHERE seq = 2', /missing, from 2 to 2/],
      ['DELETE FROM audit WHERE seq = 1', /no record says/],
      ['DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)', /it is missing/],
      [
        'INSERT INTO audit SELECT 99, time, type, principal, repository, address, record, hash FROM audit WHERE seq = 2',
        /are missing/,
      ],
      ['UPDATE audit SET seq = CASE seq WHEN 1 THEN -2 ELSE -1 END WHERE seq IN (1, 2)', /./],
    ]
    for (const [statement, expected] of edits) {
      const { client, parts } = await withDraft()
      await client.createDraft('ws2', files('b'))
      expect(await problems(client)).toEqual([])
      await tamper(parts, statement)
      const found = await problems(client)
      expect(found.map(({ problem }) => problem).join('; '), statement).toMatch(expected)
    }
  })

  it('32. audit: finds by a head kept elsewhere that its end was cut off together with the head of the index', async () => {
    const { client, parts } = await withDraft()
    const { last: seq, hash } = await client.ok('POST', '/audit/verifications', {})
    await tamper(parts, `DELETE FROM audit WHERE seq = ${seq}`)
    await tamper(
      parts,
      `UPDATE audit_head SET (seq, hash) = (SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1)`,
    )
    expect(await problems(client)).toEqual([])
    expect(await problems(client, [{ seq, hash }])).toEqual([
      { seq, problem: expect.stringContaining('the end of the log was cut off') },
    ])
  })

  it('can be verified by others, from its export', async () => {
    const { client } = await withDraft()
    let before = '0'.repeat(64)
    for (const { hash, source, ...record } of await exported(client)) {
      const { address: _, ...kept } = source
      expect(record.prevHash).toBe(before)
      expect(sha256(canonicalJson({ ...record, source: kept }))).toBe(hash)
      before = hash
    }
  })
})
