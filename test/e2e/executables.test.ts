/** Executable files, on every way that the files of a package take. */
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { readTar } from '../../src/artifact/tar/read-tar.ts'
import { DEFAULT_LIMITS } from '../../src/domain/resources.ts'
import { SERVER } from '../../src/service/audit/record.ts'
import { verify } from '../../src/service/maintenance/verify/verify.ts'
import { memoryApp } from '../support/app.ts'
import type { Client, Json } from '../support/client.ts'
import { register, revisions, sync } from '../support/discovery.ts'
import { elsewhere } from '../support/elsewhere.ts'
import { reindexed } from '../support/reindexed.ts'
import { tarGz } from '../support/tar.ts'

const SCRIPT = '#!/bin/sh\nexec kpt fn render\n'
const BINARY = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0])
const FILES = {
  'a.yaml': 'a: 1\n',
  'bin/gen.sh': { text: SCRIPT, executable: true },
  'bin/tool': { base64: BINARY.toString('base64'), executable: true },
}
const ARCHIVE = tarGz([
  { name: 'a.yaml', content: 'a: 1\n', mode: '664' },
  { name: 'bin/gen.sh', content: SCRIPT, mode: '755' },
  { name: 'bin/tool', content: BINARY, mode: '700' },
])
const AS_ARCHIVE = { 'Content-Type': 'application/gzip', 'If-Match': '*' }
const DRAFT = 'blueprints.nf.upf.ws1'

async function start(): Promise<Client> {
  const { client } = await memoryApp()
  await client.createRepository()
  return client
}

async function executables(client: Client, name: string): Promise<string[]> {
  const archive = readTar(gunzipSync(await client.archive(name)), DEFAULT_LIMITS)
  const inJson = Object.entries(await client.resources(name)).flatMap(([path, content]) =>
    typeof content === 'object' && content?.executable ? [path] : [],
  )
  expect(inJson.sort()).toEqual([...archive.executables].sort())
  return inJson
}

const put = (client: Client, resources: object, method = 'PUT') =>
  client.call(method, `/packagerevisions/${DRAFT}/resources`, { resources }, { 'If-Match': '*' })

const diff = async (client: Client, name: string, against: string) =>
  (await client.ok('GET', `/packagerevisions/${name}/diff?against=${against}`)).files

