/**
 * Faults that users of kpt, kustomize, Helm, Argo CD and Flux have reported. Each folder of test/fixtures/faults has the
 * three sides of an upgrade and its right result, or files of one package.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { memoryApp } from '../support/app.ts'
import type { Client, Files, Json } from '../support/client.ts'

const ROOT = join(import.meta.dirname, '../fixtures/faults')

function filesOf(fault: string, side: string): Files {
  const folder = join(ROOT, fault, side)
  return Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
  )
}

/** Publishes the original, its edited clone, and the newer upstream, and returns the upgrade of the clone. */
async function upgradeOf(fault: string): Promise<{ client: Client; name: string }> {
  const { client } = await memoryApp()
  await client.createRepository()
  await client.createRepository('edge', 'deployment')
  const clone = { repository: 'edge', package: 'site-1' }
  await client.publish('ws1', { resources: filesOf(fault, 'original') })
  const { name } = await client.createDraft('ws1', { clone: { upstream: 'blueprints.nf.upf.ws1' } }, clone)
  await client.ok(
    'PATCH',
    `/packagerevisions/${name}/resources`,
    { resources: filesOf(fault, 'local') },
    { 'If-Match': '*' },
  )
  await client.verb(name, 'propose')
  await client.verb(name, 'approve')
  await client.publish('ws2', { resources: filesOf(fault, 'upstream') })
  const draft = await client.createDraft('ws2', { upgrade: {} }, clone)
  return { client, name: draft.name }
}

async function conflictsOf(client: Client, name: string): Promise<Json[]> {
  return (await client.ok('GET', `/packagerevisions/${name}/conflicts`)).items
}

async function publishing(files: Files): Promise<{ client: Client; draft: Json }> {
  const { client } = await memoryApp()
  await client.createRepository()
  return { client, draft: await client.createDraft('ws1', { resources: files }) }
}

describe('an upgrade', () => {
  it.each([
    ['takes quotes that turn a boolean into a string', '01-quoted-bool-fix-lost'],
    ['takes an octal number instead of a decimal one', '02-octal-fix-lost'],
    ['writes the items of a list in brackets as upstream does', '05-octal-written-as-decimal'],
    ['writes out aliases of an anchor that upstream drops, and nothing else', '08-object-rewritten'],
    ['takes a merge key', '09-merge-key-literal'],
    ['pairs objects by generateName', '10-generatename-mispaired'],
    ['keeps a comment behind a value that becomes a block', '12-setter-comment-doubled'],
    ['keeps a comment at the end of a list item, and brings that of the next', '13-trailing-comment-moves'],
  ])('%s', async (_, fault) => {
    const { client, name } = await upgradeOf(fault)
    expect(await conflictsOf(client, name)).toEqual([])
    expect(await client.resources(name)).toEqual(filesOf(fault, 'expected'))
  })

  it('keeps the order of functions when upstream changes an image', async () => {
    const { client, name } = await upgradeOf('11-function-order')
    const { Kptfile: wanted } = filesOf('11-function-order', 'expected')
    const { Kptfile: merged } = await client.resources(name)
    const pipeline = (text: unknown): string => /^pipeline:\n(?: .*\n)*/m.exec(String(text))?.[0] ?? ''
    expect(pipeline(merged)).toBe(pipeline(wanted))
  })

  it('conflicts if both sides replace a value by members that exclude each other, and stays valid', async () => {
    const { client, name } = await upgradeOf('14-both-replace-one-of')
    const field = 'spec.containers[name=c].env[name=A].valueFrom'
    expect(await conflictsOf(client, name)).toMatchObject([{ path: 'p.yaml', field, chosen: 'local' }])
    expect(await client.resources(name)).toEqual(filesOf('14-both-replace-one-of', 'local'))
    await client.ok('POST', `/packagerevisions/${name}/conflicts/1/resolve`, { choose: 'upstream' })
    expect(await client.resources(name)).toEqual(filesOf('14-both-replace-one-of', 'upstream'))
  })
})

describe('a package', () => {
  it('has strings where a setter writes into strings', async () => {
    const { client } = await publishing(filesOf('15-setter-type', 'files'))
    await client.verb('blueprints.nf.upf.ws1', 'propose')
    await client.verb('blueprints.nf.upf.ws1', 'approve')
    await client.createRepository('edge', 'deployment')
    const clone = { upstream: 'blueprints.nf.upf.ws1', setters: { version: '0071335', team: 'on' } }
    const { name } = await client.createDraft('ws1', { clone }, { repository: 'edge', package: 'site-1' })
    const { 'd.yaml': text } = await client.resources(name)
    expect(text).toMatch(/version: "0071335" # kpt-set: \$\{version\}\n/)
    expect(text).toMatch(/team: "on" # kpt-set: \$\{team\}\n/)
  })

  it('is not valid with a control character', async () => {
    const { client, draft } = await publishing(filesOf('16-control-characters', 'files'))
    expect(draft.conditions).toContainEqual(expect.objectContaining({ type: 'Valid', status: 'False' }))
    const { status, body } = await client.call('POST', `/packagerevisions/${draft.name}/propose`)
    expect(status).toBe(409)
    expect(body.errors).toMatchObject([{ path: 'cm.yaml', line: 6, column: 15 }])
  })

  it('has the objects inside a list', async () => {
    const { client } = await publishing(filesOf('17-objects-in-a-list', 'files'))
    await client.verb('blueprints.nf.upf.ws1', 'propose')
    await client.verb('blueprints.nf.upf.ws1', 'approve')
    const { items } = await client.ok('GET', '/objects?name=in-a-list')
    expect(items).toMatchObject([
      { apiVersion: 'apps/v1', kind: 'Deployment', name: 'in-a-list', path: 'list.yaml' },
    ])
  })
})

describe('an integer that a double would round', () => {
  const thing = (id: string) =>
    `apiVersion: example.com/v1\nkind: Thing\nmetadata:\n  name: t\nspec:\n  id: ${id}\n`
  const LARGE = '12345678901234567890'

  it('is exact in diffs, conflicts and resolutions', async () => {
    const { client } = await memoryApp()
    await client.createRepository()
    await client.createRepository('edge', 'deployment')
    const clone = { repository: 'edge', package: 'site-1' }
    await client.publish('ws1', { resources: { 't.yaml': thing('1') } })
    const { name } = await client.createDraft('ws1', { clone: { upstream: 'blueprints.nf.upf.ws1' } }, clone)
    const local = { resources: { 't.yaml': thing(LARGE) } }
    await client.ok('PATCH', `/packagerevisions/${name}/resources`, local, { 'If-Match': '*' })
    const diff = await client.call('GET', `/packagerevisions/${name}/diff?against=blueprints.nf.upf.ws1`)
    expect(diff.text).toContain(`"before":1,"after":${LARGE}`)
    await client.verb(name, 'propose')
    await client.verb(name, 'approve')
    await client.publish('ws2', { resources: { 't.yaml': thing(`"${LARGE}"`) } })
    const upgraded = await client.createDraft('ws2', { upgrade: {} }, clone)
    const path = `/packagerevisions/${upgraded.name}/conflicts`
    const { text } = await client.call('GET', path)
    expect(text).toContain(`"local":${LARGE},"upstream":"${LARGE}"`)
    await client.ok('POST', `${path}/1/resolve`, '{"value": 9007199254740993}', {
      'Content-Type': 'application/json',
    })
    expect((await client.resources(upgraded.name))['t.yaml']).toBe(thing('9007199254740993'))
  })
})
