/** Verification finds each kind of damage, and repairs what it can. */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { allAnswers } from '../support/answers.ts'
import { folderApp, memoryApp, type TestApp } from '../support/app.ts'
import type { Client } from '../support/client.ts'
import { seedServer } from '../support/seed-server.ts'

const NAME = 'blueprints/nf/upf'

async function verify(client: Client, fix = false) {
  return client.ok('POST', '/verifications', { fix })
}

/** Damages a server, and checks that verification finds the problems and restores the previous state. */
async function damaged(
  app: TestApp,
  damage: () => Promise<unknown>,
  problems: RegExp[],
  { lost = false } = {},
): Promise<void> {
  const { client } = app
  const before = await allAnswers(client)
  await damage()
  const found = await verify(client)
  const texts: string[] = found.differences.map(({ problem }: { problem: string }) => problem)
  for (const problem of problems)
    expect(
      texts.some((text) => problem.test(text)),
      `${problem}: ${texts.join('\n')}`,
    ).toBe(true)
  expect(found.differences.every(({ fixed }: { fixed: boolean }) => !fixed)).toBe(true)
  const mended = await verify(client, true)
  const all = mended.differences.every(({ fixed }: { fixed: boolean }) => fixed)
  expect(all, JSON.stringify(mended.differences)).toBe(!lost)
  if (lost) return
  expect((await verify(client)).differences).toEqual([])
  expect(await allAnswers(client)).toEqual(before)
}

async function lively(): Promise<TestApp> {
  const app = await memoryApp()
  await seedServer(app.client)
  expect((await verify(app.client)).differences).toEqual([])
  return app
}