describe('an executable file', () => {
  it('is one in archives and JSON, with the same layer either way', async () => {
    const client = await start()
    const query = 'repository=blueprints&package=nf/upf&workspace=ws1'
    const draft = await client.ok('POST', `/packagerevisions?${query}`, ARCHIVE, AS_ARCHIVE)
    expect(await client.resources(draft.name)).toEqual(FILES)
    const other = await client.createDraft('ws2', { resources: FILES })
    expect(other.artifact.layerDigest).toBe(draft.artifact.layerDigest)
    expect(await executables(client, other.name)).toEqual(['bin/gen.sh', 'bin/tool'])
    const again = await client.ok(
      'PUT',
      `/packagerevisions/${DRAFT}/resources`,
      await client.archive(other.name),
      AS_ARCHIVE,
    )
    expect(again).toEqual(draft)
    const file = await client.send(`/api/v1/packagerevisions/${DRAFT}/resources/bin/gen.sh`)
    expect(await file.text()).toBe(SCRIPT)
  })

  it('is one after a PUT only if that says so, and after a PATCH unless that says otherwise', async () => {
    const client = await start()
    await client.createDraft('ws1', { resources: FILES })
    const draft = await client.get(DRAFT)
    const same = await put(client, await client.resources(DRAFT))
    expect(same.body).toEqual(draft)

    await put(client, { 'bin/gen.sh': 'edited\n', 'a.yaml': { text: 'a: 2\n' } }, 'PATCH')
    expect(await client.resources(DRAFT)).toEqual({
      ...FILES,
      'a.yaml': 'a: 2\n',
      'bin/gen.sh': { text: 'edited\n', executable: true },
    })
    await put(client, { 'bin/gen.sh': { executable: false }, 'a.yaml': { executable: true } }, 'PATCH')
    expect(await executables(client, DRAFT)).toEqual(['a.yaml', 'bin/tool'])
    expect((await client.resources(DRAFT))['bin/gen.sh']).toBe('edited\n')
    await put(client, { 'bin/tool': null }, 'PATCH')
    await put(client, { 'bin/tool': 'new', 'b.sh': { text: '', executable: true } }, 'PATCH')
    expect(await executables(client, DRAFT)).toEqual(['a.yaml', 'b.sh'])
    await client.ok('PATCH', `/packagerevisions/${DRAFT}/resources`, ARCHIVE, AS_ARCHIVE)
    expect(await executables(client, DRAFT)).toEqual(['b.sh', 'bin/gen.sh', 'bin/tool'])

    await put(client, { 'bin/gen.sh': SCRIPT, 'b.sh': { text: '', executable: true } })
    expect(await executables(client, DRAFT)).toEqual(['b.sh'])
  })

  it.each([
    ['PUT', { 'run.sh': { executable: true } }],
    ['PATCH', { 'run.sh': { executable: true } }],
    ['PUT', { 'run.sh': { text: 'x', executable: 'yes' } }],
    ['PUT', { 'run.sh': { text: 'x', base64: 'eA==' } }],
    ['PATCH', { 'run.sh': { text: 1, executable: true } }],
    ['PATCH', { 'run.sh': { base64: 'x', executable: true } }],
    ['PATCH', { 'run.sh': { text: 'x', mode: '0755' } }],
    ['PATCH', { 'run.sh': {} }],
    ['PATCH', { 'run.sh': [] }],
  ])('is refused by %s as %j', async (method, resources) => {
    const client = await start()
    await client.createDraft('ws1')
    expect((await put(client, resources, method)).status).toBe(400)
  })

  it('stays one in copies, clones with and without changes, and after a reindex', async () => {
    const app = await memoryApp()
    const { client } = app
    await client.createRepository()
    const kptfile = 'apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: upf\n'
    await client.publish('ws1', { resources: FILES })
    await client.publish('ws2', { resources: { ...FILES, Kptfile: kptfile } })
    const copy = await client.createDraft('ws3', { copy: { from: DRAFT } })
    const clones = ['blueprints.nf.upf.ws1', 'blueprints.nf.upf.ws2'].map((upstream, at) =>
      client.createDraft('ws1', { clone: { upstream } }, { package: `clone-${at}` }),
    )
    const names = [copy, ...(await Promise.all(clones))].map(({ name }) => name)
    for (const name of names) expect(await executables(client, name)).toEqual(['bin/gen.sh', 'bin/tool'])
    expect((await verify(app.parts.ctx, SERVER, { fix: false })).differences).toEqual([])
    const again = await reindexed(app)
    for (const name of names)
      expect(await executables(again.client, name)).toEqual(['bin/gen.sh', 'bin/tool'])
  })

  it('is shown in diffs', async () => {
    const client = await start()
    await client.publish('ws1', { resources: { 'run.sh': SCRIPT } })
    const { name } = await client.createDraft('ws2', {
      resources: { 'run.sh': { text: SCRIPT, executable: true }, 'new.sh': FILES['bin/gen.sh'] },
    })
    expect(await diff(client, name, 'previous')).toMatchObject([
      { path: 'new.sh', change: 'added', executable: true },
      {
        path: 'run.sh',
        change: 'changed',
        executable: true,
        patch: 'diff --git a/run.sh b/run.sh\nold mode 100644\nnew mode 100755\n',
      },
    ])
  })

  it('is found in another registry', async () => {
    const there = await elsewhere()
    const { client } = await memoryApp()
    await there.push('team/upf', 'v1.0.0', [{ bytes: ARCHIVE }])
    await register(client, there)
    await sync(client)
    const [found] = await revisions(client)
    expect(await client.resources(found.name)).toEqual(FILES)
  })
})

