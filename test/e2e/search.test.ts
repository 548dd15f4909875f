import { describe, expect, it } from 'vitest'
import { memoryApp } from '../support/app.ts'
import type { Client } from '../support/client.ts'
import { pages } from '../support/pages.ts'

const KPTFILE = `apiVersion: kpt.dev/v1
kind: Kptfile
metadata:
  name: upf
info:
  description: The User Plane of a mobile core
  keywords: [telecom, packet-forwarding]
`

function deployment(image: string, name = 'gateway'): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  namespace: core
spec:
  template:
    spec:
      initContainers:
        - name: init
          image: docker.io/library/busybox:1.36
      containers:
        - name: main
          image: ${image}
`
}

const POLICY = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: default-deny
`

async function filled(): Promise<Client> {
  const { client } = await memoryApp()
  await client.createRepository('blueprints')
  await client.createDraft(
    'ws1',
    { resources: { Kptfile: KPTFILE, 'app.yaml': deployment('nginx:1.2') } },
    { package: 'nf/upf' },
  )
  await client.createDraft('ws1', { resources: { 'policy.yaml': POLICY } }, { package: 'nf/smf' })
  return client
}

async function found(client: Client, q: string): Promise<string[]> {
  const { items } = await client.ok('GET', `/packagerevisions?q=${encodeURIComponent(q)}`)
  return items.map(({ package: path }: { package: string }) => path)
}

describe('a search for package revisions', () => {
  it('searches names, descriptions, keywords, and kinds and names of objects', async () => {
    const client = await filled()
    expect(await found(client, 'upf')).toEqual(['nf/upf'])
    expect(await found(client, 'user plane')).toEqual(['nf/upf'])
    expect(await found(client, 'TELE')).toEqual(['nf/upf'])
    expect(await found(client, 'packet-forw')).toEqual(['nf/upf'])
    expect(await found(client, 'deployment gate')).toEqual(['nf/upf'])
    expect(await found(client, 'Policy')).toEqual(['nf/smf'])
    expect(await found(client, 'networkpolicy default')).toEqual(['nf/smf'])
    expect(await found(client, 'blueprints')).toEqual(['nf/smf', 'nf/upf'])
    expect(await found(client, 'nf upf telecom')).toEqual(['nf/upf'])
    expect(await found(client, 'smf telecom')).toEqual([])
    // Only the last word of a term matches by prefix, and no word matches in its middle.
    expect(await found(client, 'netw-policy')).toEqual([])
    expect(await found(client, 'pf')).toEqual([])
    expect(await found(client, 'u')).toEqual(['nf/upf'])
  })

  it('treats operators and special characters as plain text', async () => {
    const client = await filled()
    for (const q of ['%', '"', '*', "' OR 1=1 --", 'upf" OR "smf', 'NEAR(', '\0', '🦄']) {
      expect(await found(client, q), q).toEqual([])
    }
    expect(await found(client, '')).toHaveLength(2)
    expect(await found(client, 'upf*')).toEqual(['nf/upf'])
  })

  it('follows edits and the deletion of a draft', async () => {
    const client = await filled()
    const name = 'blueprints.nf.upf.ws1'
    const resources = { 'app.yaml': deployment('redis:7', 'cache') }
    await client.ok('PUT', `/packagerevisions/${name}/resources`, { resources }, { 'If-Match': '*' })
    expect(await found(client, 'gateway')).toEqual([])
    expect(await found(client, 'telecom')).toEqual([])
    expect(await found(client, 'cache')).toEqual(['nf/upf'])
    expect((await client.ok('GET', '/objects?kind=Deployment')).items).toMatchObject([{ name: 'cache' }])
    await client.call('DELETE', `/packagerevisions/${name}`, undefined, { 'If-Match': '*' })
    expect(await found(client, 'cache')).toEqual([])
    expect((await client.ok('GET', '/objects?kind=Deployment')).items).toEqual([])
  })

  it('finds clones and copies by the content of their files', async () => {
    const client = await filled()
    await client.verb('blueprints.nf.smf.ws1', 'propose')
    await client.verb('blueprints.nf.smf.ws1', 'approve')
    await client.createDraft('ws2', { copy: { from: 'blueprints.nf.smf.ws1' } }, { package: 'nf/smf' })
    await client.createDraft('ws1', { clone: { upstream: 'blueprints.nf.smf.ws1' } }, { package: 'edge' })
    expect(await found(client, 'networkpolicy')).toEqual(['edge', 'nf/smf', 'nf/smf'])
    const { items } = await client.ok('GET', '/objects?kind=NetworkPolicy')
    const names = items.map((item: { packageRevision: { name: string } }) => item.packageRevision.name)
    expect(names).toEqual(['blueprints.edge.ws1', 'blueprints.nf.smf.ws1', 'blueprints.nf.smf.ws2'])
  })
})

