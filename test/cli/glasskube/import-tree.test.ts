import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folderTree } from '../../../src/service/glasskube-source/folder-tree.ts'
import { type ForeignTree, TreeUnavailableError } from '../../../src/service/glasskube-source/foreign-tree.ts'
import { memoryApp } from '../../support/app.ts'
import type { Client } from '../../support/client.ts'
import { draftVersion, glasskubeRepository, manifest } from '../../support/glasskube.ts'
import { imported, treeFolder } from '../../support/glasskube-import.ts'
import { indexFile, packageFiles, writeTree } from '../../support/glasskube-tree.ts'
import { protectedApp } from '../../support/protected-app.ts'
import { reviews } from '../../support/reviews.ts'

/** The revisions of `apps`: package, number, version, workspace and lifecycle. */
async function shown(client: Client): Promise<string[]> {
  const { items } = await client.ok('GET', '/packagerevisions?repository=apps&limit=1000')
  return items
    .map(
      ({ package: path, revision, version, workspace, lifecycle }: Record<string, unknown>) =>
        `${path} ${revision} ${version} ${workspace} ${lifecycle}`,
    )
    .sort()
}

const countsOf = (outcomes: Record<string, number>) => {
  const all = { published: 0, proposed: 0, present: 0, changed: 0, refused: 0, ...outcomes }
  return Object.entries(all)
    .map(([outcome, count]) => `${count} ${outcome}`)
    .join(', ')
}

describe('a place that does not give a file', () => {
  const unavailable = async () => {
    throw new TreeUnavailableError('it answers with 503')
  }
  const tree = (...names: string[]) =>
    treeFolder(
      indexFile(Object.fromEntries(names.map((name) => [name, 'v2.0.0+1']))),
      ...names.map((name) => packageFiles(name, { 'v1.0.0+1': {}, 'v2.0.0+1': {} })),
    )

  it('keeps back the package, and no other one', async () => {
    const { client } = await memoryApp()
    const folder = await tree('app', 'other')
    const { files } = await folderTree(folder)
    const changed: Partial<ForeignTree> = {
      files: async (name, version, limits) =>
        name === 'app' && version === 'v1.0.0+1' ? unavailable() : files(name, version, limits),
    }
    expect(await imported(client, folder, { changed })).toEqual({
      complete: false,
      lines: ['waiting  app: the rest of it waits for the next import: it answers with 503'],
      counts: countsOf({ published: 2 }),
    })
    expect((await imported(client, folder)).counts).toBe(countsOf({ published: 2, present: 2 }))
  })

  it('ends the import where it gives none', async () => {
    const { client } = await memoryApp()
    const folder = await tree(...'abcdefgh')
    await expect(imported(client, folder, { changed: { versions: unavailable } })).rejects.toThrow('503')
    await expect(imported(client, folder, { changed: { files: unavailable } })).rejects.toThrow('503')
  })
})

