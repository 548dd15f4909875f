/** `pkgserver import glasskube` as users run it, on a real repository of 32 packages with 495 versions. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { compareVersions, parseVersion, type Version } from '../../../src/domain/version.ts'
import { newTokenText } from '../../../src/service/access/token-text.ts'
import type { Client, Json } from '../../support/client.ts'
import { corpusFolder, glasskubePackages, hasCorpus, readFiles } from '../../support/corpus.ts'
import { sync } from '../../support/discovery.ts'
import { treeFolder } from '../../support/glasskube-import.ts'
import { indexFile, packageFiles, serveFolder } from '../../support/glasskube-tree.ts'
import { runCommand, startCommand, startServer } from '../../support/process.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { until } from '../../support/until.ts'

const CORPUS = corpusFolder('glasskube-packages')
const VERSIONS = 495
const SUMMARY = /32 packages with 495 versions in [0-9.]+ s: (.*)\n$/

const importing = (location: string, repository: string, data: string) => [
  'import',
  'glasskube',
  location,
  '--repository',
  repository,
  '--as-published',
  '--data',
  data,
]

async function revisionsOf(client: Client, repository: string): Promise<Json[]> {
  return (await client.ok('GET', `/packagerevisions?repository=${repository}&limit=1000`)).items
}

/** All versions are published once, with numbers in their order. */
async function expectComplete(client: Client, repository: string): Promise<void> {
  const revisions = await revisionsOf(client, repository)
  expect(revisions).toHaveLength(VERSIONS)
  const byPackage = Map.groupBy(revisions, ({ package: path }) => path)
  for (const [path, own] of byPackage) {
    const versions = own
      .toSorted((a, b) => a.revision - b.revision)
      .map(({ version }) => parseVersion(version) as Version)
    expect(versions, path).toEqual(versions.toSorted(compareVersions))
    expect(
      own.every(({ lifecycle }) => lifecycle === 'Published'),
      path,
    ).toBe(true)
  }
}

/** The latest versions are those of the versions.yaml files. */
async function expectLatest(client: Client, repository: string): Promise<void> {
  const { items } = await client.ok('GET', `/packages?repository=${repository}&limit=1000`)
  for (const { package: name, latestVersion } of items) {
    const { latestVersion: written } = parse(readFileSync(join(CORPUS, name, 'versions.yaml'), 'utf8'))
    expect(`v${latestVersion}`, name).toBe(written)
  }
}

/** The files that authors wrote are the same byte for byte, and those that are made from them the same as data. */
async function expectSameTree(tree: URL): Promise<void> {
  const served = async (path: string) => {
    const response = await fetch(new URL(path, tree))
    expect(response.status, path).toBe(200)
    return Buffer.from(await response.arrayBuffer())
  }
  const listed = async (path: string): Promise<Json> => parse((await served(path)).toString())
  const written = (path: string): Json => parse(readFileSync(join(CORPUS, path), 'utf8'))
  for (const { path: name, version, ...found } of glasskubePackages()) {
    for (const [path, bytes] of readFiles({ path: name, version, ...found })) {
      const place = `${name}/${version}/${path}`
      expect((await served(place)).equals(bytes), place).toBe(true)
    }
  }
  const { packages } = written('index.yaml')
  // There, index.yaml and versions.yaml disagree.
  packages.find(({ name }: Json) => name === 'ingress-nginx').latestVersion = 'v1.12.1+1'
  expect(await listed('index.yaml')).toEqual({ packages })
  for (const { name } of packages) {
    const path = `${name}/versions.yaml`
    expect(await listed(path), path).toEqual(written(path))
  }
}

