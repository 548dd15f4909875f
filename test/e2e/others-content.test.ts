/** What a caller reads is the same whether others have content that it may not read, or none. */
import { expect, it } from 'vitest'
import type { Client, Json } from '../support/client.ts'
import { protectedApp } from '../support/protected-app.ts'

const DEPLOYMENT = (name: string, image: string) =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: ${name}\nspec:\n  template:\n    spec:\n      containers:\n        - name: c\n          image: ${image}\n`
const web = { resources: { 'app.yaml': DEPLOYMENT('web', 'nginx:1.27') } }
const newer = { resources: { 'app.yaml': DEPLOYMENT('web', 'nginx:1.28') } }
const secret = { resources: { 'secret.yaml': DEPLOYMENT('secret', 'registry.corp/secret:9') } }

const LABELS = { labels: { team: 'web' } }

/** Creates what the caller may read; with `others`, also content before, between, and after it that it may not. */
async function prepare({ others }: { others: boolean }): Promise<Client & { all: Client }> {
  const app = await protectedApp()
  app.parts.ctx.now = () => new Date('2026-11-20T10:00:00.000Z')
  const admin = await app.user('ann', 'admin')
  const hidden = (work: () => Promise<unknown>) => (others ? work() : undefined)
  const mid = { repository: 'mid', package: 'web' }
  const mine = { repository: 'mid', package: 'clones/web' }
  const names = ['aaa', 'mid-private', 'zzz']

  await hidden(async () => {
    for (const name of names) {
      await admin.createRepository(name)
      await admin.publish('v1', secret, { repository: name, package: 'web', ...LABELS })
      await admin.createDraft('v2', web, { repository: name, package: 'web', ...LABELS })
    }
  })
  await admin.createRepository('mid')
  await admin.publish('v1', web, { ...mid, ...LABELS })
  await hidden(() => admin.createDraft('draft', secret, { ...mid, ...LABELS }))
  await hidden(() => admin.createDraft('draft', secret, { repository: 'mid', package: 'drafts-only' }))
  await admin.publish('v1', { clone: { upstream: 'mid.web.v1' } }, mine)
  await hidden(async () => {
    for (const repository of names)
      await admin.publish('clone', { clone: { upstream: 'mid.web.v1' } }, { repository, package: 'clone' })
    const filter = { repository: 'mid' }
    const hook = { name: 'hook', url: 'http://receiver.invalid/', secret: 'a-long-and-secret-text', filter }
    await admin.ok('POST', '/webhooks', hook)
    await admin.ok('POST', '/serviceaccounts', { name: 'bot' })
  })
  await admin.publish('v2', newer, { ...mid, ...LABELS })
  await hidden(() => admin.createDraft('upgrade', { upgrade: {} }, mine))
  return Object.assign(await app.user('eve', 'reader', 'mid'), { all: admin })
}

/** All pages of a list, one after the other. */
async function pagesOf(client: Client, path: string): Promise<unknown[]> {
  const pages: unknown[] = []
  let more = ''
  do {
    const { status, body, headers } = await client.call('GET', `${path}${more}`)
    pages.push({ status, body: withoutMarks(body), headers: [...headers.keys()] })
    more = body.continue ? `&continue=${encodeURIComponent(body.continue)}` : ''
  } while (more !== '')
  return pages
}

/** Positions in the log of changes, and ids, differ between any two servers. */
function withoutMarks(body: Json): Json {
  return JSON.parse(
    JSON.stringify(body, (key, value) =>
      ['resourceVersion', 'continue', 'etag', 'id', 'via'].includes(key) && value !== undefined
        ? typeof value
        : value,
    ),
  )
}

const LISTS = [
  '',
  'sort=updatedAt',
  'sort=-updatedAt',
  'sort=publishedAt',
  'sort=-publishedAt',
  'q=web',
  'q=secret',
  'lifecycle=Draft',
  'lifecycle=Published',
  'outdated=true',
  'outdated=false',
  'labelSelector=team%3Dweb',
  'repository=mid',
  'repository=aaa',
  'repository=absent',
  'package=web',
].map((query) => `/packagerevisions?limit=1&${query}`)

const NAMES = ['mid.web.v1', 'mid.clones.web.v1', 'mid.web.draft', 'aaa.web.v1']
const PARTS = ['?', '/resources?', '/downstreams?', '/diff?against=mid.web.v2', '/conflicts?']
const PACKAGES = ['mid/web', 'mid/clones/web', 'mid/drafts-only', 'aaa/web']

const PATHS = [
  ...LISTS,
  '/repositories?limit=1',
  '/packages?limit=1',
  '/packages?limit=1&q=secret',
  '/packages?limit=1&repository=aaa',
  '/objects?limit=1',
  '/objects?limit=1&kind=Deployment',
  '/objects?limit=1&name=secret',
  '/images?limit=1&image=nginx',
  '/images?limit=1&image=registry.corp/secret:9',
  '/jobs?limit=1',
  '/webhooks?limit=1',
  '/serviceaccounts?limit=1',
  '/bindings?limit=1',
  '/tokens?limit=1',
  '/whoami?',
  ...NAMES.flatMap((name) => PARTS.map((part) => `/packagerevisions/${name}${part}`)),
  ...PACKAGES.map((path) => `/packages/${path}/graph?`),
  ...['mid', 'aaa', 'absent'].map((name) => `/repositories/${name}?`),
]

it('3. 14. 15. hidden content changes nothing that another caller reads, in no page, count, link or error', async () => {
  const [full, sparse] = [await prepare({ others: true }), await prepare({ others: false })]
  let read = 0
  for (const path of PATHS) {
    const answers = await Promise.all([full, sparse].map((client) => pagesOf(client, path)))
    expect(answers[0], path).toEqual(answers[1])
    if (JSON.stringify(answers[0]).includes('mid')) read++
  }
  expect(read).toBeGreaterThan(25)
  // An admin sees it, so that there is something to hide.
  expect(JSON.stringify(await pagesOf(full.all, '/packagerevisions?'))).toContain('aaa.web.v1')
})

it('6. 7. hidden content changes no answer of the registry to another caller', async () => {
  const [full, sparse] = [await prepare({ others: true }), await prepare({ others: false })]
  const { digest } = (await full.all.get('mid.web.v1')).artifact
  const paths = [
    ...['_catalog', '_catalog?n=1', '_catalog?n=1&last=aaa/web', '_catalog?n=1&last=mid/web'],
    ...['web', 'clones/web', 'drafts-only'].flatMap((name) => [
      ...[`mid/${name}/tags/list`, `mid/${name}/tags/list?n=1`, `mid/${name}/tags/list?n=1&last=draft`],
      ...[
        `mid/${name}/manifests/draft-draft`,
        `mid/${name}/manifests/latest`,
        `mid/${name}/manifests/_package`,
      ],
      `mid/${name}/referrers/${digest}`,
    ]),
    ...['tags/list', 'manifests/v1', `referrers/${digest}`].map((part) => `aaa/web/${part}`),
  ]
  for (const path of paths) {
    const [there, gone] = await Promise.all(
      [full, sparse].map(async (client) => {
        const { status, headers, text } = await answerOf(client, path)
        return { status, text, link: headers.get('Link'), digest: headers.get('Docker-Content-Digest') }
      }),
    )
    expect(there, path).toEqual(gone)
  }
})

async function answerOf(
  client: Client,
  path: string,
): Promise<{ status: number; headers: Headers; text: string }> {
  const response = await client.send(`/v2/${path}`)
  return { status: response.status, headers: response.headers, text: await response.text() }
}
