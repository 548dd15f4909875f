import { describe, expect, it } from 'vitest'
import { memoryApp, type TestApp } from '../support/app.ts'
import type { Client } from '../support/client.ts'
import { hasCorpus, kptPackages, readFiles } from '../support/corpus.ts'

const DEPLOYMENT = {
  resources: { 'deployment.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n' },
}

async function withUpstream(source: object = { init: {} }): Promise<TestApp & { upstream: string }> {
  const app = await memoryApp()
  await app.client.createRepository()
  await app.client.createRepository('prod', 'deployment')
  return { ...app, upstream: (await app.client.publish('ws1', source)).name }
}

function clone(client: Client, upstream: unknown, more: object = {}) {
  return client.call('POST', '/packagerevisions', {
    repository: 'prod',
    package: 'edge/upf-1',
    workspace: 'main',
    source: { clone: { upstream } },
    ...more,
  })
}

describe('a clone', () => {
  it('is a draft with a link to its upstream, in the index and in its annotations', async () => {
    const { client, upstream } = await withUpstream()
    const original = await client.get(upstream)
    const { status, body } = await clone(client, upstream)
    expect(status).toBe(201)
    const link = {
      name: upstream,
      repository: 'blueprints',
      package: 'nf/upf',
      revision: 1,
      version: null,
      digest: original.artifact.digest,
    }
    expect(body).toMatchObject({
      name: 'prod.edge.upf-1.main',
      lifecycle: 'Draft',
      task: 'clone',
      upstream: { ...link, latestRevision: 1, outdated: false },
    })
    const manifest = await client.send(`/v2/prod/edge/upf-1/manifests/${body.artifact.digest}`)
    expect(((await manifest.json()) as { annotations: object }).annotations).toMatchObject({
      'dev.pkgserver.task': 'clone',
      'dev.pkgserver.upstream': upstream,
      'dev.pkgserver.upstream-digest': link.digest,
      'dev.pkgserver.upstream-revision': '1',
    })
  })

  it('copies the files, but no labels, annotations or readiness gates', async () => {
    const { client } = await withUpstream()
    const more = {
      package: 'nf/smf',
      labels: { team: 'core' },
      annotations: { 'example.com/a': 'b' },
      readinessGates: [{ conditionType: 'Valid' }],
    }
    const { name } = await client.publish('ws1', DEPLOYMENT, more)
    const { body } = await clone(client, name, { labels: { env: 'prod' }, version: '1.0.0' })
    expect(body).toMatchObject({
      labels: { env: 'prod' },
      annotations: {},
      readinessGates: [],
      version: '1.0.0',
    })
    expect(await client.resources(body.name)).toEqual(DEPLOYMENT.resources)
  })

  it('shares the layer of its upstream if there is no Kptfile', async () => {
    const { client, upstream } = await withUpstream(DEPLOYMENT)
    const { body } = await clone(client, upstream)
    expect(body.artifact.layerDigest).toBe((await client.get(upstream)).artifact.layerDigest)
    expect(body.conditions).toMatchObject([{ type: 'Valid', status: 'True' }])
    expect(await client.archive(body.name)).toEqual(await client.archive(upstream))
    await client.verb(body.name, 'propose')
    expect(await client.verb(body.name, 'approve')).toMatchObject({ revision: 1 })
  })

  it.each([
    [{ repository: 'blueprints', package: 'nf/upf' }, 3],
    [{ repository: 'blueprints', package: 'nf/upf', revision: 'latest' }, 3],
    [{ repository: 'blueprints', package: 'nf/upf', version: 'latest' }, 3],
    [{ repository: 'blueprints', package: 'nf/upf', revision: 2 }, 2],
    [{ repository: 'blueprints', package: 'nf/upf', version: '1.0.0+1' }, 1],
    [{ repository: 'blueprints', package: 'nf/upf', version: '1.0.0' }, 2],
    [{ repository: 'blueprints', package: 'nf/upf', version: '1.1.0' }, 3],
    ['blueprints.nf.upf.ws2', 2],
  ])('resolves the upstream %j', async (reference, revision) => {
    const { client } = await memoryApp()
    await client.createRepository()
    await client.createRepository('prod', 'deployment')
    await client.publish('ws1', DEPLOYMENT, { version: '1.0.0+1' })
    await client.publish('ws2', DEPLOYMENT, { version: '1.0.0+2' })
    await client.publish('ws3', DEPLOYMENT, { version: '1.1.0' })
    await client.createDraft('ws4', DEPLOYMENT, { version: '1.2.0' })
    expect((await clone(client, reference)).body.upstream).toMatchObject({ revision, latestRevision: 3 })
  })

  it('starts from published revisions only', async () => {
    const { client, upstream } = await withUpstream()
    const draft = await client.createDraft('ws2', DEPLOYMENT, { version: null })
    const refused = async (reference: unknown) => {
      const { status, body } = await clone(client, reference)
      return `${status} ${body.code}: ${body.detail}`
    }
    expect(await refused(draft.name)).toMatch(/^409 wrong_lifecycle: .* is Draft: only a published/)
    await client.verb(draft.name, 'propose')
    expect(await refused(draft.name)).toMatch(/^409 wrong_lifecycle: .* is Proposed/)
    const id = { repository: 'blueprints', package: 'nf/upf' }
    expect(await refused('blueprints.nf.upf.ws9')).toMatch(/^404 not_found/)
    expect(await refused({ ...id, revision: 7 })).toMatch(/^404 not_found: .* no revision 7/)
    expect(await refused({ ...id, version: '1.0.0' })).toMatch(/^404 not_found: .* version 1\.0\.0/)
    expect(await refused({ ...id, package: 'other' })).toMatch(/^404 not_found: .* no published revision/)
    expect(await refused('no name')).toMatch(/^400 invalid/)
    expect(await refused({ ...id, revision: 0 })).toMatch(/^400 invalid/)
    expect(await refused({ ...id, revision: 1, version: '1.0.0' })).toMatch(/^400 invalid/)
    await client.verb(upstream, 'propose-deletion')
    expect(await refused(upstream)).toMatch(/^409 wrong_lifecycle: .* proposed for deletion/)
    expect(await refused(id)).toMatch(/^409 wrong_lifecycle/)
  })

  it('creates new packages only, and says how to continue existing ones', async () => {
    const { client, upstream } = await withUpstream()
    const first = (await clone(client, upstream)).body
    const again = await clone(client, upstream, { workspace: 'second' })
    expect(again).toMatchObject({ status: 409, body: { code: 'already_exists' } })
    expect(again.body.detail).toContain(`{"copy": {"from": "${first.name}"}}`)
    expect(again.body.detail).toContain('upgrade')
    const own = await clone(client, upstream, { repository: 'blueprints', package: 'nf/upf' })
    expect(own).toMatchObject({ status: 409, body: { code: 'already_exists' } })
    await client.call('DELETE', `/packagerevisions/${first.name}`, undefined, { 'If-Match': '*' })
    expect((await clone(client, upstream)).body.detail).toContain('Choose another workspace')
    expect((await clone(client, upstream, { workspace: 'second' })).status).toBe(201)
  })

  it('protects its upstream from deletion, or is refused if the deletion was proposed first', async () => {
    const { client, parts, upstream } = await withUpstream(DEPLOYMENT)
    // Proposes the deletion after the upstream is resolved, but before the clone is committed.
    const { registry } = parts.ctx
    let proposed = false
    parts.ctx.registry = {
      ping: () => registry.ping(),
      repositories: () => registry.repositories(),
      repository: (name) => {
        const found = registry.repository(name)
        const mount = found.mount.bind(found)
        found.mount = async (...args) => {
          if (!proposed) await client.verb(upstream, 'propose-deletion')
          proposed = true
          return mount(...args)
        }
        return found
      },
    }
    expect(await clone(client, upstream)).toMatchObject({ status: 409, body: { code: 'conflict' } })
    await client.verb(upstream, 'reject')
    expect((await clone(client, upstream)).status).toBe(201)
    await client.verb(upstream, 'propose-deletion')
    const deleted = await client.call('POST', `/packagerevisions/${upstream}/approve`)
    expect(deleted).toMatchObject({ status: 409, body: { code: 'in_use' } })
  })
})