describe('a search for objects', () => {
  it('returns the files and revisions that contain them', async () => {
    const client = await filled()
    const { items } = await client.ok('GET', '/objects?kind=Deployment&name=gateway')
    expect(items).toEqual([
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        namespace: 'core',
        name: 'gateway',
        path: 'app.yaml',
        packageRevision: {
          name: 'blueprints.nf.upf.ws1',
          repository: 'blueprints',
          package: 'nf/upf',
          workspace: 'ws1',
          revision: 0,
          version: null,
          lifecycle: 'Draft',
          latest: false,
        },
      },
    ])
    const count = async (query: string) => (await client.ok('GET', `/objects?${query}`)).items.length
    expect(await count('namespace=core')).toBe(1)
    expect(await count('namespace=&kind=NetworkPolicy')).toBe(1)
    expect(await count('apiVersion=apps/v1')).toBe(1)
    expect(await count('apiVersion=apps/v2&kind=Deployment')).toBe(0)
    expect(await count('kind=Deployment&latest=true')).toBe(0)
    expect(await count('kind=Deployment&latest=false')).toBe(1)
  })

  it('comes in pages', async () => {
    const client = await filled()
    for (let at = 0; at < 7; at++) {
      await client.createDraft(`w${at}`, { resources: { 'a.yaml': POLICY, 'b.yaml': deployment(`a:${at}`) } })
    }
    const seen: string[] = []
    for await (const page of pages(client, '/objects?kind=NetworkPolicy&limit=3')) {
      seen.push(...page.items.map((item: { packageRevision: { name: string } }) => item.packageRevision.name))
    }
    expect(seen).toHaveLength(8)
    expect(new Set(seen).size).toBe(8)
  })

  it('finds the objects of a list, and not the list', async () => {
    const { client } = await memoryApp()
    await client.createRepository('blueprints')
    const item = (text: string) => `- ${text.trim().replaceAll('\n', '\n  ')}\n`
    const list = `apiVersion: v1\nkind: List\nitems:\n${item(deployment('nginx:1.2'))}${item(POLICY)}`
    const draft = await client.createDraft('ws1', { resources: { 'list.yaml': list } }, { package: 'nf/upf' })
    expect(draft.conditions).toContainEqual(expect.objectContaining({ type: 'Valid', reason: 'Valid' }))
    const find = async (query: string) => (await client.ok('GET', query)).items
    expect(await find('/objects?kind=Deployment&name=gateway')).toMatchObject([
      { apiVersion: 'apps/v1', namespace: 'core', path: 'list.yaml' },
    ])
    expect(await find('/objects?kind=NetworkPolicy')).toMatchObject([{ name: 'default-deny' }])
    expect(await find('/objects?kind=List')).toEqual([])
    expect(await found(client, 'default-deny')).toEqual(['nf/upf'])
  })

  it('requires a filter on objects', async () => {
    const client = await filled()
    expect(await client.call('GET', '/objects?latest=true')).toMatchObject({
      status: 400,
      body: { code: 'invalid' },
    })
  })
})

describe('a search for images', () => {
  it('finds the latest revisions that use them', async () => {
    const client = await filled()
    const images = async (image: string) =>
      (await client.ok('GET', `/images?image=${encodeURIComponent(image)}`)).items.map(
        (item: { image: string; packageRevision: { workspace: string } }) =>
          `${item.image} ${item.packageRevision.workspace}`,
      )
    expect(await images('nginx')).toEqual([])
    const publish = async (workspace: string) => {
      await client.verb(`blueprints.nf.upf.${workspace}`, 'propose')
      await client.verb(`blueprints.nf.upf.${workspace}`, 'approve')
    }
    await publish('ws1')
    expect(await images('nginx')).toEqual(['nginx:1.2 ws1'])
    expect(await images('docker.io/library/nginx:1.2')).toEqual(['nginx:1.2 ws1'])
    expect(await images('nginx:1')).toEqual([])
    expect(await images('busybox')).toEqual(['busybox:1.36 ws1'])
    const image = `nginx:1.3@sha256:${'0'.repeat(64)}`
    await client.createDraft('ws2', { resources: { 'a.yaml': deployment(image) } }, { package: 'nf/upf' })
    await publish('ws2')
    expect(await images('nginx')).toEqual([`${image} ws2`])
    expect(await images('nginx:1.3')).toEqual([`${image} ws2`])
    expect(await images('nginx:1.2')).toEqual([])
  })
})
