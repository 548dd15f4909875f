/** A package of a public repository that was cloned from a private one. */
import { expect, it } from 'vitest'
import { protectedApp } from '../support/protected-app.ts'

const KPTFILE = 'apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: app\n'
const filesWith = (password: string) => ({
  resources: {
    Kptfile: KPTFILE,
    'config.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app\ndata:\n  password: ${password}\n`,
  },
})

/** `author`: of the public repository, in which a package without an upstream has every value changed. */
async function prepared() {
  const app = await protectedApp()
  const admin = await app.user('ann', 'admin')
  for (const name of ['private', 'public']) await admin.createRepository(name)
  await admin.publish('v1', filesWith('hunter2'), { repository: 'private', package: 'app' })
  const clone = { clone: { upstream: 'private.app.v1' } }
  const { name } = await admin.createDraft('v1', clone, { repository: 'public', package: 'app' })
  const { resources } = filesWith('replaced')
  const changed = { resources: { 'config.yaml': resources['config.yaml'] } }
  await admin.ok('PATCH', `/packagerevisions/${name}/resources`, changed, { 'If-Match': '*' })
  await admin.verb(name, 'propose')
  await admin.verb(name, 'approve')
  await admin.publish('v1', filesWith('other'), { repository: 'public', package: 'bait' })
  const author = await app.user('eve', 'author', 'public')
  const reader = await app.user('bob', 'reader', 'public')
  return { admin, author, reader, name }
}

it('11. Confused deputy: no upgrade to another package shows the values of a hidden upstream', async () => {
  const { author, name } = await prepared()
  const to = 'public.bait.v1'
  const preview = await author.call('POST', `/packagerevisions/${name}/upgrade-preview`, { to })
  expect(preview).toMatchObject({ status: 404 })
  expect(preview.text).not.toContain('hunter2')
  const draft = { repository: 'public', package: 'app', workspace: 'v2', source: { upgrade: { to } } }
  expect(await author.call('POST', '/packagerevisions', draft)).toMatchObject({ status: 404 })
})

it('lists conflicts, which have values of the upstream, for those who may read drafts', async () => {
  const { admin, author, reader } = await prepared()
  await admin.publish('v2', filesWith('hunter3'), { repository: 'private', package: 'app' })
  const more = { repository: 'public', package: 'app' }
  const { name } = await admin.createDraft('v2', { upgrade: {} }, more)
  const conflicts = `/packagerevisions/${name}/conflicts`
  await admin.ok('POST', `${conflicts}/1/resolve`, { choose: 'local' })
  await admin.verb(name, 'propose')
  await admin.verb(name, 'approve')

  await reader.get(name)
  const hidden = await reader.call('GET', conflicts)
  expect(hidden).toMatchObject({ status: 404 })
  expect(hidden.text).not.toMatch(/hunter/)
  expect((await author.ok('GET', conflicts)).items).toHaveLength(1)
})

it('13. Webhook of a deleted repository tells nothing of a later one of its name', async () => {
  const { admin } = await prepared()
  await admin.createRepository('temporary')
  await admin.ok('POST', '/webhooks', {
    name: 'old-team',
    url: 'https://198.51.100.7/',
    secret: 'x'.repeat(32),
    events: ['published'],
    filter: { repository: 'temporary' },
  })
  await admin.call('DELETE', '/repositories/temporary', undefined, { 'If-Match': '*' })
  expect((await admin.ok('GET', '/webhooks/old-team')).enabled).toBe(false)
  const { items } = await admin.ok('GET', '/audit?type=webhook.disabled')
  expect(items).toMatchObject([
    { target: { name: 'old-team' }, reason: 'the repository temporary was deleted' },
  ])

  await admin.createRepository('temporary')
  await admin.publish('v1', filesWith('new'), { repository: 'temporary', package: 'app' })
  expect((await admin.ok('GET', '/webhooks/old-team/deliveries')).items).toEqual([])
})
