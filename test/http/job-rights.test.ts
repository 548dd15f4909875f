/** The rights of jobs. The titles with numbers are the security tests that every version must pass. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Components } from '../../src/server/components.ts'
import { SYSTEM } from '../../src/service/access/actor.ts'
import { deleteBinding } from '../../src/service/accounts/delete-binding.ts'
import { listBindings } from '../../src/service/accounts/list-bindings.ts'
import { revokeToken } from '../../src/service/accounts/revoke-token.ts'
import { updateUser } from '../../src/service/accounts/update-user.ts'
import { getJob } from '../../src/service/jobs/jobs.ts'
import { callerOf, folderApp } from '../support/app.ts'
import { Client, type Json } from '../support/client.ts'
import { ended, itemsOf } from '../support/jobs.ts'
import { type ProtectedApp, protectedApp } from '../support/protected-app.ts'
import { temporaryFolder } from '../support/temporary.ts'

const UPSTREAM = 'blueprints.nf.upf.v1'
const PATHS = ['a', 'b', 'c', 'd', 'e']

/** Makes clones wait until they may go on. Returns how many have begun, and what lets them go on. */
function holdClones(parts: Components) {
  const { clone } = parts.ctx
  const go = Promise.withResolvers<void>()
  const held = { begun: 0, go: go.resolve }
  parts.ctx.clone = async (...args) => {
    held.begun++
    await go.promise
    return clone(...args)
  }
  return held
}

async function jobsOf(client: Client, repository = 'prod', paths = PATHS): Promise<Json> {
  const targets = paths.map((path) => ({ repository, package: path }))
  const { status, text, body } = await client.call('POST', '/clones', { upstream: UPSTREAM, targets })
  expect(status, text).toBe(202)
  return body
}

/** An author with a job that has not begun, as others are before it. */
async function queued() {
  const app = await protectedApp()
  const admin = await app.user('ann', 'admin')
  for (const name of ['blueprints', 'prod', 'busy']) await admin.createRepository(name)
  await admin.publish('v1', { init: {} })
  const held = holdClones(app.parts)
  await jobsOf(admin, 'busy', ['x', 'y', 'z'])
  await expect.poll(() => held.begun).toBe(3)
  const author = await app.user('eve', 'author', 'prod')
  await app.bind({ kind: 'user', name: 'eve' }, 'reader', 'blueprints')
  const job = await jobsOf(author)
  return { app, admin, author, job, held }
}

async function idsOfBindings({ parts, access }: ProtectedApp, role: string): Promise<string[]> {
  const { items } = await listBindings(parts.ctx, access, SYSTEM, { limit: 100 })
  return items.filter((binding) => binding.role === role).map(({ id }) => id)
}

const tokensOf = async ({ access }: ProtectedApp, name: string) =>
  access.ctx.db
    .selectFrom('tokens')
    .innerJoin('principals', 'principals.id', 'tokens.principal_id')
    .select('tokens.id')
    .where('principals.name', '=', name)
    .execute()

const CHANGES: [string, string, RegExp, (app: ProtectedApp, admin: Client) => Promise<unknown>][] = [
  [
    'the right to create drafts is gone',
    'forbidden',
    /^this needs the permission draft for prod\/a, which the token of eve/,
    async (app) => {
      for (const id of await idsOfBindings(app, 'author')) await deleteBinding(app.access, SYSTEM, id)
    },
  ],
  [
    'the right to read the upstream is gone',
    'not_found',
    /^there is no blueprints\.nf\.upf\.v1, or eve may not read it/,
    async (app) => {
      for (const id of await idsOfBindings(app, 'reader')) await deleteBinding(app.access, SYSTEM, id)
    },
  ],
  [
    'the token was revoked',
    'forbidden',
    /token or account of eve that started it is no longer valid/,
    async (app) => {
      for (const { id } of await tokensOf(app, 'eve')) await revokeToken(app.access, SYSTEM, id, null)
    },
  ],
  [
    'the token has expired',
    'forbidden',
    /is no longer valid/,
    async ({ parts, bearer, tokenOf }) => {
      parts.ctx.now = () => new Date(Date.now() + 400 * 24 * 3600_000)
      return bearer(await tokenOf('ann'))
    },
  ],
  [
    'the account was disabled',
    'forbidden',
    /is no longer valid/,
    async ({ access }) => void (await updateUser(access, SYSTEM, 'eve', { disabled: true }, undefined)),
  ],
]

