/** What clients of the registry see without the right to read drafts. */
import { describe, expect, it } from 'vitest'
import { digestOf } from '../../../src/oci/digest.ts'
import { anchorAudit } from '../../../src/service/audit/anchors.ts'
import type { Client } from '../../support/client.ts'
import { protectedApp } from '../../support/protected-app.ts'
import { artifactOf, RegistryClient } from '../../support/registry-client.ts'

const PUBLIC = 'public/nf/upf'
const PRIVATE = 'private/nf/upf'

/** A public repository with a published revision and a draft of it, and a private one. */
async function prepared() {
  const app = await protectedApp()
  const admin = await app.user('ann', 'admin')
  for (const repository of ['public', 'private']) {
    await admin.createRepository(repository)
    await admin.publish('ws1', { init: { description: repository } }, { repository })
  }
  const published = await admin.get('public.nf.upf.ws1')
  const secret = await admin.get('private.nf.upf.ws1')
  const draft = await admin.createDraft('ws2', { init: { description: 'draft' } }, { repository: 'public' })
  const reader = await app.user('eve', 'reader', 'public')
  return { app, admin, reader, published, draft, secret }
}

async function answer(client: Client, path: string, method = 'GET') {
  const response = await client.send(`/v2/${path}`, { method })
  const headers = Object.fromEntries(response.headers)
  delete headers['x-request-id']
  return { status: response.status, headers, body: await response.text() }
}

/** Answers to a path and to one that differs in what does not exist. */
async function same(client: Client, path: string, hidden: string, missing: string): Promise<number> {
  const one = await answer(client, path.replace('…', hidden))
  const other = await answer(client, path.replace('…', missing))
  const cut = (found: object) => JSON.stringify(found).replaceAll(hidden, '…').replaceAll(missing, '…')
  // Lengths follow from those of the names.
  const length = /"content-length":"[0-9]+"/
  expect(cut(one).replace(length, '')).toBe(cut(other).replace(length, ''))
  return one.status
}

const json = async (client: Client, path: string) => JSON.parse((await answer(client, path)).body)

const NOWHERE = `sha256:${'0'.repeat(64)}`

it('3. Hidden = missing: status, body, headers for a private and an absent repository, tag, digest', async () => {
  const { reader, draft, secret } = await prepared()
  for (const path of [
    '…/tags/list',
    '…/manifests/latest',
    `…/manifests/${NOWHERE}`,
    `…/blobs/${NOWHERE}`,
    `…/referrers/${NOWHERE}`,
  ]) {
    expect(await same(reader, path, PRIVATE, 'nowhere/nf/upf')).toBe(404)
    expect(await same(reader, path, 'private', 'nowhere')).toBe(404)
  }
  for (const tag of ['draft-ws2', '_package', '_conflicts-ws2', 'deletion-proposed-v1']) {
    expect(await same(reader, `${PUBLIC}/manifests/…`, tag, 'none')).toBe(404)
  }
  expect(await same(reader, `${PUBLIC}/manifests/…`, draft.artifact.digest, NOWHERE)).toBe(404)
  expect(await same(reader, `${PUBLIC}/blobs/…`, draft.artifact.layerDigest, NOWHERE)).toBe(404)
  expect(await same(reader, `${PUBLIC}/blobs/…`, secret.artifact.layerDigest, NOWHERE)).toBe(404)
  expect(await same(reader, `${PUBLIC}/referrers/…`, draft.artifact.digest, NOWHERE)).toBe(200)
})

