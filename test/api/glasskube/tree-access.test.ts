/** Rights to read parts of the tree. */
import { describe, expect, it } from 'vitest'
import { glasskubeRepository, publishVersion } from '../../support/glasskube.ts'
import { protectedApp } from '../../support/protected-app.ts'
import { get, latestVersions } from '../../support/read-tree.ts'

const OF_STORE = ['apps/store/versions.yaml', 'apps/store/v1.0.0/package.yaml']

/** `apps` has the packages `cache` and `store`. */
async function prepared() {
  const app = await protectedApp()
  const admin = await app.user('ann', 'admin')
  await glasskubeRepository(admin)
  for (const name of ['cache', 'store']) await publishVersion(admin, name, '1.0.0')
  return { ...app, admin }
}

const anonymous = { kind: 'anonymous' } as const

describe('the tree', () => {
  it('is for callers who may read it, with a token as bearer or as the password of any user', async () => {
    const { anonymous: client, user, tokenOf } = await prepared()
    await user('eve', 'reader', 'apps')
    const token = await tokenOf('eve')
    for (const path of ['apps/index.yaml', ...OF_STORE]) {
      const refused = await get(client, path)
      expect(refused.status, path).toBe(401)
      expect(refused.headers.get('WWW-Authenticate')).toBe('Basic realm="pkgserver"')
      expect(refused.headers.get('Cache-Control')).toBe('no-store')
      const password = Buffer.from(`anything:${token}`).toString('base64')
      for (const Authorization of [`Bearer ${token}`, `Basic ${password}`]) {
        const answer = await get(client, path, { Authorization })
        expect([answer.status, answer.headers.get('Cache-Control')], path).toEqual([
          200,
          path.endsWith('package.yaml') ? 'private, max-age=300' : 'private, no-cache',
        ])
      }
      expect((await get(client, path, { Authorization: 'Bearer wrong' })).status).toBe(401)
    }
  })

  it('is open to anonymous callers where they are readers, and only there', async () => {
    const { anonymous: client, bind } = await prepared()
    await bind(anonymous, 'reader', 'apps/store/**')
    expect(await latestVersions(client)).toEqual({ store: 'v1.0.0' })
    const index = await get(client, 'apps/index.yaml')
    expect(index.headers.get('Cache-Control')).toBe('public, no-cache')
    for (const path of OF_STORE) {
      expect((await get(client, path)).status).toBe(200)
      expect((await get(client, path.replace('store', 'cache'))).status).toBe(401)
      expect((await get(client, path.replace('store', 'none'))).status).toBe(401)
    }
    const file = await get(client, 'apps/store/v1.0.0/package.yaml')
    expect(file.headers.get('Cache-Control')).toBe('public, max-age=300')
  })

  it('lists for each caller the packages that this one may read', async () => {
    const { admin, user, bind } = await prepared()
    const eve = await user('eve', 'reader', 'apps/store/**')
    const bob = await user('bob', 'reader', 'apps/none/**')
    const tags = [admin, eve, bob, admin, eve].map(async (client) => {
      return (await get(client, 'apps/index.yaml')).headers.get('ETag')
    })
    expect(new Set(await Promise.all(tags)).size).toBe(3)
    expect(await latestVersions(admin)).toEqual({ cache: 'v1.0.0', store: 'v1.0.0' })
    expect(await latestVersions(eve)).toEqual({ store: 'v1.0.0' })
    expect(await latestVersions(bob)).toEqual({})
    await bind({ kind: 'user', name: 'eve' }, 'reader', 'apps/cache/**')
    expect(await latestVersions(eve)).toEqual({ cache: 'v1.0.0', store: 'v1.0.0' })
  })

  it('has nothing for a caller without rights, as if it were not there', async () => {
    const { user } = await prepared()
    const eve = await user('eve', 'reader', 'elsewhere')
    for (const path of ['apps/index.yaml', ...OF_STORE]) {
      const hidden = await get(eve, path)
      const missing = await get(eve, path.replace('apps', 'none'))
      expect([hidden.status, missing.status], path).toEqual([404, 404])
      expect((await hidden.text()).replaceAll('apps', 'none'), path).toBe(await missing.text())
      const headersOf = ({ headers }: Response) =>
        [...headers].filter(([name]) => !['x-request-id', 'content-length'].includes(name))
      expect(headersOf(hidden)).toEqual(headersOf(missing))
    }
  })

  it('refuses what a caller may not read with a record in the audit log', async () => {
    const { admin, user } = await prepared()
    const eve = await user('eve', 'reader', 'apps/store/**')
    await get(eve, 'apps/cache/versions.yaml')
    const { items } = await admin.ok('GET', '/audit?type=access.denied')
    expect(items).toMatchObject([
      {
        actor: { name: 'eve' },
        code: 'not_found',
        request: { route: '/glasskube/:repository/:package/versions.yaml' },
        target: { repository: 'apps', package: 'cache' },
        details: { missing: 'read' },
      },
    ])
  })

  it('shows no draft to its author', async () => {
    const { user } = await prepared()
    const author = await user('eve', 'author', 'apps')
    const draft = { repository: 'apps', package: 'store', workspace: 'v2', version: '2.0.0' }
    await author.ok('POST', '/packagerevisions', { ...draft, source: { init: {} } })
    expect((await get(author, 'apps/store/v2.0.0/package.yaml')).status).toBe(404)
    expect(await latestVersions(author)).toMatchObject({ store: 'v1.0.0' })
  })
})