describe('11. confused deputy: a queued job', () => {
  it.each(CHANGES)('creates nothing where %s before it runs', async (_, code, message, change) => {
    const { app, admin, job, held } = await queued()
    const now = ((await change(app, admin)) as Client | undefined) ?? admin
    held.go()
    expect((await ended(now, job.id)).counts).toMatchObject({ succeeded: 0, failed: 5 })
    const items = await itemsOf(now, job.id)
    for (const { error, revision } of items) {
      expect(revision).toBeNull()
      expect(error.code).toBe(code)
    }
    expect(items[0].error.message).toMatch(message)
    const { items: drafts } = await now.ok('GET', '/packagerevisions?repository=prod')
    expect(drafts).toEqual([])
    for (const path of PATHS) expect(await now.tags(`prod/${path}`)).toEqual([])
    const denials = await now.ok('GET', '/audit?type=access.denied')
    expect(denials.items[0]).toMatchObject({ code, via: { job: job.id }, actor: { name: 'eve' } })
  })

  it('runs with the rights and the name of the caller who started it', async () => {
    const { app, admin, author, job, held } = await queued()
    held.go()
    expect((await ended(author, job.id)).counts).toMatchObject({ succeeded: 5 })
    expect(await author.get('prod.a.main')).toMatchObject({ createdBy: 'eve' })
    const [record] = (await admin.ok('GET', '/audit?type=revision.created&repository=prod')).items
    const [token] = await tokensOf(app, 'eve')
    expect(record).toMatchObject({
      actor: { name: 'eve', kind: 'user' },
      via: { kind: 'job', tokenId: token?.id, job: job.id },
    })
    const { text } = await author.call('GET', `/jobs/${job.id}`)
    expect(text).not.toContain(token?.id)
  })

  it('keeps within the limits of the token that started it', async () => {
    const { app, admin, held } = await queued()
    await app.bind({ kind: 'user', name: 'eve' }, 'author', 'busy')
    const narrow = app.bearer(await app.tokenOf('eve', { repositories: ['prod', 'blueprints'] }))
    const targets = [{ repository: 'busy', package: 'n' }]
    expect((await narrow.call('POST', '/clones', { upstream: UPSTREAM, targets })).status).toBe(403)
    const { id } = await jobsOf(narrow, 'prod', ['n'])
    // The owner has more rights, but the job has those of the token.
    await app.parts.ctx.commits.run((transaction) =>
      transaction
        .updateTable('job_items')
        .set({ repository: 'busy' })
        .where('job_id', '=', Number(id))
        .execute(),
    )
    held.go()
    expect((await ended(admin, id)).counts).toMatchObject({ succeeded: 0, failed: 1 })
  })

  it('of an earlier version, which has only a name, creates nothing', async () => {
    const { app, admin, job, held } = await queued()
    await app.parts.ctx.commits.run((transaction) =>
      transaction.updateTable('jobs').set({ credentials: null }).where('id', '=', Number(job.id)).execute(),
    )
    // The job is in memory already, so it is the next process that reads it.
    app.parts.jobs.drop(job.id)
    held.go()
    await app.parts.jobs.resume()
    expect((await ended(admin, job.id)).counts).toMatchObject({ succeeded: 0, failed: 5 })
  })

  it('of the time before rights were required has those of an anonymous caller', async () => {
    const app = await protectedApp('open-at-first')
    for (const name of ['blueprints', 'prod', 'busy']) await app.anonymous.createRepository(name)
    await app.anonymous.publish('v1', { init: {} })
    const held = holdClones(app.parts)
    await jobsOf(app.anonymous, 'busy', ['x', 'y', 'z'])
    await expect.poll(() => held.begun).toBe(3)
    const { id } = await jobsOf(app.anonymous)
    const admin = await app.user('ann', 'admin')
    held.go()
    expect((await ended(admin, id)).counts).toMatchObject({ succeeded: 0, failed: 5 })
  })
})

describe('11. confused deputy: a job of an admin without an account', () => {
  const REQUIRED = { PKGSERVER_AUTH: 'required' }
  const as = ({ client }: { client: Client }, text: string) =>
    new Client((path, init = {}) =>
      client.send(path, { ...init, headers: { ...init.headers, Authorization: `Bearer ${text}` } }),
    )

  /** A job that only the next process can run. */
  async function left(settings: Record<string, string>, tokenFile: (data: string) => string) {
    const app = await folderApp(undefined, settings)
    const admin = as(app, (await readFile(tokenFile(app.data), 'utf8')).trim())
    for (const name of ['blueprints', 'prod']) await admin.createRepository(name)
    await admin.publish('v1', { init: {} })
    await app.parts.jobs.stop()
    const { id } = await jobsOf(admin)
    return { app, id }
  }

  async function outcome(data: string, settings: Record<string, string>, id: string): Promise<Json> {
    const { parts } = await folderApp(data, settings)
    const caller = await callerOf({ parts }, SYSTEM)
    for (;;) {
      const { state, counts } = await getJob(parts.ctx, caller, id)
      if (state !== 'Running') return counts
      await setTimeout(5)
    }
  }

  it.each([
    ['goes on after a restart', 'k', 'k', { succeeded: 5, failed: 0 }],
    ['ends when the settings have another token', 'k', 'n', { succeeded: 0, failed: 5 }],
  ])('%s', async (_, first, second, counts) => {
    const file = join(await temporaryFolder(), 'token')
    await writeFile(file, first.repeat(32))
    const settings = { ...REQUIRED, PKGSERVER_ADMIN_TOKEN_FILE: file }
    const { app, id } = await left(settings, () => file)
    await app.close()
    await writeFile(file, second.repeat(32))
    expect(await outcome(app.data, settings, id)).toMatchObject(counts)
  })

  it('goes on after a restart for the owner of the data folder, until the first admin ends that token', async () => {
    const file = (data: string) => join(data, 'bootstrap-token')
    const one = await left(REQUIRED, file)
    await one.app.close()
    expect(await outcome(one.app.data, REQUIRED, one.id)).toMatchObject({ succeeded: 5, failed: 0 })

    const two = await left(REQUIRED, file)
    await two.app.close()
    const groups = { ...REQUIRED, PKGSERVER_ADMIN_GROUPS: 'ops' }
    expect(await outcome(two.app.data, groups, two.id)).toMatchObject({ succeeded: 0, failed: 5 })
  })
})