it('6. _catalog and its last/n pages show only readable names; counts and Link leak nothing', async () => {
  const { app, admin, reader } = await prepared()
  for (const path of ['a', 'z']) {
    await admin.publish('ws1', { init: {} }, { repository: 'public', package: path })
    await admin.publish('ws1', { init: {} }, { repository: 'private', package: path })
  }
  await admin.createDraft('ws1', { init: {} }, { repository: 'public', package: 'only-a-draft' })
  const names = ['public/a', PUBLIC, 'public/z']
  expect(await json(reader, '_catalog')).toEqual({ repositories: names })
  const pages: string[][] = []
  let next = '_catalog?n=2'
  while (next !== '') {
    const { headers, body } = await answer(reader, next)
    pages.push(JSON.parse(body).repositories)
    next = /<\/v2\/([^>]*)>/.exec(headers.link ?? '')?.[1] ?? ''
  }
  expect(pages).toEqual([names.slice(0, 2), names.slice(2)])
  expect(await json(reader, '_catalog?last=private')).toEqual({ repositories: names })
  const author = await app.user('bob', 'author', 'public')
  expect((await json(author, '_catalog')).repositories).toEqual([
    'public',
    'public/a',
    PUBLIC,
    'public/only-a-draft',
    'public/z',
  ])
  const nobody = await app.user('nora')
  expect(await json(nobody, '_catalog?n=1')).toEqual({ repositories: [] })
  expect((await answer(nobody, '_catalog?n=1')).headers.link).toBeUndefined()
})

it('6. _catalog shows the repository of the audit log to auditors alone, and so do its tags, manifests and blobs', async () => {
  const { app, admin } = await prepared()
  await anchorAudit(app.parts.ctx)
  const [tag] = (await json(admin, 'pkgserver_audit/tags/list')).tags
  expect(tag).toBe('_audit')
  const { config } = await json(admin, 'pkgserver_audit/manifests/_audit')
  const auditor = await app.user('olga', 'auditor')
  expect(await json(auditor, '_catalog')).toEqual({ repositories: ['pkgserver_audit'] })
  expect((await answer(auditor, 'pkgserver_audit/manifests/_audit')).status).toBe(200)
  for (const role of ['reader', 'repository-admin'] as const) {
    const other = await app.user(`max-${role}`, role, '*')
    expect((await json(other, '_catalog')).repositories).not.toContain('pkgserver_audit')
    for (const path of ['tags/list', 'manifests/_audit', `blobs/${config.digest}`])
      expect((await answer(other, `pkgserver_audit/${path}`)).status).toBe(404)
  }
})

it('7. tags/list without draft.read: no draft-*, _*, and n= pages have no holes that tell', async () => {
  const { app, admin, reader } = await prepared()
  await admin.publish('ws3', { init: {} }, { repository: 'public' })
  const { name } = await admin.createDraft('a-draft', { init: {} }, { repository: 'public' })
  await admin.ok('DELETE', `/packagerevisions/${name}`, undefined, { 'If-Match': '*' })
  await admin.verb('public.nf.upf.ws1', 'propose-deletion')
  const all = (await json(admin, `${PUBLIC}/tags/list`)).tags
  expect(all).toEqual([
    '_package',
    'deletion-proposed-v1',
    'draft-ws2',
    'latest',
    'v1',
    'v1.0.0',
    'v2',
    'v2.0.0',
  ])
  const seen = ['latest', 'v1', 'v1.0.0', 'v2', 'v2.0.0']
  expect((await json(reader, `${PUBLIC}/tags/list`)).tags).toEqual(seen)
  for (const [at] of seen.entries()) {
    const last = at === 0 ? '' : `&last=${seen[at - 1]}`
    const { body, headers } = await answer(reader, `${PUBLIC}/tags/list?n=1${last}`)
    expect(JSON.parse(body).tags).toEqual([seen[at]])
    expect(headers.link === undefined).toBe(at === seen.length - 1)
  }
  expect((await json(reader, `${PUBLIC}/tags/list?last=v2.0.0`)).tags).toEqual([])
  const author = await app.user('bob', 'author', 'public')
  expect((await json(author, `${PUBLIC}/tags/list`)).tags).toEqual(all)
})

it('8. Draft manifest and layer by digest by a reader → 404; after publication → 200', async () => {
  const { admin, reader, draft } = await prepared()
  const status = async (path: string) => (await answer(reader, `${PUBLIC}/${path}`)).status
  const layer = `blobs/${draft.artifact.layerDigest}`
  const config = await json(admin, `${PUBLIC}/manifests/${draft.artifact.digest}`)
  expect(await status(`manifests/${draft.artifact.digest}`)).toBe(404)
  expect(await status(layer)).toBe(404)
  await admin.verb(draft.name, 'propose')
  expect(await status(layer)).toBe(404)
  const { artifact } = await admin.verb(draft.name, 'approve')
  expect(await status(`manifests/${artifact.digest}`)).toBe(200)
  expect(await status(layer)).toBe(200)
  expect(await status(`blobs/${config.config.digest}`)).toBe(200)
  // What it was as a draft stays hidden.
  expect(await status(`manifests/${draft.artifact.digest}`)).toBe(404)
  expect(await status('manifests/v2')).toBe(200)
})