describe('an import as published', () => {
  it('publishes versions in their order, with their files byte for byte', async () => {
    const { client } = await memoryApp()
    const odd = `name: "app"   # as written\ndefaultNamespace: 'app'\nmine: {kept: yes}`
    const folder = await treeFolder(
      indexFile({ app: 'v1.10.0+1', other: 'v1.0.0+1' }),
      packageFiles('app', {
        'v1.10.0+1': { 'package.yaml': odd, '.test/values.txt': '--a=b', 'x.bin': Buffer.from([0, 255]) },
        'v1.9.0+2': {},
        'v1.9.0+10': {},
      }),
      packageFiles('other', { 'v1.0.0+1': {} }),
    )
    expect(await imported(client, folder)).toEqual({
      complete: true,
      lines: [
        'note     app: index.yaml has the latestVersion v1.10.0+1, but versions.yaml v1.9.0+10, which counts',
        'note     app/versions.yaml: its latestVersion v1.9.0+10 is not the highest: it is held back',
      ],
      counts: countsOf({ published: 4 }),
    })
    expect(await client.ok('GET', '/repositories/apps')).toMatchObject({
      type: 'catalog',
      format: 'glasskube',
      description: 'Imported from a test',
    })
    expect(await shown(client)).toEqual([
      'app 1 1.9.0+2 v1-9-0-2 Published',
      'app 2 1.9.0+10 v1-9-0-10 Published',
      'app 3 1.10.0+1 v1-10-0-1 Published',
      'other 1 1.0.0+1 v1-0-0-1 Published',
    ])
    expect(await client.resources('apps.app.v1-10-0-1')).toEqual({
      'package.yaml': odd,
      '.test/values.txt': '--a=b',
      'x.bin': { base64: 'AP8=' },
    })
    expect(await client.ok('GET', '/packages/apps/app')).toMatchObject({ latestVersion: '1.9.0+10' })
    expect(await client.ok('GET', '/packages/apps/other')).toMatchObject({ listing: { latestVersion: null } })
  })

  it('can be repeated, and takes what is new', async () => {
    const { client } = await memoryApp()
    const folder = await treeFolder(
      indexFile({ app: 'v1.0.0+1' }),
      packageFiles('app', { 'v1.0.0+1': { run: '#!' }, 'v2.0.0+1': {} }, { latest: 'v1.0.0+1' }),
    )
    await imported(client, folder)
    const { items: before } = await client.ok('GET', '/packagerevisions?repository=apps')
    expect((await imported(client, folder)).counts).toBe(countsOf({ present: 2 }))
    expect((await client.ok('GET', '/packagerevisions?repository=apps')).items).toEqual(before)

    await writeTree(folder, indexFile({ app: 'v2.0.0+2' }))
    await writeTree(
      folder,
      packageFiles('app', { 'v1.0.0+1': { run: '#!' }, 'v2.0.0+1': {}, 'v2.0.0+2': {} }),
    )
    expect(await imported(client, folder)).toMatchObject({
      lines: [],
      counts: countsOf({ published: 1, present: 2 }),
    })
    expect(await client.ok('GET', '/packages/apps/app')).toMatchObject({
      latestVersion: '2.0.0+2',
      listing: { latestVersion: null },
    })
  })

  it('keeps what is published where the tree has changed', async () => {
    const { client } = await memoryApp()
    const versions = { 'v1.0.0+1': { 'a.yaml': 'a: 1\n' }, 'v1.0.0+2': {}, 'v1.0.0+3': {} }
    const folder = await treeFolder(indexFile({ app: 'v1.0.0+3' }), packageFiles('app', versions))
    await imported(client, folder)
    await writeTree(folder, { 'app/v1.0.0+1/a.yaml': 'a: 2\n', 'app/v1.0.0+2/b.yaml': 'b: 1\n' })
    await rm(join(folder, 'app', 'v1.0.0+3'), { recursive: true })
    expect(await imported(client, folder)).toEqual({
      complete: false,
      lines: [
        'changed  app/v1.0.0+1: it has changed since apps.app.v1-0-0-1 was published, which stays as it is',
        'changed  app/v1.0.0+2: it has changed since apps.app.v1-0-0-2 was published, which stays as it is',
        'refused  app/v1.0.0+3: versions.yaml lists it, but there is no such version',
      ],
      counts: countsOf({ changed: 2, refused: 1 }),
    })
    expect(await client.resources('apps.app.v1-0-0-1')).toMatchObject({ 'a.yaml': 'a: 1\n' })
  })

  it('goes on with what an earlier import left half-way', async () => {
    const { client } = await memoryApp()
    await glasskubeRepository(client)
    const folder = await treeFolder(
      indexFile({ app: 'v1.0.0+4' }),
      packageFiles('app', { 'v1.0.0+1': {}, 'v1.0.0+2': {}, 'v1.0.0+3': {}, 'v1.0.0+4': {} }),
    )
    await draftVersion(client, 'app', '1.0.0+1')
    await client.verb((await draftVersion(client, 'app', '1.0.0+2')).name, 'propose')
    await draftVersion(client, 'app', '1.0.0+4', { files: { 'more.yaml': 'a: 1\n' } })
    expect(await imported(client, folder)).toMatchObject({
      complete: false,
      lines: [
        'refused  app/v1.0.0+4: apps.app.1-0-0-4 has the same version and other content: publish or delete it first',
      ],
      counts: countsOf({ published: 3, refused: 1 }),
    })
    expect(await shown(client)).toContain('app 1 1.0.0+1 1-0-0-1 Published')
  })

  it('finds free workspaces', async () => {
    const { client } = await memoryApp()
    const folder = await treeFolder(
      indexFile({ app: 'v1.0.0+2' }),
      packageFiles('app', { 'v1.0.0+2': {}, 'v1.0.0-2': {} }),
    )
    await glasskubeRepository(client)
    const { name } = await client.createDraft('v1-0-0-2', undefined, { repository: 'apps', package: 'app' })
    await client.ok('DELETE', `/packagerevisions/${name}`, undefined, { 'If-Match': '*' })
    expect((await imported(client, folder)).counts).toBe(countsOf({ published: 2 }))
    expect(await shown(client)).toEqual([
      'app 1 1.0.0-2 v1-0-0-2-2 Published',
      'app 2 1.0.0+2 v1-0-0-2-3 Published',
    ])
  })
})