describe.skipIf(!hasCorpus)('pkgserver import glasskube', () => {
  it('takes all of a repository, file by file, and does nothing when repeated', {
    timeout: 240_000,
  }, async () => {
    const data = await temporaryFolder()
    const { client, url } = await startServer(data)
    const first = await runCommand(importing(CORPUS, 'central', data))
    expect(first.output).toMatch(SUMMARY)
    expect(SUMMARY.exec(first.output)?.[1]).toBe('495 published, 0 proposed, 0 present, 0 changed, 0 refused')
    expect([first.code, first.log]).toEqual([0, ''])
    const notes = first.output.split('\n').filter((line) => line.startsWith('note'))
    expect(notes.filter((line) => line.endsWith('it is held back'))).toHaveLength(15)
    expect(notes.filter((line) => !line.endsWith('it is held back'))).toEqual([
      'note     gateway-api/v1.1.0: it has no build number',
      'note     ingress-nginx: index.yaml has the latestVersion v1.12.0+1, but versions.yaml v1.12.1+1, which counts',
      'note     paradedb/v0.10.2+0: its build number is 0',
    ])
    await expectComplete(client, 'central')
    await expectLatest(client, 'central')
    await expectSameTree(new URL('/glasskube/central/', url))
    const again = await runCommand(importing(CORPUS, 'central', data))
    expect(SUMMARY.exec(again.output)?.[1]).toBe('0 published, 0 proposed, 495 present, 0 changed, 0 refused')
  })

  it('goes on where it was killed, with the server or without it', { timeout: 240_000 }, async () => {
    const data = await temporaryFolder()
    let server = await startServer(data)
    const count = async () =>
      (await server.client.call('GET', '/packagerevisions?repository=central&limit=1000')).body.items.length
    for (const killed of ['command', 'server', 'command'] as const) {
      const before = await count()
      const command = startCommand(importing(CORPUS, 'central', data))
      await until(async () => (await count()) >= before + 40)
      if (killed === 'server') {
        await server.stop('SIGKILL')
        expect(await command.ended).toBe(1)
        expect(command.log()).toContain('run the command again once it does')
        server = await startServer(data)
      } else await command.stop('SIGKILL')
    }
    await server.stop()
    const last = await runCommand(importing(CORPUS, 'central', data))
    expect(last.output).toMatch(SUMMARY)
    expect(last.code, last.output).toBe(0)
    server = await startServer(data)
    await expectComplete(server.client, 'central')
    await expectLatest(server.client, 'central')
  })

  it('takes a repository from a web server', { timeout: 240_000 }, async () => {
    const data = await temporaryFolder()
    const { client } = await startServer(data)
    const { url } = await serveFolder(CORPUS)
    const { output, code } = await runCommand(importing(url.href, 'central', data))
    expect(SUMMARY.exec(output)?.[1]).toBe('495 published, 0 proposed, 0 present, 0 changed, 0 refused')
    expect(code).toBe(0)
    await expectComplete(client, 'central')
    await expectLatest(client, 'central')
    const name = 'central.cert-manager.v1-17-0-2'
    expect(await client.resources(name)).toEqual({
      'package.yaml': readFileSync(join(CORPUS, 'cert-manager/v1.17.0+2/package.yaml'), 'utf8'),
    })
  })
})

describe.skipIf(!hasCorpus)('a source of the format glasskube', () => {
  it('fills a catalog with all of a repository', { timeout: 240_000 }, async () => {
    const { url } = await serveFolder(CORPUS)
    const { client } = await startServer(await temporaryFolder(), [], { PKGSERVER_SOURCE_HOSTS: '*' })
    const source = { url: url.href, format: 'glasskube', interval: '0' }
    await client.ok('POST', '/repositories', { name: 'found', type: 'catalog', source })
    expect(await sync(client)).toMatchObject({
      state: 'Succeeded',
      packages: readdirSync(CORPUS, { withFileTypes: true }).filter((entry) => entry.isDirectory()).length,
      revisions: VERSIONS,
      problems: [],
    })
    await expectComplete(client, 'found')
    await expectLatest(client, 'found')
  })
})

it('pkgserver import glasskube takes a server elsewhere, with a token', async () => {
  const token = newTokenText('bootstrap')
  const folder = await treeFolder(
    { token: `${token}\n`, wrong: newTokenText('bootstrap') },
    indexFile({ app: 'v1.0.0+1' }),
    packageFiles('app', { 'v1.0.0+1': {}, 'v2.0.0+x': {} }, { latest: 'v1.0.0+1' }),
  )
  const file = join(folder, 'token')
  const server = await startServer(await temporaryFolder(), [
    '--auth',
    'required',
    '--admin-token-file',
    file,
  ])
  const run = (...args: string[]) => runCommand(['import', 'glasskube', folder, ...args])
  const there = ['--repository', 'apps', '--server', server.url.href]

  const { code, output } = await run(...there, '--token-file', file)
  expect([code, output]).toEqual([
    1,
    expect.stringMatching(
      /^refused {2}app\/v2\.0\.0\+x: .*\n1 package with 2 versions in .*: 0 published, 1 proposed, /,
    ),
  ])
  expect(await run(...there, '--token-file', join(folder, 'wrong'))).toMatchObject({ code: 1, output: '' })
  expect(await run(...there)).toMatchObject({ code: 1, output: '' })
  expect(await run(...there, '--token-file', join(folder, 'none'))).toMatchObject({ code: 2 })
  expect(await run('--repository', 'apps', '--server', 'localhost')).toMatchObject({
    code: 2,
    log: expect.stringContaining('--server must be the URL of a server'),
  })
  expect(await run('--server', server.url.href)).toMatchObject({
    code: 2,
    log: 'pkgserver: --repository NAME is missing\n',
  })
  expect(await run('--repository', 'apps', '--data', folder)).toMatchObject({
    code: 1,
    log: expect.stringContaining('is no data folder'),
  })
})