describe('verify', () => {
  it('finds revisions that search does not, as after an upgrade from an older version, and lets it find them', async () => {
    const app = await lively()
    const { commits } = app.parts.ctx
    const search = async () => {
      const found = ['/objects?kind=Kptfile&limit=1000', '/packagerevisions?q=upf&limit=1000'].map(
        async (path) => (await app.client.ok('GET', path)).items.map((item: unknown) => JSON.stringify(item)),
      )
      return (await Promise.all(found)).map((items: string[]) => items.sort())
    }
    const before = await search()
    expect(before.every((items) => items.length > 0)).toBe(true)
    const forget = () =>
      commits.run(async (transaction) => {
        await transaction.updateTable('package_revisions').set({ contents_id: null }).execute()
      })
    await damaged(app, forget, [/^search does not find the objects, images and words of blueprints\.nf\.upf/])
    const outdate = () =>
      commits.run(async (transaction) => {
        await sql`DELETE FROM content_objects`.execute(transaction)
        await transaction.updateTable('contents').set({ words: '', rules: 0 }).execute()
      })
    await damaged(app, outdate, [/^search does not find/])
    expect(await search()).toEqual(before)
  })

  it('finds tags that were moved, removed or added', async () => {
    const app = await lively()
    const target = app.parts.ctx.registry.repository(NAME)
    const [one, two] = [await target.resolve('v1'), await target.resolve('v2')]
    await damaged(app, () => target.tag(one, 'latest', 'v2.0.0'), [
      /^the tag latest points to/,
      /^the tag v2\.0\.0 points to/,
    ])
    await damaged(app, () => target.untag('v1'), [/^the tag v1 is missing/])
    await damaged(app, () => target.untag('draft-ws4'), [/^the tag draft-ws4 is missing/])
    await damaged(app, () => target.tag(two, 'v77', 'v1.2.3'), [
      /these tags belong to no revision: v1\.2\.3, v77/,
    ])
  })

  it('finds missing records', async () => {
    const app = await lively()
    const { registry } = app.parts.ctx
    await damaged(app, () => registry.repository(NAME).untag('deletion-proposed-v2'), [
      /deletion of blueprints.nf.upf.ws2 is not recorded/,
    ])
    await damaged(app, () => registry.repository(NAME).untag('_deletion-rejected-v3'), [
      /deletion of blueprints.nf.upf.ws3 is not recorded/,
    ])
    await damaged(app, () => registry.repository('blueprints/gone').untag('_package'), [
      /record of used numbers and workspaces is incomplete/,
    ])
    await damaged(app, () => registry.repository('edge/site-2').untag('_conflicts-w2'), [
      /^the conflicts of edge.site-2.w2 are not recorded/,
    ])
    await damaged(app, () => registry.repository('edge').untag('_repository'), [
      /^the record of the repository edge is missing/,
    ])
  })

  it('finds rows that were changed or lost', async () => {
    const app = await lively()
    const { db } = app.parts.ctx
    const run = (text: string) => () => sql.raw(text).execute(db)
    const ws1 = `WHERE name = 'blueprints.nf.upf.ws1'`
    for (const [change, problem] of [
      [
        `UPDATE package_revisions SET created_by = 'x', task = 'copy' ${ws1}`,
        /row of .*ws1 differs .*: task, createdBy/,
      ],
      [`UPDATE package_revisions SET lifecycle = 'Draft' ${ws1}`, /ws1 differs .* lifecycle/],
      [`UPDATE package_revisions SET digest = 'sha256:${'0'.repeat(64)}' ${ws1}`, /ws1 differs .* artifact/],
      [`UPDATE package_revisions SET latest = 1 ${ws1}`, /ws1 differs .* latest/],
      [`UPDATE package_revisions SET labels = '{}' ${ws1}`, /ws1 differs .* labels/],
      ['DELETE FROM package_revision_labels', /ws1 differs .* labels/],
      [`DELETE FROM package_revisions WHERE name = 'edge.site-2.w2'`, /no row for edge.site-2.w2/],
      ['DELETE FROM conflicts', /no conflicts of edge.site-2.w2/],
      ['DELETE FROM retired_workspaces', /has lost used numbers or workspaces/],
      ['UPDATE packages SET highest_revision = 0, versioned = NULL', /has lost used numbers or workspaces/],
    ] as const) {
      await damaged(app, run(change), [problem])
    }
  })

  it('finds a package and a repository that the index lacks', async () => {
    const app = await lively()
    const { db } = app.parts.ctx
    await damaged(app, async () => {
      const ids = sql`(SELECT id FROM packages WHERE repository = 'again')`
      await sql`DELETE FROM package_revisions WHERE repository = 'again'`.execute(db)
      await sql`DELETE FROM retired_workspaces WHERE package_id IN ${ids}`.execute(db)
      await sql`DELETE FROM packages WHERE repository = 'again'`.execute(db)
      await sql`DELETE FROM repositories WHERE name = 'again'`.execute(db)
    }, [/does not have the package/, /has no repository again/])
  })

  it('restores manifests and configs, and reports layers that are lost', async () => {
    const app = await lively()
    const { registry } = app.parts.ctx
    const target = registry.repository(NAME)
    for (const workspace of ['ws1', 'ws2', 'ws3', 'ws4']) {
      const { artifact } = await app.client.get(`blueprints.nf.upf.${workspace}`)
      const manifest = await target.resolve(artifact.digest)
      await damaged(app, () => target.delete(manifest), [
        new RegExp(`^the manifest ${artifact.digest} of .*${workspace} cannot be read`),
      ])
    }
    const { artifact } = await app.client.get('blueprints.nf.upf.ws1')
    const layer = { mediaType: 'x', digest: artifact.layerDigest, size: 1 }
    await damaged(app, () => target.delete(layer), [/^the files of .* cannot be read/], { lost: true })
  })

  it('reads the files on disk, and reports what only a backup can restore', async () => {
    const app = await folderApp()
    await seedServer(app.client)
    const { artifact } = await app.client.get('blueprints.nf.upf.ws1')
    const proposed = await app.client.get('blueprints.nf.upf.ws2')
    await app.close()
    const hex = (digest: string) => digest.slice('sha256:'.length)
    const layer = hex(artifact.layerDigest)
    const registry = join(app.data, 'registry')
    await writeFile(join(registry, 'blobs/sha256', layer.slice(0, 2), layer), 'damaged')
    await rm(join(registry, 'repositories', NAME, `_manifests/sha256-${hex(proposed.artifact.digest)}`))
    const { client } = await folderApp(app.data)
    const { differences } = await verify(client, true)
    const told = differences.map(({ problem, fixed }: { problem: string; fixed: boolean }) => {
      return `${fixed ? 'fixed' : 'left'}: ${problem}`
    })
    expect(told.sort()).toEqual([
      expect.stringMatching(/^fixed: the manifest .*ws2 cannot be read/),
      expect.stringMatching(/^fixed: the tag v2 is missing/),
      expect.stringMatching(/^fixed: the tag v2.0.0 is missing/),
      expect.stringMatching(/^left: the files of blueprints.nf.upf.ws1, blueprints.nf.upf.ws2 .*backup/),
    ])
    expect(await client.resolve('v2')).toBe(proposed.artifact.digest)
    expect(await client.resolve('latest')).toBeDefined()
  })
})