describe('an import for review', () => {
  it('leaves proposals, which a later import publishes', async () => {
    const { client } = await memoryApp()
    const folder = await treeFolder(
      indexFile({ app: 'v1.0.0+1' }),
      packageFiles('app', { 'v1.0.0+1': {}, 'v2.0.0+1': {} }, { latest: 'v1.0.0+1' }),
    )
    const review = { asPublished: false }
    expect(await imported(client, folder, review)).toEqual({
      complete: true,
      lines: [
        'note     app/versions.yaml: its latestVersion v1.0.0+1 is not the highest: hold it back once it is published',
      ],
      counts: countsOf({ proposed: 2 }),
    })
    expect((await imported(client, folder, review)).counts).toBe(countsOf({ present: 2 }))
    expect((await imported(client, folder)).counts).toBe(countsOf({ published: 2 }))
    expect(await client.ok('GET', '/packages/apps/app')).toMatchObject({ latestVersion: '1.0.0+1' })
  })
})

describe('a tree with faults', () => {
  it('is imported without them, and all of them are reported', async () => {
    const { client } = await memoryApp()
    const folder = await treeFolder(
      indexFile({
        odd: 'v9.0.0',
        '../../etc': 'v1.0.0',
        Big_Name: 'v1.0.0',
        absent: 'v1.0.0',
        broken: 'v1.0.0',
      }),
      packageFiles(
        'odd',
        {
          '1.0.0+1': {},
          'v1.1.0': {},
          'v1.1.0+1': {},
          'v1.2.0+0': {},
          'v1.3.0+beta': {},
          'v1.4': {},
          '../../../../etc': undefined,
          'v1.5.0+1': { 'package.yaml': manifest('even') },
          'v1.6.0+1': { 'package.yaml': 'name: odd\n  bad: [\n' },
          'v1.7.0+1': { 'package.yaml': manifest('odd', { scope: 'Everywhere' }) },
          'v1.8.0+1': { 'package.yaml': manifest('odd', { scope: 'Namespaced' }) },
          'v1.9.0+1': { 'x.yaml': 'a: [\n' },
          'v2.0.0+1': undefined,
        },
        { latest: 'v9.0.0' },
      ),
      { 'broken/versions.yaml': 'versions: 1\n' },
    )
    const { complete, lines, counts } = await imported(client, folder)
    expect(complete).toBe(false)
    expect(lines).toEqual([
      expect.stringMatching(/^refused {2}\.\.\/\.\.\/etc: its name cannot be the name of a package/),
      expect.stringMatching(/^refused {2}Big_Name: its name cannot be the name of a package/),
      'refused  absent: there is no file absent/versions.yaml',
      expect.stringMatching(/^refused {2}broken: broken\/versions\.yaml: versions: /),
      expect.stringMatching(/^refused {2}odd\/\.\.\/\.\.\/\.\.\/\.\.\/etc: it is no version/),
      'note     odd/1.0.0+1: it has no leading "v", and is served as v1.0.0+1',
      'note     odd/v1.1.0: it has no build number',
      expect.stringMatching(/^refused {2}odd\/v1\.1\.0\+1: .*1\.1\.0/),
      'note     odd/v1.2.0+0: its build number is 0',
      expect.stringMatching(/^refused {2}odd\/v1\.3\.0\+beta: it is no version/),
      expect.stringMatching(/^refused {2}odd\/v1\.4: it is no version/),
      expect.stringMatching(/^refused {2}odd\/v1\.5\.0\+1: package\.yaml:1:\d+: name /),
      expect.stringMatching(/^refused {2}odd\/v1\.6\.0\+1: package\.yaml:1:\d+: /),
      expect.stringMatching(/^refused {2}odd\/v1\.7\.0\+1: package\.yaml:3:\d+: scope /),
      'note     odd/v1.8.0+1: its scope is Namespaced, and that of the version before Cluster',
      'note     odd/v1.9.0+1: its scope is Cluster, and that of the version before Namespaced',
      expect.stringMatching(
        /^refused {2}odd\/v1\.9\.0\+1: x\.yaml:\d+:\d+: .* \(the draft apps\.odd\.v1-9-0-1 stays: correct or delete it\)$/,
      ),
      'refused  odd/v2.0.0+1: versions.yaml lists it, but there is no such version',
      'note     odd/versions.yaml: its latestVersion v9.0.0 is not among its versions',
    ])
    expect(counts).toBe(countsOf({ published: 4, refused: 13 }))
    expect((await shown(client)).filter((line) => line.endsWith('Published'))).toEqual([
      'odd 1 1.0.0+1 v1-0-0-1 Published',
      'odd 2 1.1.0 v1-1-0 Published',
      'odd 3 1.2.0+0 v1-2-0-0 Published',
      'odd 4 1.8.0+1 v1-8-0-1 Published',
    ])
  })

  it('goes into no repository of another format, or with a source', async () => {
    const { client } = await memoryApp()
    const folder = await treeFolder(indexFile({}))
    await client.createRepository('blueprints')
    await expect(imported(client, folder, { repository: 'blueprints' })).rejects.toThrow('has the format krm')
    const source = { url: 'https://packages.invalid/', format: 'glasskube', interval: '0' }
    await client.ok('POST', '/repositories', { name: 'mirror', type: 'catalog', source })
    await expect(imported(client, folder, { repository: 'mirror' })).rejects.toThrow(
      'is filled from https://packages.invalid/',
    )
  })
})