describe('the Kptfile of a clone', () => {
  it('has the new name and the upstream in the format of kpt, and is otherwise unchanged', async () => {
    const kptfile = [
      '# The package.',
      'apiVersion: kpt.dev/v1',
      'kind: Kptfile',
      'metadata:',
      '  name: upf # renamed by clones',
      '  annotations: { \'a/b\':   "c" }',
      'info:',
      '    description: >',
      '      folded',
      '',
    ].join('\n')
    const context =
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: kptfile.kpt.dev\ndata:\n  # who\n  name: upf\n  package-path: nf/upf\n'
    const { client, upstream } = await withUpstream({
      resources: { Kptfile: kptfile, 'package-context.yaml': context, 'a/Kptfile': kptfile },
    })
    const { digest } = (await client.get(upstream)).artifact
    const { body } = await clone(client, upstream)
    expect(await client.resources(body.name)).toEqual({
      Kptfile:
        kptfile.replace('name: upf', 'name: upf-1') +
        [
          'upstream:',
          '  type: git',
          '  git:',
          '    repo: oci:///blueprints/nf/upf',
          '    directory: /',
          '    ref: v1',
          '  updateStrategy: resource-merge',
          'upstreamLock:',
          '  type: git',
          '  git:',
          '    repo: oci:///blueprints/nf/upf',
          '    directory: /',
          '    ref: v1',
          `    commit: ${digest}`,
          '',
        ].join('\n'),
      'package-context.yaml': context
        .replace('name: upf\n', 'name: upf-1\n')
        .replace('package-path: nf/upf', 'package-path: edge/upf-1'),
      'a/Kptfile': kptfile,
    })
  })

  it('is unchanged if it cannot be parsed', async () => {
    const { client } = await withUpstream()
    // A package can only be published with an invalid file if it ignores that file.
    const resources = { Kptfile: 'kind: [', '.krmignore': 'Kptfile\n' }
    const { name } = await client.publish('ws1', { resources }, { package: 'nf/broken' })
    const { body } = await clone(client, name)
    expect(await client.resources(body.name)).toEqual(resources)
  })
})

