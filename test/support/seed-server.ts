/** Data of every kind, for tests that back it up, restore it or compare it. */
import type { Client } from './client.ts'

const ANY = { 'If-Match': '*' }
const CONFIG = (name: string, value: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  key: ${value}\n`
const KPTFILE = (name: string) => `apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: ${name}\n`

const files = (value: string) => ({
  resources: { Kptfile: KPTFILE('upf'), 'a.yaml': CONFIG('a', value), 'b.yaml': CONFIG('b', value) },
})

/** Fills a server with drafts, proposals, publications, deletions, clones and upgrades. */
export async function seedServer(client: Client): Promise<void> {
  await client.ok('POST', '/repositories', {
    name: 'blueprints',
    type: 'catalog',
    description: 'what to clone from',
    labels: { owner: 'core' },
  })
  await client.ok(
    'PATCH',
    '/repositories/blueprints',
    { description: 'changed', labels: { more: 'yes' } },
    ANY,
  )
  await client.createRepository('edge', 'deployment')
  await client.createRepository('empty', 'catalog')
  await drafts(client)
  await published(client)
  await versioned(client)
  await deleted(client)
  await upgraded(client)
}

async function drafts(client: Client): Promise<void> {
  const more = {
    package: 'drafts/one',
    labels: { team: 'core' },
    annotations: { note: 'ä "quoted" \n line' },
  }
  await client.createDraft('plain', { init: { description: 'x' } }, more)
  const broken = { resources: { 'a.yaml': 'a: [' } }
  await client.createDraft('broken', broken, { package: 'drafts/one' })
  const gates = { package: 'drafts/one', readinessGates: [{ conditionType: 'Tested' }], version: '1.0.0' }
  const { name: gated } = await client.createDraft('gated', files('g'), gates)
  const tested = { type: 'Tested', status: 'True', reason: 'Green', message: 'all of them' }
  await client.ok('PATCH', `/packagerevisions/${gated}`, { conditions: [tested] }, ANY)
  await client.verb(gated, 'propose', { reason: 'please' })
  await client.ok(
    'PATCH',
    `/packagerevisions/${gated}`,
    { conditions: [{ ...tested, message: 'again' }] },
    ANY,
  )
  const { name: rejected } = await client.createDraft('rejected', files('r'), { package: 'drafts/one' })
  await client.verb(rejected, 'propose')
  await client.verb(rejected, 'reject', { reason: 'no' })
  await client.ok('PATCH', `/packagerevisions/${rejected}`, { labels: { a: 'b' } }, ANY)
}

async function published(client: Client): Promise<void> {
  await client.publish('ws1', files('one'), { labels: { team: 'core' } })
  const two = await client.publish('ws2', { copy: { from: 'blueprints.nf.upf.ws1' } })
  const three = await client.publish('ws3', files('three'))
  await client.verb(two.name, 'propose-deletion', { reason: 'old' })
  await client.verb(three.name, 'propose-deletion')
  await client.verb(three.name, 'reject', { reason: 'not that one' })
  await client.createDraft('ws4', { copy: { from: three.name } })
}

async function versioned(client: Client): Promise<void> {
  const more = (version: string) => ({ package: 'versioned', version })
  for (const [workspace, version] of [
    ['w1', '1.17.0+2'],
    ['w2', '1.17.0+10'],
    ['w3', '1.17.0+9'],
    ['w4', '2.0.0-rc.1'],
  ] as const) {
    await client.publish(workspace, files(version.replace('+', '-')), more(version))
  }
  await client.verb('blueprints.versioned.w2', 'propose-deletion')
  await client.verb('blueprints.versioned.w2', 'approve')
  await client.createDraft('w5', { init: {} }, more('2.0.0'))
}

async function deleted(client: Client): Promise<void> {
  const more = { package: 'gone' }
  const { name } = await client.publish('g1', files('g1'), more)
  await client.verb(name, 'propose-deletion')
  await client.verb(name, 'approve')
  const draft = await client.createDraft('g2', files('g2'), more)
  await client.ok('DELETE', `/packagerevisions/${draft.name}`, undefined, ANY)
  await client.createRepository('again', 'catalog')
  const other = { repository: 'again', package: 'p' }
  await client.publish('a1', files('a1'), other)
  await client.verb('again.p.a1', 'propose-deletion')
  await client.verb('again.p.a1', 'approve')
  await client.ok('DELETE', '/repositories/again', undefined, ANY)
  await client.createRepository('again', 'deployment')
  await client.publish('a2', files('a2'), other)
  await client.createRepository('lost', 'catalog')
  await client.createDraft('l1', files('l1'), { repository: 'lost', package: 'p' })
  await client.ok('DELETE', '/packagerevisions/lost.p.l1', undefined, ANY)
  await client.ok('DELETE', '/repositories/lost', undefined, ANY)
}

async function upgraded(client: Client): Promise<void> {
  for (const site of ['site-1', 'site-2', 'site-3']) {
    const target = { repository: 'edge', package: site }
    const { name } = await client.createDraft('w1', { clone: { upstream: 'blueprints.nf.upf.ws1' } }, target)
    const own = { resources: { 'a.yaml': CONFIG('a', 'mine'), 'b.yaml': CONFIG('b', 'mine') } }
    await client.ok('PATCH', `/packagerevisions/${name}/resources`, own, ANY)
    await client.verb(name, 'propose')
    await client.verb(name, 'approve')
    if (site === 'site-3') continue
    await client.createDraft('w2', { upgrade: {} }, target)
    await client.ok(
      'POST',
      `/packagerevisions/edge.${site}.w2/conflicts/1/resolve`,
      { choose: 'upstream' },
      ANY,
    )
    if (site === 'site-2') continue
    await client.ok('POST', `/packagerevisions/edge.${site}.w2/conflicts/2/resolve`, { choose: 'local' }, ANY)
    await client.verb(`edge.${site}.w2`, 'propose')
    await client.verb(`edge.${site}.w2`, 'approve')
  }
}