it('hides a draft that another tag leads to, by itself or in an index', async () => {
  const { admin, reader, draft } = await prepared()
  const { digest } = draft.artifact
  const bytes = (await answer(admin, `${PUBLIC}/manifests/${digest}`)).body
  const type = 'application/vnd.oci.image.manifest.v1+json'
  const put = async (tag: string, body: string, contentType: string) =>
    (
      await admin.send(`/v2/${PUBLIC}/manifests/${tag}`, {
        method: 'PUT',
        body,
        headers: { 'Content-Type': contentType },
      })
    ).status
  expect(await put('mine', bytes, type)).toBe(201)
  const index = 'application/vnd.oci.image.index.v1+json'
  const manifests = [{ mediaType: type, digest, size: bytes.length }]
  expect(await put('many', JSON.stringify({ schemaVersion: 2, mediaType: index, manifests }), index)).toBe(
    201,
  )
  for (const path of ['manifests/mine', `manifests/${digest}`, `blobs/${draft.artifact.layerDigest}`]) {
    expect((await answer(reader, `${PUBLIC}/${path}`)).status).toBe(404)
  }
  expect((await json(reader, `${PUBLIC}/tags/list`)).tags).not.toContain('mine')
})

describe('9. Referrers of a private subject; referrer pushed to a public repository with a private digest as subject reads nothing', () => {
  const put = async (client: Client, repository: string, subject: string, note: string): Promise<string> => {
    const registry = new RegistryClient(client, repository)
    const { bytes } = artifactOf(note, { note })
    await registry.pushBlobs(note)
    const manifest = JSON.stringify({
      ...JSON.parse(bytes),
      subject: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: subject, size: 1000 },
    })
    const digest = digestOf(Buffer.from(manifest))
    expect(await registry.putManifest(digest, { bytes: manifest, digest, blobs: [] })).toBe(201)
    return digest
  }
  const listed = async (client: Client, repository: string, subject: string): Promise<string[]> =>
    (await json(client, `${repository}/referrers/${subject}`)).manifests.map(
      ({ digest }: { digest: string }) => digest,
    )

  it('lists those of what is published, without records, and shows them', async () => {
    const { admin, reader, published, draft } = await prepared()
    const subject = published.artifact.digest
    const signature = await put(admin, PUBLIC, subject, 'signature')
    const ofSignature = await put(admin, PUBLIC, signature, 'of the signature')
    const ofDraft = await put(admin, PUBLIC, draft.artifact.digest, 'about the draft')
    await admin.verb(published.name, 'propose-deletion', { reason: 'it is secret' })
    expect(await listed(admin, PUBLIC, subject)).toHaveLength(2)
    expect(await listed(reader, PUBLIC, subject)).toEqual([signature])
    expect(await listed(reader, PUBLIC, signature)).toEqual([ofSignature])
    expect(await listed(reader, PUBLIC, draft.artifact.digest)).toEqual([])
    const record = (await listed(admin, PUBLIC, subject)).find((digest) => digest !== signature) ?? ''
    const layer = (await json(admin, `${PUBLIC}/manifests/${record}`)).layers[0].digest
    const blob = (text: string) => `blobs/${digestOf(Buffer.from(text))}`
    const found = Object.fromEntries(
      await Promise.all(
        [
          `manifests/${signature}`,
          blob('signature'),
          `manifests/${ofSignature}`,
          `manifests/${ofDraft}`,
          blob('about the draft'),
          `manifests/${record}`,
          `blobs/${layer}`,
        ].map(async (path) => [path, (await answer(reader, `${PUBLIC}/${path}`)).status] as const),
      ),
    )
    expect(Object.values(found)).toEqual([200, 200, 200, 404, 404, 404, 404])
  })

  it('shows nothing of a subject in another repository', async () => {
    const { app, secret } = await prepared()
    const publisher = await app.user('bob', 'publisher', 'public')
    const subject = secret.artifact.digest
    const digest = await put(publisher, PUBLIC, subject, 'about a secret')
    expect((await answer(publisher, `${PUBLIC}/manifests/${subject}`)).status).toBe(404)
    expect((await answer(publisher, `${PRIVATE}/referrers/${subject}`)).status).toBe(404)
    expect(await listed(publisher, PUBLIC, subject)).toEqual([digest])
  })
})

