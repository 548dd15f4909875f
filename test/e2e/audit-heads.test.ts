import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packRecord } from '../../src/artifact/record.ts'
import { anchorAudit, readHeads } from '../../src/service/audit/anchors.ts'
import { pushRecord } from '../../src/service/registry-content.ts'
import { folderApp, memoryApp } from '../support/app.ts'
import { exported, problems, tamper } from '../support/audit.ts'
import type { Client, Json } from '../support/client.ts'
import { runCommand } from '../support/process.ts'
import { reindexed } from '../support/reindexed.ts'
import { temporaryFolder } from '../support/temporary.ts'

async function headOf(client: Client): Promise<{ seq: number; hash: string }> {
  const { last: seq, hash } = await client.ok('POST', '/audit/verifications', {})
  return { seq, hash }
}

describe('the head of the audit log', () => {
  it('is stored in the registry when the server stops, and agrees with the log at the next start', async () => {
    const app = await folderApp()
    await app.client.createRepository()
    const head = await headOf(app.client)
    await app.close()
    const again = await folderApp(app.data)
    expect(await readHeads(again.parts.ctx.registry)).toMatchObject([head])
    await again.client.createRepository('edge')
    expect(await again.client.ok('POST', '/audit/verifications', {})).toMatchObject({
      anchors: 1,
      problems: [],
    })
    expect((await again.client.ok('POST', '/verifications', {})).differences).toEqual([])
    await again.client.ok('POST', '/garbage-collections', {})
    expect(await readHeads(again.parts.ctx.registry)).toHaveLength(1)
    await again.close()
    const third = await folderApp(app.data)
    expect(await readHeads(third.parts.ctx.registry)).toHaveLength(2)
  })

  it('shows that the index was replaced by an older one', async () => {
    const { client, parts } = await memoryApp()
    await client.createRepository()
    await client.createRepository('edge')
    await anchorAudit(parts.ctx)
    await tamper(parts, 'DELETE FROM audit WHERE seq = 2')
    await tamper(parts, 'UPDATE audit_head SET (seq, hash) = (SELECT seq, hash FROM audit)')
    expect(await problems(client)).toEqual([
      { seq: 2, problem: expect.stringContaining('the head in the registry') },
    ])
    expect((await client.ok('POST', '/verifications', {})).differences).toMatchObject([
      { repository: 'pkgserver_audit', problem: expect.stringContaining('record 2'), remedy: null },
    ])
    await client.createRepository('other')
    await anchorAudit(parts.ctx)
    expect(await problems(client)).toEqual([
      { seq: 2, problem: expect.stringContaining('the log was rewritten') },
    ])
  })

  it('cannot be set, or deleted, by clients of the registry', async () => {
    const { client, parts } = await memoryApp()
    await client.createRepository()
    await anchorAudit(parts.ctx)
    const path = '/v2/pkgserver_audit/manifests'
    const manifest = await client.send(`${path}/_audit`)
    const { digest } = await parts.ctx.registry.repository('pkgserver_audit').resolve('_audit')
    const bytes = await manifest.text()
    const headers = { 'Content-Type': 'application/vnd.oci.image.manifest.v1+json' }
    const tries = [
      client.send(`${path}/_audit`, { method: 'PUT', body: bytes.replace('{', '{ '), headers }),
      client.send(`${path}/_audit`, { method: 'DELETE' }),
      client.send(`${path}/${digest}`, { method: 'DELETE' }),
      client.send(`/v2/pkgserver_audit/blobs/${JSON.parse(bytes).layers[0].digest}`, { method: 'DELETE' }),
    ]
    for (const { status } of await Promise.all(tries)) expect([403, 409]).toContain(status)
    expect(await readHeads(parts.ctx.registry)).toHaveLength(1)
  })

  it('is where the log goes on after the index was rebuilt', async () => {
    const app = await memoryApp()
    await app.client.createRepository()
    await app.client.createRepository('edge')
    await anchorAudit(app.parts.ctx)
    const { client, report } = await reindexed(app)
    expect(report.notes).toEqual([])
    await client.createRepository('new')
    const records = await exported(client)
    expect(records.map(({ seq, type }) => `${seq} ${type}`)).toEqual([
      '3 index.rebuilt',
      '4 repository.created',
    ])
    expect(records[0].details).toMatchObject({ throughSeq: 2 })
    expect(await client.ok('POST', '/audit/verifications', {})).toMatchObject({ cut: 2, problems: [] })
  })

  it('is one of several where servers share a registry', async () => {
    const one = await memoryApp()
    const other = await memoryApp()
    other.parts.ctx.registry = one.parts.ctx.registry
    for (const [number, { client, parts }] of [one, other, one].entries()) {
      await client.createRepository(`r${number}`)
      await anchorAudit(parts.ctx)
    }
    expect(await readHeads(one.parts.ctx.registry)).toHaveLength(3)
    for (const [{ client }, anchors] of [
      [one, 2],
      [other, 1],
    ] as const) {
      expect(await client.ok('POST', '/audit/verifications', {})).toMatchObject({ anchors, problems: [] })
      const { differences } = await client.ok('POST', '/verifications', {})
      expect(differences.map(({ repository }: Json) => repository)).not.toContain('pkgserver_audit')
    }
  })

  it('is missed where it cannot be read, and replaced, which is recorded', async () => {
    const { client, parts } = await memoryApp()
    const { ctx } = parts
    await client.createRepository()
    await anchorAudit(ctx)
    const record = packRecord('package', { highestRevision: 1, versioned: null, retired: [] })
    await pushRecord(ctx, 'pkgserver_audit', record)
    await ctx.registry.repository('pkgserver_audit').tag(record.manifest.descriptor, '_audit')
    expect(await problems(client)).toEqual([{ seq: 0, problem: expect.stringContaining('cannot be read') }])
    expect((await client.ok('POST', '/verifications', {})).differences).toHaveLength(1)
    const { report } = await reindexed({ client, parts, address: '' })
    expect(report.notes).toMatchObject([{ repository: 'pkgserver_audit' }])
    await anchorAudit(ctx)
    expect((await exported(client)).map(({ type }) => type)).toContain('audit.heads_replaced')
    expect(await problems(client)).toEqual([])
  })

  it('is in a backup, with the log', async () => {
    const app = await folderApp()
    await app.client.createRepository()
    const file = join(await temporaryFolder(), 'backup.tar')
    await app.close()
    await runCommand(['backup', file, '--data', app.data])
    const unpacked = await temporaryFolder()
    execFileSync('tar', ['xf', file, '-C', unpacked])
    const { audit } = JSON.parse(await readFile(join(unpacked, 'backup.json'), 'utf8'))

    const data = await temporaryFolder()
    await runCommand(['restore', file, '--data', data])
    const restored = await folderApp(data)
    await restored.client.createRepository('edge')
    expect((await exported(restored.client)).map(({ type }) => type)).toEqual([
      'repository.created',
      'backup.started',
      'repository.created',
    ])
    expect(audit.seq).toBe(2)
    expect(await restored.client.ok('POST', '/audit/verifications', { heads: [audit] })).toMatchObject({
      anchors: 2,
      problems: [],
    })
    const wrong = { ...audit, hash: '0'.repeat(64) }
    expect(await problems(restored.client, [wrong])).toHaveLength(1)
  })
})
