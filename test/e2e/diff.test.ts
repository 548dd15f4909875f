import { describe, expect, it } from 'vitest'
import { type PackageFiles, plainFiles } from '../../src/domain/package-files.ts'
import { memoryApp } from '../support/app.ts'
import type { Client, Files } from '../support/client.ts'
import { applied, git } from '../support/git.ts'

const deployment = (image: string, more = '') =>
  `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  template:
    spec:
      containers:
        - name: sidecar
          image: proxy:1
        - name: web
          image: ${image}
${more}`

async function catalog(): Promise<Client> {
  const { client } = await memoryApp()
  await client.createRepository()
  return client
}

async function diff(client: Client, name: string, query = '') {
  return client.ok('GET', `/packagerevisions/${name}/diff${query}`)
}

function bytesOf(files: Files): PackageFiles {
  const resources = new Map(
    Object.entries(files).map(([path, content]) => [
      path,
      typeof content === 'string' ? Buffer.from(content) : Buffer.from(content?.base64 ?? '', 'base64'),
    ]),
  )
  return plainFiles(resources)
}

describe('the diff of a revision', () => {
  it('lists the files and fields that changed since the previous one', async () => {
    const client = await catalog()
    await client.publish('ws1', {
      resources: { 'web.yaml': deployment('web:1'), 'old.md': '# Old\n', 'same.md': 'same\n' },
    })
    const { name } = await client.createDraft('ws2', {
      resources: { 'web.yaml': deployment('web:2'), 'new.md': 'New\n', 'same.md': 'same\n' },
    })
    const found = await diff(client, name)
    expect(found).toMatchObject({ from: 'blueprints.nf.upf.ws1', to: name })
    expect(found.files).toEqual([
      {
        path: 'new.md',
        change: 'added',
        binary: false,
        addedLines: 1,
        removedLines: 0,
        patch: expect.stringContaining('--- /dev/null\n+++ b/new.md\n@@ -0,0 +1 @@\n+New\n'),
      },
      {
        path: 'old.md',
        change: 'removed',
        binary: false,
        addedLines: 0,
        removedLines: 1,
        patch: expect.stringContaining('deleted file mode 100644\n'),
      },
      {
        path: 'web.yaml',
        change: 'changed',
        binary: false,
        addedLines: 1,
        removedLines: 1,
        patch: expect.stringContaining('-          image: web:1\n+          image: web:2\n'),
        objects: [
          {
            object: 'apps/Deployment shop/web',
            change: 'changed',
            fields: [
              {
                field: 'spec.template.spec.containers[name=web].image',
                before: 'web:1',
                after: 'web:2',
              },
            ],
          },
        ],
      },
    ])
    expect((await diff(client, name, '?path=new.md')).files).toHaveLength(1)
    expect((await diff(client, name, `?against=${name}`)).files).toEqual([])
  })

  it('compares drafts with the latest publication, and publications with the one before', async () => {
    const client = await catalog()
    for (const workspace of ['ws1', 'ws2', 'ws3']) {
      await client.publish(workspace, { resources: { 'a.md': `${workspace}\n` } })
    }
    const draft = await client.createDraft('ws4', { copy: { from: 'blueprints.nf.upf.ws1' } })
    const previousOf = async (name: string) => (await diff(client, name, '?against=previous')).from
    expect(await previousOf(draft.name)).toBe('blueprints.nf.upf.ws3')
    expect(await previousOf('blueprints.nf.upf.ws3')).toBe('blueprints.nf.upf.ws2')

    await client.verb('blueprints.nf.upf.ws2', 'propose-deletion')
    expect(await previousOf('blueprints.nf.upf.ws3')).toBe('blueprints.nf.upf.ws2')
    await client.verb('blueprints.nf.upf.ws2', 'approve')
    expect(await previousOf('blueprints.nf.upf.ws3')).toBe('blueprints.nf.upf.ws1')

    const first = await client.call('GET', '/packagerevisions/blueprints.nf.upf.ws1/diff?against=previous')
    expect(first).toMatchObject({
      status: 404,
      body: { code: 'not_found', detail: expect.stringContaining('no previous revision') },
    })
    expect(await diff(client, 'blueprints.nf.upf.ws1')).toMatchObject({
      from: null,
      files: [{ path: 'a.md', change: 'added' }],
    })
  })

  it('can be made against any revision, even of another package', async () => {
    const client = await catalog()
    await client.publish('ws1', { resources: { 'a.md': 'one\n' } })
    await client.publish('other', { resources: { 'a.md': 'two\n' } }, { package: 'nf/smf' })
    const found = await diff(client, 'blueprints.nf.upf.ws1', '?against=blueprints.nf.smf.other')
    expect(found).toMatchObject({ from: 'blueprints.nf.smf.other', files: [{ change: 'changed' }] })
    expect(found.files[0].patch).toContain('-two\n+one\n')

    for (const [query, status, code] of [
      ['?against=blueprints.nf.smf.gone', 404, 'not_found'],
      ['?against=upstream', 404, 'not_found'],
      ['?against=nonsense', 400, 'invalid'],
      ['?agianst=upstream', 400, 'invalid'],
      ['?path=', 400, 'invalid'],
    ] as const) {
      const answer = await client.call('GET', `/packagerevisions/blueprints.nf.upf.ws1/diff${query}`)
      expect(answer).toMatchObject({ status, body: { code } })
    }
    const gone = await client.call('GET', '/packagerevisions/blueprints.nf.upf.ws9/diff')
    expect(gone.status).toBe(404)
  })

  it('compares with the upstream on request, and by default before the first publication', async () => {
    const { client, parts } = await memoryApp()
    await client.createRepository()
    await client.createRepository('deployments', 'deployment')
    const blueprint = await client.publish('ws1', { resources: { 'web.yaml': deployment('web:1') } })
    const { name } = await client.createDraft(
      'ws1',
      { resources: { 'web.yaml': deployment('web:2') } },
      { repository: 'deployments' },
    )
    await parts.ctx.commits.run((transaction) =>
      transaction
        .updateTable('package_revisions')
        .set({
          upstream_name: blueprint.name,
          upstream_repository: 'blueprints',
          upstream_package: 'nf/upf',
          upstream_revision: 1,
          upstream_digest: blueprint.artifact.digest,
        })
        .where('name', '=', name)
        .execute(),
    )
    const found = await diff(client, name, '?against=upstream')
    expect(found).toMatchObject({ from: blueprint.name, to: name, files: [{ path: 'web.yaml' }] })
    expect(await diff(client, name)).toEqual(found)
  })

  it('is available as a patch that git can apply', async () => {
    const client = await catalog()
    const before: Files = {
      'web.yaml': deployment('web:1'),
      'sub dir/ünï.md': 'a\nb\nc\nd',
      'logo.png': { base64: 'AAEC' },
    }
    const after: Files = {
      'web.yaml': deployment('web:2'),
      'moved/ünï.md': 'a\nb\nc\nd\n',
      'logo.png': { base64: 'AAED' },
    }
    await client.publish('ws1', { resources: before })
    const { name } = await client.createDraft('ws2', { resources: after })
    const headers = { Accept: 'text/x-diff' }
    const answer = await client.call('GET', `/packagerevisions/${name}/diff`, undefined, headers)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('Content-Type')).toBe('text/x-diff; charset=utf-8')
    expect(answer.text).toContain('rename to "moved/\\303\\274n\\303\\257.md"\n')
    expect(answer.text).toContain('GIT binary patch\n')
    if (git.found) expect(applied(bytesOf(before), answer.text).resources).toEqual(bytesOf(after).resources)

    const same = await client.call(
      'GET',
      `/packagerevisions/${name}/diff?against=${name}`,
      undefined,
      headers,
    )
    expect(same).toMatchObject({ status: 200, text: '' })
    const other = await client.call('GET', `/packagerevisions/${name}/diff`, undefined, {
      Accept: 'image/png',
    })
    expect(other).toMatchObject({ status: 406, body: { code: 'not_acceptable' } })
  })

  it('has an ETag that changes with either artifact', async () => {
    const client = await catalog()
    await client.publish('ws1', { resources: { 'a.md': 'one\n' } })
    const { name } = await client.createDraft('ws2', { resources: { 'a.md': 'two\n' } })
    const path = `/packagerevisions/${name}/diff`
    const tag = (await client.call('GET', path)).headers.get('ETag') ?? ''
    const again = await client.call('GET', path, undefined, { 'If-None-Match': tag })
    expect(again).toMatchObject({ status: 304, text: '' })
    const patch = await client.call('GET', path, undefined, {
      'If-None-Match': tag,
      Accept: 'text/x-diff',
    })
    expect(patch.status).toBe(200)

    const files = { resources: { 'a.md': 'three\n' } }
    await client.ok('PUT', `/packagerevisions/${name}/resources`, files, { 'If-Match': '*' })
    const changed = await client.call('GET', path, undefined, { 'If-None-Match': tag })
    expect(changed.status).toBe(200)
    expect(changed.body.files[0].patch).toContain('+three\n')
  })

  it('is refused if it is too large, but available for a single file', async () => {
    const client = await catalog()
    await client.publish('ws1', { resources: { 'a.md': 'one\n' } })
    const { name } = await client.createDraft('ws2', {
      resources: { 'a.md': 'two\n', 'large.txt': `${'words '.repeat(10)}\n`.repeat(600_000) },
    })
    const whole = await client.call('GET', `/packagerevisions/${name}/diff`)
    expect(whole).toMatchObject({
      status: 413,
      body: { code: 'too_large', detail: expect.stringContaining('?path=') },
    })
    expect((await diff(client, name, '?path=a.md')).files).toHaveLength(1)
  })
})
