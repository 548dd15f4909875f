/** The files that GitOps tools deploy. Each tool resolves references in its own way: see gitops/main.go. */
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { folderServer } from '../support/app.ts'
import type { Client, Files } from '../support/client.ts'
import { tool } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { AWKWARD_FILES, EXECUTABLES, filesOf } from './files.ts'
import { describeWith, output, type Run, run } from './tool.ts'

const consumer = tool('consumer')

const PACKAGE = 'blueprints/nf/upf'
const FIRST = AWKWARD_FILES
const SECOND = {
  'nested/service.yaml': 'apiVersion: v1\nkind: Service\nmetadata:\n  name: two\n',
  'b.txt': 'b',
}

/** Ways to request the newest revision. */
const NEWEST = {
  'Flux with tag: latest': ['flux', '-tag', 'latest'],
  'Flux without a reference': ['flux'],
  'Flux with semver: ">=1.0.0"': ['flux', '-semver', '>=1.0.0'],
  'Argo CD with targetRevision: latest': ['argocd', '-revision', 'latest'],
  'Argo CD with targetRevision: ">=1.0.0"': ['argocd', '-revision', '>=1.0.0'],
  'Config Sync with the tag latest': ['configsync', '-tag', 'latest'],
}

/** Ways to request a digest. */
const PINNED = [
  ['flux', '-digest'],
  ['argocd', '-revision'],
  ['configsync', '-digest'],
]

const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar+gzip'

type Deployment = { tag?: string; digest: string; revision: string; layers: string[]; files: Files }

type Setup = {
  client: Client
  /** Deploys the package with a tool. */
  deploy: (args: string[]) => Promise<Deployment>
  /** Deploys the newest revision with each tool. */
  deployNewest: () => Promise<(Deployment & { tool: string })[]>
  attempt: (args: string[]) => Promise<Run>
  push: (repository: string, tag: string) => Promise<Run>
}

