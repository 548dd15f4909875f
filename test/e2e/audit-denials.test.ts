import { describe, expect, it } from 'vitest'
import type { Components } from '../../src/server/components.ts'
import { pruneAudit } from '../../src/service/audit/retention.ts'
import { problems, tamper } from '../support/audit.ts'
import type { Client, Json } from '../support/client.ts'
import { protectedApp } from '../support/protected-app.ts'

const KEPT = { records: 0, addresses: 0 }

/** A caller who may read one repository only, in an app with a time that the test sets. */
async function refusing(): Promise<{
  client: Client
  admin: Client
  parts: Components
  at: (time: string) => void
}> {
  const app = await protectedApp()
  const { parts } = app
  const at = (time: string): void => {
    parts.ctx.now = () => new Date(time)
  }
  at('2026-11-20T10:00:00.000Z')
  const admin = await app.user('admin', 'admin')
  const client = await app.user('eve', 'reader', 'public')
  return { client, admin, parts, at }
}

async function denials(admin: Client): Promise<Json[]> {
  return (await admin.ok('GET', '/audit?type=access.denied&limit=1000')).items.reverse()
}

async function refused(client: Client, path: string, times = 1): Promise<void> {
  for (let time = 0; time < times; time++) expect((await client.call('GET', path)).status).toBe(404)
}

describe('a refusal', () => {
  it('is recorded before it is answered, with what was missing', async () => {
    const { client, admin } = await refusing()
    expect(
      (await client.call('DELETE', '/packagerevisions/secret.nf.upf.ws1', undefined, { 'If-Match': '*' }))
        .status,
    ).toBe(403)
    expect(await denials(admin)).toMatchObject([
      {
        outcome: 'denied',
        code: 'forbidden',
        count: 1,
        actor: { name: 'eve' },
        request: { method: 'DELETE', route: '/api/v1/packagerevisions/:name' },
        target: { repository: 'secret', package: 'nf/upf', revision: null },
        details: { missing: 'draft' },
      },
    ])
    expect(await problems(admin)).toEqual([])
  })

  it('is counted where it is repeated within a minute, and recorded when that is over', async () => {
    const { client, admin, parts, at } = await refusing()
    await refused(client, '/repositories/secret-1', 3)
    await refused(client, '/repositories/secret-2', 2)
    await refused(client, '/packagerevisions/secret.a.b')
    at('2026-11-20T10:00:59.000Z')
    await pruneAudit(parts.ctx, KEPT)
    expect(await denials(admin)).toHaveLength(2)
    at('2026-11-20T10:01:00.000Z')
    await pruneAudit(parts.ctx, KEPT)
    await pruneAudit(parts.ctx, KEPT)
    const all = await denials(admin)
    expect(all.map(({ count, request }) => `${count} ${request.route}`)).toEqual([
      '1 /api/v1/repositories/:name',
      '1 /api/v1/packagerevisions/:name',
      '4 /api/v1/repositories/:name',
    ])
    expect(all[2]).toMatchObject({ target: { repository: null }, request: { id: null }, details: {} })
    await refused(client, '/repositories/secret-1')
    expect(await denials(admin)).toHaveLength(4)
    expect(await problems(admin)).toEqual([])
  })

  it('cannot fill the disk, however many callers there are', async () => {
    const { client, admin, parts, at } = await refusing()
    await refused(client, '/repositories/secret')
    await tamper(
      parts,
      `INSERT INTO audit_denials (minute, subject, route, repeats, entry)
       WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 199)
       SELECT '2026-11-20T10:00', 'caller-' || i, '', 0, '{}' FROM n`,
    )
    await refused(client, '/packagerevisions/secret.a.b', 5)
    await refused(client, '/repositories/secret', 2)
    at('2026-11-20T10:05:00.000Z')
    await pruneAudit(parts.ctx, KEPT)
    const all = await denials(admin)
    expect(all.map(({ count, actor }) => `${count} ${actor.name}`).sort()).toEqual([
      '1 eve',
      '1 eve',
      '2 eve',
      '4 others',
    ])
  })

  it('is answered also where it cannot be recorded', async () => {
    const { client, parts } = await refusing()
    await tamper(parts, 'DROP TABLE audit')
    await refused(client, '/repositories/secret')
  })
})
