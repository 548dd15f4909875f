/** Paths that are written in other ways: policy and router must see the same object. */
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { serving } from '../support/listening.ts'
import { protectedApp } from '../support/protected-app.ts'

const MARK = 'only-in-the-secret-package'

it('5. path tricks: escapes, dots, slashes, letters and NUL lead to nothing that the caller may not read', async () => {
  const app = await protectedApp()
  const admin = await app.user('ann', 'admin')
  await admin.createRepository()
  await admin.createRepository('private')
  const files = { resources: { 'a/mark.txt': MARK } }
  const open = await admin.publish('ws1', { init: {} })
  const secret = await admin.publish('ws1', files, { package: 'secret/smf' })
  await admin.publish('ws1', files, { repository: 'private' })
  const tokens = {
    admin: await app.tokenOf('ann'),
    reader: await app.tokenOf('eve'),
  }
  await app.bind({ kind: 'user', name: 'eve' }, 'reader', 'blueprints/nf/**')
  const url = await serving(app.hono)
  const get = (path: string, who: keyof typeof tokens, method = 'GET') =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const headers = { Authorization: `Bearer ${tokens[who]}` }
      const sent = request({ hostname: url.hostname, port: url.port, path, method, headers })
      sent.once('error', reject)
      sent.once('response', (response) => {
        text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject)
      })
      sent.end()
    })

  const rest = '/api/v1/packagerevisions'
  const { digest, layerDigest } = secret.artifact
  const hidden = [
    `${rest}/${secret.name}`,
    `${rest}/${secret.name}/resources`,
    `${rest}/${secret.name}/resources/a/mark.txt`,
    `${rest}/private.nf.upf.ws1/resources`,
    '/v2/blueprints/secret/smf/manifests/v1',
    '/v2/blueprints/secret/smf/tags/list',
    `/v2/blueprints/secret/smf/blobs/${layerDigest}`,
    '/v2/private/nf/upf/manifests/latest',
  ]
  const tricks: ((path: string) => string)[] = [
    (path) => path,
    (path) => path.replaceAll('.', '%2e'),
    (path) => path.replaceAll('.', '%252E'),
    (path) => path.replaceAll('secret', '%73ecret').replaceAll('private', '%70rivate'),
    (path) => path.replaceAll('secret', '%2573ecret'),
    (path) => path.replace('secret/smf', 'secret%2Fsmf').replace('nf/upf', 'nf%2Fupf'),
    (path) => path.replace('secret/smf', 'secret%252Fsmf'),
    (path) => path.replace('secret/smf', 'nf/../secret/smf').replace('private/', 'blueprints/../private/'),
    (path) =>
      path.replace('secret/smf', 'nf/%2e%2e/secret/smf').replace('private/', 'blueprints/%2e%2e/private/'),
    (path) => path.replace('secret/smf', 'nf%2F..%2Fsecret%2Fsmf'),
    (path) => path.replace('secret/smf', 'nf/upf/../../secret/smf'),
    (path) => path.replaceAll('/', '//'),
    (path) => path.replace('/packagerevisions/', `/packagerevisions/${open.name}/../`),
    (path) => path.replace('/packagerevisions/', `/packagerevisions/${open.name}%2F..%2F`),
    (path) => `${path}/`,
    (path) => `${path}.`,
    (path) => `${path}%2e`,
    (path) => `${path}%00`,
    (path) => path.replace('secret', 'secret%00').replace('private', 'private%00'),
    (path) => path.replace('secret', 'SECRET').replace('private', 'PRIVATE'),
    (path) => path.replace('/api/v1', '/API/v1').replace('/v2', '/V2'),
    (path) => `${path};nf`,
    (path) => `${path}?repository=blueprints&package=nf%2Fupf`,
    (path) => `${path}%20`,
    (path) => `http://localhost${path}`,
    (path) => `/v2/..${path}`,
    (path) => path.replace('/v2/', '/v2/blueprints/nf/upf/../../../'),
    (path) => path.replace(/^/, '/auth/token/..'),
    (path) => path.replaceAll('s', '%uFF53'),
    (path) => path.replace('e', '%c0%65'),
  ]
  const found = new Set<string>()
  for (const path of hidden) {
    for (const trick of tricks) {
      const written = trick(path)
      if (written !== path || trick === tricks[0]) {
        const { status, body } = await get(written, 'reader')
        expect(status, written).toBeGreaterThanOrEqual(400)
        expect(status, written).toBeLessThan(500)
        expect(body, written).not.toMatch(new RegExp(`${MARK}|${digest}`))
        expect((await get(written, 'reader', 'HEAD')).status, written).toBe(status)
        if ((await get(written, 'admin')).status === 200) found.add(path)
      }
    }
  }
  // The plain paths exist, so nothing was refused for another reason.
  expect([...found]).toEqual(hidden)
  // What the caller may read is found by another spelling, too: both decode it.
  for (const path of [`${rest}/%62lueprints.nf.upf.ws1`, '/v2/blueprints%2Fnf/upf/manifests/v1']) {
    expect((await get(path, 'reader')).status, path).toBe((await get(path, 'admin')).status)
  }
})
