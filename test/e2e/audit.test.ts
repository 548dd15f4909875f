import { describe, expect, it } from 'vitest'
import { folderServer, memoryApp, type TestApp } from '../support/app.ts'
import { exported, newTypes, problems, tamper } from '../support/audit.ts'
import type { Client, Json } from '../support/client.ts'
import { runJob } from '../support/jobs.ts'

const ANY = { 'If-Match': '*' }
const files = (value: string) => ({
  resources: { 'a.yaml': `apiVersion: v1\nkind: X\nmetadata: {name: ${value}}\n` },
})
const HOOK = {
  name: 'flux',
  url: 'https://example.com/hook?token=hook-secret',
  secret: 'a-secret-of-the-hook',
}

async function withDraft(): Promise<TestApp & { name: string }> {
  const app = await memoryApp()
  await app.client.createRepository()
  const { name } = await app.client.createDraft('ws1', files('a'))
  return { ...app, name }
}

async function lastRecord(client: Client, query = ''): Promise<Json> {
  return (await client.ok('GET', `/audit?limit=1${query}`)).items[0]
}

describe('the audit log', () => {
  it('has a record of each change', async () => {
    const { client } = await memoryApp()
    const types = newTypes(client)
    await client.createRepository()
    await client.ok('PATCH', '/repositories/blueprints', { description: 'new' }, ANY)
    expect(await types()).toEqual(['repository.created', 'repository.updated'])

    const { name } = await client.createDraft('ws1', files('a'))
    await client.ok('PUT', `/packagerevisions/${name}/resources`, files('b'), ANY)
    await client.ok('PATCH', `/packagerevisions/${name}/resources`, files('c'), ANY)
    await client.ok('PATCH', `/packagerevisions/${name}`, { labels: { a: 'b' } }, ANY)
    expect(await types()).toEqual(['revision.created', ...Array(3).fill('revision.edited')])

    await client.verb(name, 'propose')
    await client.verb(name, 'reject', { reason: 'no' })
    await client.verb(name, 'propose')
    await client.verb(name, 'approve')
    await client.verb(name, 'propose-deletion')
    await client.verb(name, 'reject')
    await client.verb(name, 'propose-deletion')
    await client.verb(name, 'approve')
    expect(await types()).toEqual([
      'revision.proposed',
      'revision.rejected',
      'revision.proposed',
      'revision.published',
      'revision.deletion_proposed',
      'revision.deletion_rejected',
      'revision.deletion_proposed',
      'revision.deleted',
    ])

    const draft = await client.createDraft('ws2', files('a'))
    await client.ok('DELETE', `/packagerevisions/${draft.name}`, undefined, ANY)
    await client.ok('DELETE', '/repositories/blueprints', undefined, ANY)
    expect(await types()).toEqual(['revision.created', 'revision.deleted', 'repository.deleted'])

    await client.ok('POST', '/webhooks', HOOK)
    await client.ok('PATCH', '/webhooks/flux', { enabled: false, secret: 'another-secret-of-it' }, ANY)
    await client.ok('PATCH', '/webhooks/flux', { enabled: true }, ANY)
    await client.ok('POST', '/webhooks/flux/ping')
    const { items } = await client.ok('GET', '/webhooks/flux/deliveries')
    await client.ok('POST', `/webhooks/flux/deliveries/${items[0].id}/redeliver`)
    await client.ok('DELETE', '/webhooks/flux', undefined, ANY)
    expect(await types()).toEqual([
      'webhook.created',
      'webhook.updated',
      'webhook.updated',
      'webhook.pinged',
      'webhook.redelivered',
      'webhook.deleted',
    ])

    await client.ok('POST', '/garbage-collections', {})
    await client.ok('POST', '/garbage-collections', { dryRun: true })
    expect(await types()).toEqual(['garbage.started', 'garbage.collected', 'garbage.started'])
    await client.ok('GET', '/audit')
    expect(await types()).toEqual(['audit.read'])
    expect(await problems(client)).toEqual([])
  })

  it('has what a job creates, and that a job did it', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    await client.createRepository('edge', 'deployment')
    await client.publish('ws1', files('a'))
    const targets = ['one', 'two'].map((path) => ({ repository: 'edge', package: path, workspace: 'ws1' }))
    const job = await runJob(client, '/clones', { upstream: 'blueprints.nf.upf.ws1', targets })
    const records = await exported(client, '?repository=edge&type=revision.created')
    expect(records.map(({ target }) => target.package).sort()).toEqual(['one', 'two'])
    for (const { via, request, details } of records) {
      expect(via).toMatchObject({ kind: 'job', job: job.id })
      expect(request).toBeNull()
      expect(details).toEqual({ task: 'clone', upstream: 'blueprints.nf.upf.ws1' })
    }
    const [started] = await exported(client, '?type=job.started')
    expect(started).toMatchObject({ target: { name: job.id }, details: { kind: 'clone', items: 2 } })
  })

  it('says who did what to what, from where', async () => {
    const { client } = await folderServer()
    await client.createRepository()
    const { name, artifact } = await client.createDraft('ws1', files('a'))
    await client.call(
      'POST',
      `/packagerevisions/${name}/propose`,
      { reason: 'it\nis done' },
      {
        'User-Agent': 'tester/1',
        'X-Request-Id': 'my-request',
      },
    )
    const proposed = await client.get(name)
    expect(await lastRecord(client)).toMatchObject({
      type: 'revision.proposed',
      outcome: 'success',
      code: null,
      count: 1,
      actor: { id: null, name: 'anonymous', kind: 'anonymous', groups: [] },
      via: { kind: 'none', tokenId: null },
      source: {
        address: '127.0.0.1',
        addressHash: expect.stringMatching(/^[0-9a-f]{64}$/),
        userAgent: 'tester/1',
      },
      request: { id: 'my-request', method: 'POST', route: '/api/v1/packagerevisions/:name/propose' },
      target: { repository: 'blueprints', package: 'nf/upf', revision: name, name: null },
      before: { digest: artifact.digest, lifecycle: 'Draft', version: null },
      after: { digest: proposed.artifact.digest, lifecycle: 'Proposed', version: null },
      reason: 'it is done',
      details: {},
    })
  })

  it('names the client of each of many changes at once, which share a commit', async () => {
    const { client } = await memoryApp()
    const agents = Array.from({ length: 20 }, (_, at) => `agent-${at}`)
    await Promise.all(
      agents.map((agent) =>
        client.call('POST', '/repositories', { name: agent, type: 'catalog' }, { 'User-Agent': agent }),
      ),
    )
    const records = await exported(client, '?type=repository.created')
    expect(records).toHaveLength(20)
    for (const { target, source } of records) expect(source.userAgent).toBe(target.repository)
  })

  it('has no record of a change that fails', async () => {
    const { client, parts, name } = await withDraft()
    const { seq } = await lastRecord(client)
    const refused = [
      client.call('POST', '/repositories', { name: 'blueprints', type: 'catalog' }),
      client.call('POST', `/packagerevisions/${name}/approve`),
      client.call('PATCH', `/packagerevisions/${name}`, { labels: { a: 'b' } }, { 'If-Match': '"1"' }),
      client.call('DELETE', '/repositories/blueprints', undefined, ANY),
      client.call('DELETE', '/webhooks/none', undefined, ANY),
    ]
    for (const { status } of await Promise.all(refused)) expect(status).toBeGreaterThanOrEqual(400)

    const { commits } = parts.ctx
    const run = commits.run.bind(commits)
    commits.run = (work) =>
      run(async (transaction) => {
        await work(transaction)
        throw new Error('the disk is gone')
      })
    expect((await client.call('POST', `/packagerevisions/${name}/propose`)).status).toBe(500)
    commits.run = run
    expect((await client.get(name)).lifecycle).toBe('Draft')
    const records = await exported(client, `?since=${seq}`)
    expect(records.filter(({ type }) => !type.startsWith('audit.'))).toEqual([])
    expect(await problems(client)).toEqual([])
  })

  it('makes a change fail that it cannot record', async () => {
    const { client, parts, name } = await withDraft()
    await tamper(parts, 'DROP TABLE audit')
    expect((await client.call('POST', `/packagerevisions/${name}/propose`)).status).toBe(500)
    expect((await client.get(name)).lifecycle).toBe('Draft')
  })

  it('32. audit: loses no record whatever a client sends, such as a user agent of 1 MB, line breaks and bytes of no encoding', async () => {
    const { client, name } = await withDraft()
    const strange = [
      'x'.repeat(4096),
      'a\u0001b\u007fc',
      '\ufffd\u202etxt.exe\u2066',
      '\u202e\ud83d\ude00'.repeat(300),
      "'; DROP TABLE audit; --",
      '{"type":"audit.cut"}',
    ]
    for (const text of strange) {
      await client.verb(name, 'propose', { reason: text })
      await client.verb(name, 'reject', { reason: `${text.slice(0, 4000)}\r\n{"seq":1}` })
    }
    // As Node's parser would not let them through.
    const headers = ['a'.repeat(1_000_000), '\u00e9\u00ff', 'tab\there']
    for (const value of headers)
      await client.ok(
        'PATCH',
        `/packagerevisions/${name}`,
        { labels: { n: String(value.length) } },
        {
          ...ANY,
          'User-Agent': value,
          'X-Request-Id': value,
        },
      )
    const records = await exported(client, `?repository=blueprints`)
    expect(records).toHaveLength(2 + 2 * strange.length + headers.length)
    for (const record of records) expect(JSON.stringify(record).length).toBeLessThan(8000)
    expect(await problems(client)).toEqual([])
  })

  it('32. audit: has no secret of a webhook, a header or a reason', async () => {
    const { client, name } = await withDraft()
    const token = `pkgsu_${'k7'.repeat(25)}`
    await client.ok('POST', '/webhooks', HOOK)
    await client.ok('PATCH', '/webhooks/flux', { secret: 'another-secret-of-it' }, ANY)
    const headers = {
      Authorization: `Bearer ${token}`,
      Cookie: 'session=cookie-secret',
      'User-Agent': `x ${token}`,
    }
    await client.ok('POST', `/packagerevisions/${name}/propose?`, { reason: `with ${token}` }, headers)
    const text = JSON.stringify(await exported(client))
    for (const secret of [
      token,
      'a-secret-of-the-hook',
      'another-secret-of-it',
      'hook-secret',
      'cookie-secret',
    ])
      expect(text).not.toContain(secret)
    expect(text).toContain('example.com')
  })
})
