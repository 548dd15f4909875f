/** Tokens that may change a repository, but not read all of it. */
import { expect, it } from 'vitest'
import { digestOf } from '../../../src/oci/digest.ts'
import { MEDIA_TYPE } from '../../../src/oci/media-types.ts'
import { protectedApp } from '../../support/protected-app.ts'

const NAME = 'team/nf/upf'

async function prepared() {
  const app = await protectedApp()
  const admin = await app.user('ann', 'admin')
  await admin.createRepository('team')
  const published = await admin.publish('ws1', { init: {} }, { repository: 'team' })
  const draft = await admin.createDraft('ws2', { init: {} }, { repository: 'team' })
  const maintainer = await app.user('bob', 'maintainer', 'team')
  const limitedTo = async (...permissions: ('push' | 'attach' | 'delete')[]) =>
    app.bearer(await app.tokenOf('bob', { permissions }))
  return { admin, maintainer, limitedTo, published, draft }
}

const INDEX = JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests: [] })
const headers = { 'Content-Type': MEDIA_TYPE.index, 'If-Match': `"sha256:${'0'.repeat(64)}"` }

it('tells no digest of a draft to a client that sends a wrong one with a change', async () => {
  const { limitedTo, draft, admin } = await prepared()
  const path = `/v2/${NAME}/manifests/draft-ws2`
  const signature = `/v2/${NAME}/manifests/${draft.artifact.digest.replace(':', '-')}.sig`
  expect(
    (
      await admin.send(signature, {
        method: 'PUT',
        headers: { 'Content-Type': MEDIA_TYPE.index },
        body: INDEX,
      })
    ).status,
  ).toBe(201)

  const put = await (await limitedTo('push')).send(path, { method: 'PUT', headers, body: INDEX })
  expect([put.status, await put.text()]).toEqual([409, expect.not.stringContaining(draft.artifact.digest)])
  const removed = await (await limitedTo('delete')).send(path, { method: 'DELETE', headers })
  expect([removed.status, await removed.text()]).toEqual([
    409,
    expect.not.stringContaining(draft.artifact.digest),
  ])
  const about = await (await limitedTo('attach')).send(signature, { method: 'PUT', headers, body: INDEX })
  expect([about.status, await about.text()]).toEqual([
    412,
    expect.not.stringContaining(digestOf(Buffer.from(INDEX))),
  ])
})

it('records no refusal where a client may attach, and does', async () => {
  const { admin, limitedTo, published } = await prepared()
  const body = JSON.stringify({
    ...JSON.parse(INDEX),
    artifactType: 'application/x.note',
    subject: { mediaType: MEDIA_TYPE.manifest, digest: published.artifact.digest, size: 1 },
  })
  const client = await limitedTo('attach')
  const push = (reference: string, text: string) =>
    client.send(`/v2/${NAME}/manifests/${reference}`, {
      method: 'PUT',
      headers: { 'Content-Type': MEDIA_TYPE.index },
      body: text,
    })
  expect((await push(digestOf(Buffer.from(body)), body)).status).toBe(201)
  expect((await admin.ok('GET', '/audit?type=access.denied')).items).toEqual([])
  expect((await push('other', INDEX)).status).toBe(403)
  expect((await admin.ok('GET', '/audit?type=access.denied')).items).toMatchObject([
    { details: { missing: 'push' } },
  ])
})
