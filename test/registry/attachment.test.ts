import { expect, it } from 'vitest'
import { isAttachment } from '../../src/registry/attachment.ts'
import { protectedApp } from '../support/protected-app.ts'

const HEX = 'a'.repeat(64)
const EMPTY = 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'

function manifest(subject?: string): Buffer {
  const config = { mediaType: 'application/vnd.oci.empty.v1+json', digest: EMPTY, size: 2 }
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      artifactType: 'application/vnd.example.sbom',
      config,
      layers: [config],
      ...(subject && { subject: { mediaType: MANIFEST, digest: subject, size: 100 } }),
    }),
  )
}

const REFERS = manifest(`sha256:${HEX}`)

it.each<[string, Buffer, string[], boolean]>([
  ['a manifest with a subject', REFERS, [], true],
  ['one under the tag of its subject', REFERS, [`sha256-${HEX}`], true],
  ['a signature of cosign', manifest(), [`sha256-${HEX}.sig`], true],
  ['one with a tag of its own', REFERS, ['v1'], false],
  ['one that has a tag of its own as well', REFERS, [`sha256-${HEX}`, 'v1'], false],
  ['one without a subject', manifest(), [], false],
  ['what is no manifest', Buffer.from('{'), [], false],
  ['a tag that only begins like a digest', manifest(), [`sha256-${HEX}x`], false],
])('says whether a push only attaches something: %s', (_, bytes, tags, expected) => {
  expect(isAttachment(bytes, tags)).toBe(expected)
})

it('lets a caller with the permission attach push signatures, and nothing else', async () => {
  const app = await protectedApp()
  const admin = await app.user('ann', 'admin')
  await admin.createRepository()
  const { artifact } = await admin.publish('ws1')
  const signer = app.bearer(await app.tokenOf('ann', { permissions: ['read', 'attach'] }))
  const oci = '/v2/blueprints/nf/upf'
  const started = await signer.send(`${oci}/blobs/uploads/`, { method: 'POST' })
  expect(started.status).toBe(202)
  const upload = `${started.headers.get('Location')}?digest=${EMPTY}`
  expect((await signer.send(upload, { method: 'PUT', body: '{}' })).status).toBe(201)
  const put = async (reference: string, body: Buffer): Promise<number> => {
    const headers = { 'Content-Type': MANIFEST }
    return (await signer.send(`${oci}/manifests/${reference}`, { method: 'PUT', headers, body })).status
  }
  const digestTag = artifact.digest.replace(':', '-')
  expect(await put(`${digestTag}.sig`, manifest())).toBe(201)
  expect(await put(digestTag, manifest(artifact.digest))).toBe(201)
  expect(await put('extra', manifest())).toBe(403)
  expect(await put('extra', manifest(artifact.digest))).toBe(403)
})

it('mounts no blob of a repository that the caller may not read', async () => {
  const app = await protectedApp()
  const admin = await app.user('ann', 'admin')
  await admin.createRepository()
  const { artifact } = await admin.publish('ws1')
  const pusher = await app.user('eve', 'publisher', 'other')
  const mount = `/v2/other/x/blobs/uploads/?mount=${artifact.layerDigest}&from=`
  for (const from of ['blueprints/nf/upf', 'nowhere/a']) {
    expect((await pusher.send(mount + from, { method: 'POST' })).status).toBe(202)
  }
  expect((await pusher.send(`/v2/other/x/blobs/${artifact.layerDigest}`)).status).toBe(404)
  await app.bind({ kind: 'user', name: 'eve' }, 'reader', 'blueprints')
  expect((await pusher.send(`${mount}blueprints/nf/upf`, { method: 'POST' })).status).toBe(201)
})
