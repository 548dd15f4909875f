/** Shows the main workflow of pkgserver on a temporary server: from a folder of YAML to what a cluster pulls. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { unpackLayer } from '../src/artifact/layer.ts'
import { readConfig } from '../src/config.ts'
import { DEFAULT_LIMITS } from '../src/domain/resources.ts'
import type { Manifest } from '../src/oci/manifest.ts'
import { RemoteRegistry } from '../src/oci/remote/remote-registry.ts'
import { fetchAll } from '../src/oci/roles.ts'
import { applicationOf } from '../src/server/app.ts'
import { openComponents } from '../src/server/components.ts'
import { serve } from '../src/server/serve.ts'

const EXAMPLE = join(import.meta.dirname, '../examples/hello-web')
const MIB = 1024 * 1024

type Revision = {
  name: string
  lifecycle: string
  revision: number
  resourceVersion: string
  latest: boolean
  artifact: { reference: string; digest: string; layerDigest: string; tags: string[] }
}

const data = await mkdtemp(join(tmpdir(), 'pkgserver-demo-'))
const config = readConfig({ data, listen: '127.0.0.1:0' }, {})
const parts = await openComponents(config, pino({ level: 'silent' }))
const server = await serve(config, applicationOf(parts))
const base = `http://127.0.0.1:${server.port}`
let steps = 0

try {
  await walk()
} finally {
  await server.close()
  await rm(data, { recursive: true })
}

async function walk(): Promise<void> {
  say(`The server runs at ${base} and keeps its data in ${data}.`)

  step('Create two repositories: a catalog of blueprints, and one for deployments')
  await call('POST', '/repositories', { name: 'blueprints', type: 'catalog' })
  await call('POST', '/repositories', { name: 'production', type: 'deployment' })

  step('Create a draft of a package from a folder of YAML')
  const resources = await readFolder(EXAMPLE)
  const draft = await call<Revision>('POST', '/packagerevisions', {
    repository: 'blueprints',
    package: 'web/hello',
    workspace: 'first',
    source: { resources },
  })
  show(draft)
  say(`files: ${Object.keys(resources).sort().join(', ')}`)

  step('Propose the draft and approve it after review: it becomes revision 1')
  await publish(draft)

  step('Publish revision 2: a copy with one changed file')
  const copy = await call<Revision>('POST', '/packagerevisions', {
    repository: 'blueprints',
    package: 'web/hello',
    workspace: 'more-replicas',
    source: { copy: { from: draft.name } },
  })
  show(copy)
  const deployment = (resources['deployment.yaml'] ?? '').replace('replicas: 2', 'replicas: 3')
  const changed = await call<Revision>(
    'PATCH',
    `/packagerevisions/${copy.name}/resources`,
    { resources: { 'deployment.yaml': deployment } },
    { 'If-Match': `"${copy.resourceVersion}"` },
  )
  say(`layer before: ${copy.artifact.layerDigest}`)
  say(`layer after:  ${changed.artifact.layerDigest}`)
  const second = await publish(changed)

  step('List the revisions')
  const { items } = await call<{ items: Revision[] }>('GET', '/packagerevisions?repository=blueprints')
  for (const item of items) {
    say(
      `${item.name.padEnd(36)} revision ${item.revision}  ${item.lifecycle}${item.latest ? '  latest' : ''}`,
    )
  }

  step('Pull revision 1 by its digest from the registry, as a cluster does')
  const published = items.find(({ revision }) => revision === 1)?.artifact ?? second.artifact
  const repository = new RemoteRegistry(new URL(base)).repository('blueprints/web/hello')
  const descriptor = await repository.resolve(published.digest)
  const manifest: Manifest = JSON.parse(Buffer.from(await fetchAll(repository, descriptor, MIB)).toString())
  const [layer] = manifest.layers
  if (!layer) throw new Error('the manifest has no layer')
  const { resources: files } = await unpackLayer(await fetchAll(repository, layer, MIB), DEFAULT_LIMITS)
  for (const [path, content] of files) {
    if (Buffer.from(content).toString() !== resources[path])
      throw new Error(`${path} differs from the original`)
    say(`${path.padEnd(20)} ${String(content.byteLength).padStart(5)} bytes  same as the original`)
  }

  step('Show its manifest, which Flux, Argo CD, Config Sync and oras read')
  say(JSON.stringify(manifest, null, 2))
}

async function publish({ name, artifact }: Revision): Promise<Revision> {
  const proposed = await call<Revision>('POST', `/packagerevisions/${name}/propose`, {
    digest: artifact.digest,
    reason: 'ready for review',
  })
  show(proposed)
  const published = await call<Revision>('POST', `/packagerevisions/${name}/approve`, {
    digest: proposed.artifact.digest,
  })
  show(published)
  return published
}

async function call<T>(
  method: string,
  path: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<T> {
  say(`> ${method} /api/v1${path}`)
  const response = await fetch(`${base}/api/v1${path}`, {
    method,
    headers: { ...(body ? { 'Content-Type': 'application/json' } : {}), ...headers },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${response.status} ${text}`)
  return JSON.parse(text)
}

async function readFolder(folder: string): Promise<Record<string, string>> {
  const names = await readdir(folder)
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')])),
  )
}

function show({ name, lifecycle, revision, artifact }: Revision): void {
  say(`${name}: ${lifecycle}${revision > 0 ? `, revision ${revision}` : ''}`)
  say(`${artifact.reference}  tags ${artifact.tags.join(', ')}`)
  say(artifact.digest)
}

function step(title: string): void {
  steps += 1
  console.log(`\n${steps}. ${title}`)
}

function say(text: string): void {
  console.log(text.replaceAll(/^/gm, '   '))
}