describe('a review policy', () => {
  const TREE = [indexFile({ app: 'v2.0.0+1' }), packageFiles('app', { 'v1.0.0+1': {}, 'v2.0.0+1': {} })]

  it('makes an import leave proposals', async () => {
    const at = await reviews()
    await at.policy({ repositories: ['apps'] })
    const { lines, counts, complete } = await imported(at.adminClient, await treeFolder(...TREE))
    expect(lines).toEqual([
      'waiting  app/v1.0.0+1: it and later versions wait for a review: the review policy votes has no bypass: it needs the approvals that it asks for',
    ])
    expect([counts, complete]).toEqual([countsOf({ proposed: 2 }), false])
  })

  it('keeps the latest version of a package whose versions the caller may only propose', async () => {
    const { user } = await protectedApp()
    const admin = await user('ann', 'admin')
    await glasskubeRepository(admin)
    const folder = await treeFolder(
      indexFile({ app: 'v2.0.0+1', other: 'v1.0.0+1' }),
      packageFiles('app', { 'v1.0.0+1': {}, 'v2.0.0+1': {} }),
      packageFiles('other', { 'v1.0.0+1': {} }),
    )
    await imported(admin, folder)
    await writeTree(folder, packageFiles('app', { 'v1.0.0+1': {}, 'v2.0.0+1': {} }, { latest: 'v1.0.0+1' }))
    const author = await user('eve', 'author', 'apps')
    const { complete, lines, counts } = await imported(author, folder)
    expect([complete, counts]).toEqual([false, countsOf({ present: 3 })])
    expect(lines.at(-1)).toMatch(
      /^waiting {2}app\/versions\.yaml: its latestVersion v1\.0\.0\+1 is not set: /,
    )
    expect(await admin.ok('GET', '/packages/apps/app')).toMatchObject({ latestVersion: '2.0.0+1' })
  })

  it('is bypassed where it allows that, which is recorded', async () => {
    const at = await reviews()
    await at.policy({ repositories: ['apps'], bypass: { role: 'admin' }, humansOnly: false })
    const { counts } = await imported(at.adminClient, await treeFolder(...TREE))
    expect(counts).toBe(countsOf({ published: 2 }))
    const { items } = await at.adminClient.ok('GET', '/audit?type=revision.bypassed')
    expect(items.map(({ reason }: { reason: string }) => reason).sort()).toEqual([
      'imported as it is published elsewhere: v1.0.0+1',
      'imported as it is published elsewhere: v2.0.0+1',
    ])
  })
})