describe('an upgrade', () => {
  const clone = { repository: 'blueprints', package: 'edge' }

  async function upgraded(upstream: object, local: object): Promise<{ client: Client; preview: Json }> {
    const client = await start()
    await client.publish('ws1', { resources: { 'run.sh': SCRIPT, 'a.yaml': 'a: 1\n' } })
    const draft = await client.createDraft('ws1', { clone: { upstream: DRAFT } }, clone)
    const path = `/packagerevisions/${draft.name}/resources`
    await client.ok('PATCH', path, { resources: local }, { 'If-Match': '*' })
    await client.verb(draft.name, 'propose')
    await client.verb(draft.name, 'approve')
    await client.publish('ws2', { resources: { 'run.sh': SCRIPT, 'a.yaml': 'a: 1\n', ...upstream } })
    const preview = await client.verb(draft.name, 'upgrade-preview', {})
    await client.createDraft('ws2', { upgrade: {} }, clone)
    return { client, preview }
  }

  it('takes the modes of upstream, keeps local ones, and previews them', async () => {
    const { client, preview } = await upgraded(
      { 'run.sh': { text: SCRIPT, executable: true } },
      { 'own.sh': { text: '', executable: true }, 'run.sh': `${SCRIPT}# mine\n` },
    )
    expect(preview).toMatchObject({ conflicts: [], files: [{ path: 'run.sh', executable: true }] })
    expect(await executables(client, 'blueprints.edge.ws2')).toEqual(['own.sh', 'run.sh'])
    expect((await client.resources('blueprints.edge.ws2'))['run.sh']).toEqual({
      text: `${SCRIPT}# mine\n`,
      executable: true,
    })
  })

  it('has a conflict where one side deleted a file and the other changed its mode', async () => {
    const { client, preview } = await upgraded(
      { 'run.sh': { text: SCRIPT, executable: true } },
      { 'run.sh': null },
    )
    const conflict = {
      path: 'run.sh',
      object: null,
      field: '',
      original: SCRIPT,
      upstream: { text: SCRIPT, executable: true },
      chosen: 'local',
    }
    expect(preview.conflicts).toEqual([conflict])
    const conflicts = '/packagerevisions/blueprints.edge.ws2/conflicts'
    expect((await client.ok('GET', conflicts)).items).toMatchObject([conflict])
    await client.ok('POST', `${conflicts}/1/resolve`, { choose: 'upstream' })
    expect(await executables(client, 'blueprints.edge.ws2')).toEqual(['run.sh'])
  })
})

describe('an archive of macOS', () => {
  const mac = tarGz([
    { name: './._.', content: 'x' },
    { name: './.DS_Store', content: 'x' },
    { name: './._a.yaml', content: 'x' },
    { name: './a.yaml', content: 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n' },
  ])

  it('gives a package without the files of macOS, and a warning', async () => {
    const client = await start()
    const query = 'repository=blueprints&package=nf/upf&workspace=ws1'
    const draft = await client.ok('POST', `/packagerevisions?${query}`, mac, AS_ARCHIVE)
    const valid = ({ conditions }: Json) => conditions.find(({ type }: Json) => type === 'Valid')
    expect(Object.keys(await client.resources(DRAFT))).toEqual(['a.yaml'])
    expect(valid(draft)).toMatchObject({
      status: 'True',
      reason: 'Warnings',
      message: expect.stringMatching(/^3 warnings: \._\.: left out, since macOS/),
    })
    for (const [method, workspace] of [
      ['PUT', 'ws2'],
      ['PATCH', 'ws3'],
    ] as const) {
      const { name } = await client.createDraft(workspace)
      const saved = await client.ok(method, `/packagerevisions/${name}/resources`, mac, AS_ARCHIVE)
      expect(valid(saved), method).toMatchObject({ reason: 'Warnings' })
      expect(saved.fileCount).toBe(Object.keys(await client.resources(name)).length)
    }
  })

  it('is read in discovery, too', async () => {
    const there = await elsewhere()
    const { client } = await memoryApp()
    await there.push('team/upf', 'v1.0.0', [{ bytes: mac }])
    await register(client, there)
    expect(await sync(client)).toMatchObject({ revisions: 1, problems: [] })
    const [found] = await revisions(client)
    expect(Object.keys(await client.resources(found.name))).toEqual(['a.yaml'])
    expect(found.conditions).toMatchObject([{ type: 'Valid', status: 'True', reason: 'Warnings' }])
  })
})