describe('values for setters', () => {
  const SETTERS = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: setters\ndata:\n  tag: "1.25"\n'
  const KPTFILE =
    'apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: a\npipeline:\n  mutators:\n    - image: gcr.io/kpt-fn/apply-setters:v0.2.0\n      configPath: setters.yaml\n'
  const POD = `apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  image: nginx:1.25 # kpt-set: nginx:\${tag}\n`
  const files = { Kptfile: KPTFILE, 'setters.yaml': SETTERS, 'pod.yaml': POD }

  it('are applied to the files of the clone', async () => {
    const { client, upstream } = await withUpstream({ resources: files })
    const { body } = await clone(client, upstream, {
      source: { clone: { upstream, setters: { tag: '1.27' } } },
    })
    const { Kptfile, ...others } = await client.resources(body.name)
    expect(Kptfile).toContain('name: upf-1')
    expect(others).toEqual({
      'setters.yaml': SETTERS.replace('1.25', '1.27'),
      'pod.yaml': POD.replace('nginx:1.25', 'nginx:1.27'),
    })
  })

  it('are refused for unknown setters, and no draft is created', async () => {
    const { client, upstream } = await withUpstream({ resources: files })
    const refused = async (setters: unknown) => {
      const { status, body } = await clone(client, upstream, { source: { clone: { upstream, setters } } })
      return `${status} ${body.code}: ${body.detail}`
    }
    expect(await refused({ tga: '1' })).toBe(
      '400 invalid: the setters cannot be applied: the package has no setter tga; its setters are tag',
    )
    expect(await refused({ tag: 1 })).toMatch(/^400 invalid: body.source.clone.setters.tag/)
    expect(await refused(JSON.parse('{"__proto__":"1"}'))).toMatch(
      /^400 invalid: body.source.clone.setters.__proto__/,
    )
    expect((await client.call('GET', '/packagerevisions/prod.edge.upf-1.main')).status).toBe(404)
  })

  it('share the layer of the upstream if they change nothing', async () => {
    const { 'pod.yaml': pod } = files
    const { client, upstream } = await withUpstream({ resources: { 'pod.yaml': pod } })
    const { body } = await clone(client, upstream, {
      source: { clone: { upstream, setters: { tag: '1.25' } } },
    })
    expect(body.artifact.layerDigest).toBe((await client.get(upstream)).artifact.layerDigest)
  })
})

describe.runIf(hasCorpus)('clones of real packages', () => {
  it('differ from their upstreams only in the lines of name and upstream', async () => {
    const { client } = await withUpstream()
    const all = kptPackages()
    for (const [at, real] of all.filter((_, index) => index % 12 === 0).entries()) {
      const files = [...readFiles(real)].map(([path, bytes]) => [path, { base64: bytes.toString('base64') }])
      const { name } = await client.createDraft(
        'ws1',
        { resources: Object.fromEntries(files) },
        { package: `real/p${at}` },
      )
      const proposed = await client.call('POST', `/packagerevisions/${name}/propose`)
      if (proposed.status !== 200) continue
      const { artifact } = await client.verb(name, 'approve')
      const target = { package: `real/p${at}` }
      const before = await client.resources(name)
      const { body } = await clone(client, name, target)
      const after = await client.resources(body.name)
      expect(Object.keys(after)).toEqual(Object.keys(before))
      for (const [path, content] of Object.entries(after)) {
        if (content === before[path]) continue
        expect(['Kptfile', 'package-context.yaml'], `${real.folder}/${path}`).toContain(path)
        expect(linesBeside(String(content), String(before[path]), artifact.digest), real.folder).toEqual([])
      }
      expect(after.Kptfile).toContain(`commit: ${artifact.digest}`)
    }
  })
})

/** Returns the lines that are neither in the original nor expected in a clone. */
function linesBeside(content: string, original: string, digest: string): string[] {
  const known = new Set(original.split('\n'))
  const expected =
    /^ *(?:name: p\d+|upstream:|upstreamLock:|type: git|git:|repo: oci:\/\/\/blueprints\/real\/p\d+|directory: \/|ref: v1|updateStrategy: .*)\s*(?:#.*)?$/
  return content.split('\n').filter((line) => {
    return !known.has(line) && !expected.test(line) && line.trim() !== `commit: ${digest}`
  })
}