describeWith(consumer, 'a registry for GitOps tools', () => {
  async function start(): Promise<Setup> {
    const { client, url } = await folderServer()
    await client.createRepository()
    const folder = await temporaryFolder()
    let runs = 0
    const command = (args: string[]) => {
      const out = join(folder, String(runs++))
      return { out, all: [...args, '-url', `${url.host}/${PACKAGE}`, '-out', out] }
    }
    const deploy: Setup['deploy'] = async (args) => {
      const { all, out } = command(args)
      return { ...JSON.parse(await output(consumer, all)), files: await filesOf(out) }
    }
    return {
      client,
      deploy,
      deployNewest: () =>
        Promise.all(Object.entries(NEWEST).map(async ([tool, args]) => ({ tool, ...(await deploy(args)) }))),
      attempt: (args) => run(consumer, command(args).all),
      push: (repository, tag) => run(consumer, ['push', '-url', `${url.host}/${repository}`, '-tag', tag]),
    }
  }

  it('lets every tool deploy the newest revision, file for file', async () => {
    const { client, deployNewest } = await start()
    await client.publish('ws1', { resources: SECOND })
    const { name, artifact } = await client.publish('ws2', { resources: FIRST })
    expect(await client.resources(name)).toEqual(FIRST)
    for (const { tool, ...deployed } of await deployNewest()) {
      expect(deployed, tool).toMatchObject({ digest: artifact.digest, layers: [LAYER_TYPE], files: FIRST })
    }
  })

  it('lets every tool deploy a pinned digest, byte for byte', async () => {
    const { client, deploy } = await start()
    const { artifact } = await client.publish('ws1', { resources: FIRST })
    await client.publish('ws2', { resources: SECOND })
    for (const pinned of PINNED) {
      const deployed = await deploy([...pinned, artifact.digest])
      expect(deployed, pinned[0]).toMatchObject({ digest: artifact.digest, files: FIRST })
    }
  })

  it('lets Flux and Config Sync deploy executable files; Argo CD deploys files without modes', async () => {
    const { client, deployNewest } = await start()
    const { name } = await client.publish('ws1', { resources: EXECUTABLES })
    expect(await client.resources(name)).toEqual(EXECUTABLES)
    for (const { tool, files } of await deployNewest()) {
      if (tool.startsWith('Argo CD')) expect(Object.keys(files), tool).toEqual(Object.keys(EXECUTABLES))
      else expect(files, tool).toEqual(EXECUTABLES)
    }
  })

  it('hides drafts and proposals from every tool', async () => {
    const { client, deployNewest, attempt } = await start()
    // As tags, the names of these workspaces would be taken for versions.
    const proposed = await client.createDraft('latest', { resources: SECOND })
    await client.verb(proposed.name, 'propose')
    await client.createDraft('v9', { resources: SECOND })
    for (const [tool, args] of Object.entries(NEWEST)) expect((await attempt(args)).code, tool).toBe(1)
    await client.publish('ws2', { resources: FIRST })
    for (const { tool, files } of await deployNewest()) expect(files, tool).toEqual(FIRST)
  })

  it('lets every tool keep a revision proposed for deletion, and go back once it is deleted', async () => {
    const { client, deployNewest } = await start()
    const first = await client.publish('ws1', { resources: FIRST })
    const second = await client.publish('ws2', { resources: SECOND })
    const before = await deployNewest()
    await client.verb(second.name, 'propose-deletion')
    expect(await deployNewest()).toEqual(before)
    for (const { tool, ...deployed } of before) {
      expect(deployed, tool).toMatchObject({ digest: second.artifact.digest, files: SECOND })
    }
    await client.verb(second.name, 'approve')
    for (const { tool, ...deployed } of await deployNewest()) {
      expect(deployed, tool).toMatchObject({ digest: first.artifact.digest, files: FIRST })
    }
  })

  it('lets no tool deploy foreign content, whatever its tag', async () => {
    const { client, deployNewest, push } = await start()
    await client.publish('ws1', { resources: FIRST })
    const before = await deployNewest()
    for (const tag of ['nightly', 'x9.9.9', 'release-9.9.9', 'V9.9.9', 'sha256-0.sig', 'a'.repeat(128)]) {
      const { code, stderr } = await push(PACKAGE, tag)
      expect(code, stderr).toBe(0)
    }
    // Argo CD takes the last three for invalid versions: with such a tag it could not resolve any range.
    const versions = ['v9.9.9', '9.9.9', '9', 'v1.0.0_1', '2026-01', '1.0.0-01', '99999999999999999999']
    for (const tag of ['latest', 'v1', ...versions]) {
      const { code, stderr } = await push(PACKAGE, tag)
      expect(code, tag).toBe(1)
      expect(stderr).toContain(`DENIED: the tag ${tag} of ${PACKAGE} is set by pkgserver alone`)
    }
    expect(await deployNewest()).toEqual(before)
    for (const { tool, files } of before) expect(files, tool).toEqual(FIRST)
  })

  it('lets Flux show the tag and digest that it deployed', async () => {
    const { client, deploy } = await start()
    const first = await client.publish('ws1', { resources: FIRST })
    const second = await client.publish('ws2', { resources: SECOND })
    const newest = await deploy(['flux', '-semver', '>=1.0.0'])
    expect(newest).toMatchObject({ tag: 'v2.0.0', revision: `v2.0.0@${second.artifact.digest}` })
    const older = await deploy(['flux', '-semver', '1.x'])
    expect(older).toMatchObject({ tag: 'v1.0.0', revision: `v1.0.0@${first.artifact.digest}`, files: FIRST })
    expect(await deploy(['flux', '-tag', 'v1'])).toMatchObject({ revision: `v1@${first.artifact.digest}` })
  })

  it('hides drafts from Flux even in a range that includes pre-releases', async () => {
    const { client, deploy } = await start()
    await client.publish('ws1', { resources: FIRST })
    await client.createDraft('2-0-0', { resources: SECOND })
    expect(await deploy(['flux', '-semver', '>=1.0.0-0'])).toMatchObject({ tag: 'v1.0.0', files: FIRST })
  })

  it('lets tools find the highest build of a declared version', async () => {
    const { client, deploy, attempt } = await start()
    const ranges = [
      ['flux', '-semver', '>=1.17.0'],
      ['argocd', '-revision', '~1.17.0'],
      ['configsync', '-tag', 'v1.17.0'],
    ]
    await client.publish('ws1', { resources: FIRST }, { version: '1.17.0+2' })
    for (const range of ranges) {
      expect(await deploy(range), range[0]).toMatchObject({ tag: 'v1.17.0', files: FIRST })
    }
    await client.publish('ws2', { resources: SECOND }, { version: '1.17.0+10' })
    await client.publish('ws3', { resources: FIRST }, { version: '1.17.0+9' })
    for (const range of ranges) {
      expect(await deploy(range), range[0]).toMatchObject({ tag: 'v1.17.0', files: SECOND })
    }
    expect(await deploy(['configsync', '-tag', 'v1.17.0_2'])).toMatchObject({ files: FIRST })
    expect((await attempt(['flux', '-semver', '>=1.18.0'])).stderr).toContain('no match found')
  })

  it('lets go-containerregistry push and pull an image in another repository or beside a package', async () => {
    const { client, push } = await start()
    await client.publish('ws1')
    for (const [repository, tag] of [
      ['elsewhere/tools', 'v1.2.3'],
      [PACKAGE, 'image'],
    ] as const) {
      const { code, stdout, stderr } = await push(repository, tag)
      expect(code, stderr).toBe(0)
      expect(await client.resolve(tag, repository)).toBe(JSON.parse(stdout).digest)
    }
  })
})
