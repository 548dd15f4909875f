/** Glasskube's own client, Renovate and curl on a tree with real packages, which their authors keep as a folder. */
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { corpusFile, glasskubePackages, hasCorpus, readFiles, toJson } from '../support/corpus.ts'
import { glasskubeRepository, publishVersion } from '../support/glasskube.ts'
import { listening, serving } from '../support/listening.ts'
import { tool } from '../support/program.ts'
import { type ProtectedApp, protectedApp } from '../support/protected-app.ts'
import { describeIfThere, describeWith, run } from './tool.ts'

type Tree = {
  packages: { name: string; latestVersion: string }[]
  versions: Record<string, { latestVersion: string; versions: { version: string }[] }>
  manifests: Record<string, Record<string, object>>
}

const readTree = tool(
  'read-tree',
  'test/interop/glasskube/install.sh builds it where Glasskube can be downloaded.',
)

async function withReader(): Promise<ProtectedApp & { url: string; token: string }> {
  const app = await protectedApp()
  await glasskubeRepository(await app.user('ann', 'admin'))
  await app.user('eve', 'reader', 'apps')
  return { ...app, url: `${await serving(app.hono)}glasskube/apps`, token: await app.tokenOf('eve') }
}

function read(url: string, env: Record<string, string> = {}) {
  return run(readTree, [url], { env })
}

describeIfThere(readTree, "Glasskube's client", () => {
  it.runIf(hasCorpus)('reads the same of the central repository here as from its folder', async () => {
    const { url, token, tokenOf, bearer } = await withReader()
    const admin = bearer(await tokenOf('ann'))
    for (const each of glasskubePackages()) {
      const files = toJson(readFiles(each))
      await publishVersion(admin, each.path, each.version.replace(/^v/, ''), { files })
    }
    const folder = await listening((request, response) => response.end(corpusFile(pathOf(request.url))))
    const original: Tree = JSON.parse((await read(folder.href)).stdout)
    for (const [name, { latestVersion }] of Object.entries(original.versions))
      await admin.ok('PATCH', `/packages/apps/${name}`, { latestVersion: latestVersion.slice(1) })

    const outcome = await read(url, { BEARER_TOKEN: token })
    expect(outcome.stderr).toBe('')
    const ours: Tree = JSON.parse(outcome.stdout)
    expect(Object.keys(ours.versions)).toHaveLength(32)
    expect(ours.manifests).toEqual(original.manifests)
    expect(ours.versions).toEqual(original.versions)
    // Of one package, the folder has another latest version in its index.yaml than in its versions.yaml.
    const agreed = original.packages.map((item) => {
      const { latestVersion = '' } = original.versions[item.name] ?? {}
      return { ...item, latestVersion }
    })
    expect(ours.packages).toEqual(agreed)
  })

  it('reads a private repository with a token, as bearer or as a password, and is refused without', async () => {
    const { url, token, tokenOf, bearer } = await withReader()
    await publishVersion(bearer(await tokenOf('ann')), 'store', '1.17.0+2')
    const credentials: Record<string, string>[] = [
      { BEARER_TOKEN: token },
      { BASIC_USER: 'cluster', BASIC_PASSWORD: token },
    ]
    for (const env of credentials) {
      for (const base of [url, `${url}/`]) {
        const { stdout, stderr } = await read(base, env)
        expect(stderr).toBe('')
        expect(JSON.parse(stdout)).toMatchObject({ manifests: { store: { 'v1.17.0+2': { name: 'store' } } } })
      }
    }
    expect(await read(url)).toMatchObject({ code: 1, stderr: expect.stringContaining('401') })
  })
})

/** Asks as Renovate's data source `glasskube-packages` does: without credentials, unless it has rules for the host. */
it('Renovate finds the versions of a package, and where its project is', async () => {
  const { url, bind, tokenOf, bearer } = await withReader()
  const references = [{ label: 'GitHub', url: 'https://github.com/store/store' }]
  const admin = bearer(await tokenOf('ann'))
  for (const version of ['1.2.3-rc.1', '1.2.3+1', '1.2.3+2'])
    await publishVersion(admin, 'store', version, { fields: { references } })
  await bind({ kind: 'anonymous' }, 'reader', 'apps')
  const fetched = async (path: string) => {
    const answer = await fetch(`${url}/${path}`, { headers: { 'User-Agent': 'RenovateBot' } })
    expect(answer.status, path).toBe(200)
    return parse(await answer.text())
  }
  const { latestVersion, versions } = await fetched('store/versions.yaml')
  const texts = versions.map(({ version }: { version: string }) => version)
  expect(texts).toEqual(['v1.2.3-rc.1', 'v1.2.3+1', 'v1.2.3+2'])
  for (const text of texts) expect(text).toMatch(/^v\d+\.\d+\.\d+(?:-[\w.]+)?(?:\+\d+)?$/)
  const { references: found } = await fetched(`store/${latestVersion}/package.yaml`)
  expect(found).toEqual(references)
})

const curl = tool('curl', "Debian's apt-get installs it.")

describeWith(curl, 'curl', () => {
  it('sends a password when the tree asks for it', async () => {
    const { url, token, tokenOf, bearer } = await withReader()
    await publishVersion(bearer(await tokenOf('ann')), 'store', '1.0.0')
    const path = `${url}/store/v1.0.0/package.yaml`
    const { stdout } = await run(curl, ['--silent', '--fail', '--anyauth', '--user', `any:${token}`, path])
    expect(parse(stdout)).toMatchObject({ name: 'store' })
  })
})

/** Of a file in the corpus. Keeps "+" as it is. */
function pathOf(url = '/'): string {
  return `glasskube-packages${decodeURIComponent(url)}`
}
