/** The published versions of a Glasskube repository are known after any change of the index. */
import { expect, it } from 'vitest'
import { memoryApp } from '../support/app.ts'
import { draftVersion, glasskubeRepository, manifest, publishVersion } from '../support/glasskube.ts'

async function withVersions() {
  const app = await memoryApp()
  await glasskubeRepository(app.client)
  for (const version of ['1.0.0', '1.1.0']) await publishVersion(app.client, 'db', version)
  const { ctx } = app.parts
  const published = async () => (await ctx.published.get('apps'))?.packages.get('db')?.versions ?? []
  const versions = async () => (await published()).map(({ parsed }) => parsed.text)
  expect(await versions()).toEqual(['1.0.0', '1.1.0'])
  const verify = () => app.client.ok('POST', '/verifications', { fix: true })
  return { ...app, published, versions, verify }
}

it('a row that verify adds', async () => {
  const { parts, versions, verify } = await withVersions()
  const { commits } = parts.ctx
  await commits.run(async (transaction) => {
    await transaction.deleteFrom('package_revisions').where('name', '=', 'apps.db.1-0-0').execute()
  })
  expect(await versions()).toEqual(['1.1.0'])
  await verify()
  expect(await versions()).toEqual(['1.0.0', '1.1.0'])
})

it('a row that verify updates', async () => {
  const { parts, versions, verify } = await withVersions()
  await parts.ctx.commits.run(async (transaction) => {
    const rows = transaction.updateTable('package_revisions').where('name', '=', 'apps.db.1-0-0')
    await rows.set({ version: '3.0.0' }).execute()
  })
  expect(await versions()).toEqual(['1.1.0', '3.0.0'])
  await verify()
  expect(await versions()).toEqual(['1.0.0', '1.1.0'])
})

it('a package.yaml that is indexed later', async () => {
  const { parts, published, verify } = await withVersions()
  await parts.ctx.commits.run(async (transaction) => {
    await transaction.updateTable('package_revisions').set({ contents_id: null }).execute()
  })
  expect((await published()).map((version) => version.manifest)).toEqual([undefined, undefined])
  await verify()
  for (const version of await published()) expect(version.manifest).toMatchObject({ defaultNamespace: 'db' })
})

it('the package.yaml of a version whose files were first a faulty draft of another package', async () => {
  const { client } = await memoryApp()
  await glasskubeRepository(client)
  await draftVersion(client, 'mail', '1.0.0', { files: { 'package.yaml': manifest('shop') } })
  await publishVersion(client, 'shop', '1.0.0')
  const request = { repositories: ['apps'], install: [{ name: 'shop' }] }
  expect(await client.ok('POST', '/resolutions', request)).toMatchObject({ status: 'OK' })
})
