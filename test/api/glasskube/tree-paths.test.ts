/** Paths as no well-behaved client sends them, on a socket, as libraries would tidy them. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { glasskubeRepository, publishVersion } from '../../support/glasskube.ts'
import { serving } from '../../support/listening.ts'
import { protectedApp } from '../../support/protected-app.ts'

const MARK = 'only-in-the-hidden-package'

/** Sends a request line as it is. */
async function raw(url: URL, path: string, token: string): Promise<{ status: number; body: string }> {
  const socket = connect(Number(url.port), url.hostname)
  await once(socket, 'connect')
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: ${url.host}\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`,
    'latin1',
  )
  const answer = await text(socket)
  return { status: Number(answer.split(' ')[1]), body: answer.slice(answer.indexOf('\r\n\r\n') + 4) }
}

it('no spelling of a path leads out of a version, or to what the caller may not read', async () => {
  const app = await protectedApp()
  const admin = await app.user('ann', 'admin')
  await glasskubeRepository(admin)
  await glasskubeRepository(admin, 'private')
  const files = { 'mark.txt': MARK, 'deep/mark.txt': MARK }
  await publishVersion(admin, 'store', '1.0.0', { files: { 'open.txt': 'open', 'deep/open.txt': 'open' } })
  await publishVersion(admin, 'secret', '1.0.0', { files })
  await publishVersion(admin, 'store', '1.0.0', { files, repository: 'private' })
  await app.user('eve', 'reader', 'apps/store/**')
  const token = await app.tokenOf('eve')
  const url = await serving(app.hono)

  const own = '/glasskube/apps/store/v1.0.0'
  for (const path of [
    `${own}/open.txt`,
    `${own}/%6fpen.txt`,
    `${own}/deep/open.txt`,
    `${own}/deep%2Fopen.txt`,
    `${own}/open.txt?x=../../secret`,
    '/glasskube/%61pps/store/1.0.0/open.txt',
  ])
    expect(await raw(url, path, token), path).toMatchObject({ status: 200, body: 'open' })

  const hidden = ['/apps/secret/v1.0.0/mark.txt', '/private/store/v1.0.0/mark.txt', '/private/index.yaml']
  const climbs = [
    '../',
    '..%2F',
    '%2e%2e/',
    '%2e%2e%2F',
    '%252e%252e%252F',
    '..\\',
    '..%5C',
    '.%00./',
    '....//',
  ]
  const tricks = [
    ...hidden.map((path) => `/glasskube${path}`),
    ...hidden.flatMap((path) =>
      climbs.flatMap((climb) =>
        [1, 2, 3, 4, 5].map((times) => `${own}/${climb.repeat(times)}${path.slice(1)}`),
      ),
    ),
    ...climbs.map((climb) => `/glasskube/apps/store/${climb}secret/v1.0.0/mark.txt`),
    ...climbs.map((climb) => `/glasskube/apps/store/v1.0.0${climb}/secret/v1.0.0/mark.txt`),
    ...climbs.map((climb) => `${own}/${climb.repeat(8)}etc/passwd`),
    `${own}/open.txt%00`,
    `${own}/%00`,
    `${own}/open.txt/`,
    `${own}/open.txt/.`,
    `${own}//open.txt`,
    `${own}/deep//open.txt`,
    `${own}/OPEN.TXT`,
    `${own}/open.txt;x`,
    `${own}/open%252Etxt`,
    `${own}/%c0%ae%c0%ae/open.txt`,
    `${own}/%`,
    `${own}/%zz`,
    `${own}/%uFF0E`,
    `${own}/\xe9`,
    `${own}/constructor`,
    `${own}/__proto__`,
    '/glasskube/apps/__proto__/versions.yaml',
    '/glasskube/__proto__/index.yaml',
    '/glasskube/apps%2Fsecret/index.yaml',
    '/glasskube/apps/store%2F..%2Fsecret/versions.yaml',
    '/glasskube/APPS/store/versions.yaml',
    '/glasskube/apps/Store/versions.yaml',
    '/GLASSKUBE/apps/store/versions.yaml',
    '/glasskube/apps/store/v1.0.0%2Fopen.txt',
    `${own}/${'a'.repeat(3000)}`,
    `${own}/${'a/'.repeat(1500)}`,
  ]
  for (const path of tricks) {
    const { status, body } = await raw(url, path, token)
    expect([400, 404], path).toContain(status)
    expect(body, path).not.toContain(MARK)
    expect(body.length, path).toBeLessThan(8000)
  }
  expect((await raw(url, `${own}/${'a'.repeat(5000)}`, token)).status).toBe(414)
  // They exist, so nothing was refused for another reason.
  const admins = await app.tokenOf('ann')
  for (const path of hidden) expect((await raw(url, `/glasskube${path}`, admins)).status, path).toBe(200)
})