it('10. Mount of a private blob, with a token for the target only → 202, content not readable; HEAD blob of another repository → 404', async () => {
  const { app, published, draft, secret } = await prepared()
  const publisher = await app.user('bob', 'publisher', 'other')
  await app.bind({ kind: 'user', name: 'bob' }, 'reader', 'public')
  const mount = async (digest: string, from?: string) => {
    const query = from === undefined ? `mount=${digest}` : `mount=${digest}&from=${from}`
    return (await answer(publisher, `other/x/blobs/uploads/?${query}`, 'POST')).status
  }
  for (const [digest, from] of [
    [secret.artifact.layerDigest, PRIVATE],
    [secret.artifact.layerDigest, undefined],
    [secret.artifact.layerDigest, PUBLIC],
    [draft.artifact.layerDigest, PUBLIC],
  ] as const) {
    expect(await mount(digest, from)).toBe(202)
    expect((await answer(publisher, `other/x/blobs/${digest}`, 'HEAD')).status).toBe(404)
  }
  expect(await mount(published.artifact.layerDigest, PUBLIC)).toBe(201)
})

it('10. a client that pushes without the right to read drafts makes none public by the digest of its layer', async () => {
  const { app, admin, reader, published, draft } = await prepared()
  await app.user('bob', 'publisher', 'public')
  const pusher = app.bearer(await app.tokenOf('bob', { permissions: ['read', 'push'] }))
  const registry = new RegistryClient(pusher, PUBLIC)
  const { layerDigest } = draft.artifact
  const config = 'a config of the client'
  await registry.pushBlobs(config)
  const withLayer = (digest: string, more: object = {}) => {
    const bytes = JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'text/plain', digest: digestOf(Buffer.from(config)), size: config.length },
      layers: [{ mediaType: 'text/plain', digest, size: 1000, ...more }],
    })
    return { bytes, digest: digestOf(Buffer.from(bytes)), blobs: [] }
  }
  const layer = (client: Client) => answer(client, `${PUBLIC}/blobs/${layerDigest}`)
  const put = async (digest: string) => {
    const headers = { 'Content-Type': 'application/vnd.oci.image.manifest.v1+json' }
    const body = withLayer(digest).bytes
    const response = await pusher.send(`/v2/${PUBLIC}/manifests/mine`, { method: 'PUT', body, headers })
    return { status: response.status, text: (await response.text()).replaceAll(digest, '…') }
  }
  const refused = await put(layerDigest)
  expect(refused).toMatchObject({ status: 404, text: expect.stringContaining('MANIFEST_BLOB_UNKNOWN') })
  expect(await put(NOWHERE)).toEqual(refused)
  // A layer that may be elsewhere needs not be here, and is not shown if it is.
  expect(
    await registry.putManifest('foreign', withLayer(layerDigest, { urls: ['https://example.com'] })),
  ).toBe(201)
  expect((await layer(reader)).status).toBe(404)

  // A published layer, and what the client sends itself, can be used.
  expect(await registry.putManifest('copy', withLayer(published.artifact.layerDigest))).toBe(201)
  const sent = await registry.pushBlob('of the client')
  expect(await registry.putManifest('own', withLayer(sent))).toBe(201)
  const response = await admin.send(`/v2/${PUBLIC}/blobs/${layerDigest}`)
  const known = new Uint8Array(await response.arrayBuffer())
  const upload = `/v2/${PUBLIC}/blobs/uploads/?digest=${layerDigest}`
  expect((await pusher.send(upload, { method: 'POST', body: known })).status).toBe(201)
  expect(await put(layerDigest)).toMatchObject({ status: 201 })
})
