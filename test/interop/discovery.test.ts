/** Discovery of packages that other tools push, to third-party registries. */
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { folderApp } from '../support/app.ts'
import type { Client } from '../support/client.ts'
import { files, register, revisions, sync } from '../support/discovery.ts'
import { elsewhere } from '../support/elsewhere.ts'
import { DISTRIBUTION, DOCKER_REGISTRY, distribution, dockerRegistry } from '../support/peers/distribution.ts'
import { OLAREG, olareg } from '../support/peers/olareg.ts'
import type { RegistryAuth, RegistryPeer } from '../support/peers/registry-peer.ts'
import { ZOT, zot } from '../support/peers/zot.ts'
import { tool } from '../support/program.ts'
import { tarGz } from '../support/tar.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { AWKWARD_FILES } from './files.ts'
import { describeIfThere, describeWith, output } from './tool.ts'

const oras = tool('oras')
const consumer = tool('consumer')

const UPF = files(1)['upf.yaml']
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip'

/** Creates a folder with these files. */
async function folderWith(contents: Record<string, string | Buffer>): Promise<string> {
  const folder = await temporaryFolder()
  for (const [path, content] of Object.entries(contents)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  return folder
}

/** Opens an app that may sync from a registry, with the credentials for it. */
async function appFor({
  url,
  credentials,
  tokens,
}: Pick<RegistryPeer, 'url' | 'credentials' | 'tokens'>): Promise<Client> {
  const folder = await temporaryFolder()
  const { username, password } = credentials ?? {}
  const auth = Buffer.from(`${username}:${password}`).toString('base64')
  const config = credentials ? { auths: { [url.host]: { auth } } } : {}
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  const { client } = await folderApp(undefined, {
    // A token server is a host of its own.
    PKGSERVER_SOURCE_HOSTS: [url.host, ...(tokens ? [new URL(tokens.realm).host] : [])].join(','),
    DOCKER_CONFIG: folder,
  })
  return client
}

/** Pushes with oras, from a folder. */
async function orasPush(
  { url, credentials }: Pick<RegistryPeer, 'url' | 'credentials'>,
  cwd: string,
  name: string,
  args: string[],
) {
  const login = credentials ? ['--username', credentials.username, '--password', credentials.password] : []
  await output(oras, ['push', '--plain-http', ...login, `${url.host}/team/${name}`, ...args], { cwd })
}

/** Ways to push a package with oras, and the files that it must have afterwards. */
const ORAS: Record<string, { args: string[]; has: Record<string, string> }> = {
  'a single file': { args: ['upf.yaml'], has: { 'upf.yaml': UPF } },
  'a file with its type': { args: ['upf.yaml:application/yaml'], has: { 'upf.yaml': UPF } },
  'several files': {
    args: ['upf.yaml', 'more/smf.yaml:application/yaml'],
    has: { 'upf.yaml': UPF, 'more/smf.yaml': UPF },
  },
  'a directory': { args: ['more'], has: { 'more/smf.yaml': UPF } },
  everything: { args: ['.'], has: { 'upf.yaml': UPF, 'more/smf.yaml': UPF } },
  'a directory and a file': { args: ['more', 'upf.yaml'], has: { 'upf.yaml': UPF, 'more/smf.yaml': UPF } },
  'an archive of its own': { args: [`all.tgz:${LAYER}`], has: { 'a.yaml': UPF } },
  'an artifact type, and annotations': {
    args: [
      '--artifact-type',
      'application/vnd.example',
      '-a',
      'org.opencontainers.image.source=x',
      'upf.yaml',
    ],
    has: { 'upf.yaml': UPF },
  },
  'an image of 1.0': { args: ['--image-spec', 'v1.0', 'upf.yaml'], has: { 'upf.yaml': UPF } },
}

describeWith(oras, 'a package that oras pushes', () => {
  it('is found however it is packed', async () => {
    const there = await elsewhere()
    const all = tarGz([{ name: './a.yaml', content: UPF }])
    const sources = { 'upf.yaml': UPF, 'more/smf.yaml': UPF }
    const cases = Object.entries(ORAS)
    for (const [at, [, { args }]] of cases.entries()) {
      const folder = await folderWith(args[0]?.startsWith('all.tgz') ? { 'all.tgz': all } : sources)
      await orasPush(there, folder, `upf:v1.${at}.0`, args)
    }
    const client = await appFor(there)
    await register(client, there)
    expect(await sync(client)).toMatchObject({ state: 'Succeeded', problems: [], revisions: cases.length })
    for (const [at, [title, { has }]] of cases.entries()) {
      expect(await client.resources(`found.upf.v1-${at}-0`), title).toEqual(has)
    }
  })

  it('keeps its file names, bytes and modes', async () => {
    const there = await elsewhere()
    const binary = Object.fromEntries(
      Object.entries(AWKWARD_FILES).map(([path, content]) => [
        path,
        typeof content === 'string' ? content : Buffer.from(content?.base64 ?? '', 'base64'),
      ]),
    )
    const folder = await folderWith(binary)
    await chmod(join(folder, 'no-newline.txt'), 0o700)
    await orasPush(there, folder, 'upf:v1.0.0', ['.'])
    const client = await appFor(there)
    await register(client, there)
    expect(await sync(client)).toMatchObject({ problems: [] })
    expect(await client.resources('found.upf.v1-0-0')).toEqual({
      ...AWKWARD_FILES,
      'no-newline.txt': { text: 'end', executable: true },
    })
  })
})

describeWith(consumer, 'a package that Flux pushes', () => {
  it('is found as a folder or as a file, packed or not', async () => {
    const there = await elsewhere()
    const folder = await folderWith({ 'upf.yaml': UPF, 'nested/deep/smf.yaml': UPF, 'run.sh': '#!' })
    await chmod(join(folder, 'run.sh'), 0o755)
    const push = (tag: string, path: string, ...more: string[]) =>
      output(consumer, [
        'flux-push',
        ...['-url', `${there.url.host}/team/nf/upf`, '-tag', tag, '-path', path],
        ...['-revision', `${tag}@sha1:4f2c`, ...more],
      ])
    const { digest } = JSON.parse(await push('6.1.0', folder))
    await push('6.2.0', join(folder, 'upf.yaml'))
    await push('6.3.0', join(folder, 'upf.yaml'), '-extension', 'yaml')
    await push('latest', folder)
    const client = await appFor(there)
    await register(client, there)
    expect(await sync(client)).toMatchObject({ state: 'Succeeded', problems: [], revisions: 3 })
    const [first] = await revisions(client)
    expect(await client.resources(first.name)).toEqual({
      'upf.yaml': UPF,
      'nested/deep/smf.yaml': UPF,
      'run.sh': { text: '#!', executable: true },
    })
    expect(first.annotations).toMatchObject({
      'org.opencontainers.image.source': 'https://git.example.com/packages',
      'org.opencontainers.image.revision': '6.1.0@sha1:4f2c',
      'pkgserver.dev/origin-digest': digest,
    })
    expect(await client.resources('found.nf.upf.v6-2-0')).toEqual({ 'upf.yaml': UPF })
    expect(await client.resources('found.nf.upf.v6-3-0')).toEqual({ 'content.yaml': UPF })
  })
})

/** Syncs from a third-party registry: from named repositories if it cannot list them. */
function isFilledFrom(
  start: (options: { auth: RegistryAuth }) => Promise<RegistryPeer>,
  { auths = ['none', 'htpasswd', 'token'], lists = true }: { auths?: RegistryAuth[]; lists?: boolean } = {},
): void {
  it.each(auths)('is filled with authentication: %s', async (auth) => {
    const peer = await start({ auth })
    onTestFinished(peer.stop)
    const folder = await folderWith({ 'upf.yaml': UPF })
    for (const tag of ['v1.0.0', 'v1.10.0', 'v1.9.0', 'latest']) {
      await orasPush(peer, folder, `nf/upf:${tag}`, ['upf.yaml'])
    }
    const client = await appFor(peer)
    await register(client, peer, lists ? {} : { packages: ['nf/upf'] })
    expect(await sync(client)).toMatchObject({ state: 'Succeeded', error: null, problems: [], packages: 1 })
    const found = await revisions(client)
    expect(found.map(({ revision, version }) => `${revision} ${version}`)).toEqual([
      '1 1.0.0',
      '2 1.9.0',
      '3 1.10.0',
    ])
    expect(await client.resources('found.nf.upf.v1-9-0')).toEqual({ 'upf.yaml': UPF })
    const stranger = await appFor({ url: peer.url })
    await register(stranger, peer, { packages: ['nf/upf'] })
    expect((await sync(stranger)).state).toBe(auth === 'none' ? 'Succeeded' : 'Failed')
  })
}

describeWith(oras, 'a catalog', () => {
  describeWith(DOCKER_REGISTRY, 'from docker-registry 2.8', () => isFilledFrom(dockerRegistry))
  describeWith(DISTRIBUTION, 'from distribution 3', () => isFilledFrom(distribution))
  describeIfThere(ZOT, 'from zot', () => isFilledFrom(zot))
  describeWith(OLAREG, 'from olareg', () => isFilledFrom(() => olareg(), { auths: ['none'], lists: false }))
})
