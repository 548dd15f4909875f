/** kpt reads clones: `kpt fn render` and `kpt live init` refuse unknown fields in a Kptfile. */
import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { memoryApp } from '../support/app.ts'
import type { Client } from '../support/client.ts'
import { hasCorpus, kptPackages, readFiles } from '../support/corpus.ts'
import { tool } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { filesOf } from './files.ts'
import { describeIfThere, output, run } from './tool.ts'

const KPT = tool('kpt')

/** Publishes a package, clones it, and unpacks the clone into a folder. */
async function clonedFolder(client: Client, path: string, source: object): Promise<string> {
  const { name } = await client.publish('ws1', source, { package: path })
  const target = { repository: 'prod', package: `${path}-1` }
  const draft = await client.createDraft('main', { clone: { upstream: name } }, target)
  const folder = await temporaryFolder()
  execFileSync('tar', ['-xz', '-C', folder], { input: await client.archive(draft.name) })
  return folder
}

async function client(): Promise<Client> {
  const app = await memoryApp()
  await app.client.createRepository()
  await app.client.createRepository('prod', 'deployment')
  return app.client
}

describeIfThere(KPT, 'kpt', () => {
  it('shows and renders a clone, and leaves its Kptfile as it is', async () => {
    const folder = await clonedFolder(await client(), 'nf/upf', { init: { description: 'plane' } })
    expect(await output(KPT, ['pkg', 'tree'], { cwd: folder })).toContain('Kptfile upf-1')
    const { Kptfile: before } = await filesOf(folder)
    expect(before).toContain('upstreamLock:')
    await output(KPT, ['fn', 'render'], { cwd: folder })
    expect((await filesOf(folder)).Kptfile).toBe(before)
  })

  it('finds that the upstream of a clone is not in git, and fetches nothing', async () => {
    const folder = await clonedFolder(await client(), 'nf/upf', { init: {} })
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: folder })
    git('init', '-q')
    git('add', '-A')
    git('commit', '-qm', 'all')
    const { code, stderr } = await run(KPT, ['pkg', 'update'], { cwd: folder })
    expect(code).not.toBe(0)
    expect(stderr).toContain('oci:///blueprints/nf/upf@v1')
    expect(stderr).toContain("'remote-oci' is not a git command")
  })

  describe.runIf(hasCorpus)('with clones of real packages', () => {
    it('reads all fields of their Kptfiles', async () => {
      const api = await client()
      for (const [at, real] of kptPackages()
        .filter((_, index) => index % 40 === 0)
        .entries()) {
        const files = readFiles(real)
        if (!files.has('Kptfile')) continue
        const kptfile = { Kptfile: String(files.get('Kptfile')) }
        const folder = await clonedFolder(api, `real/p${at}`, { resources: kptfile })
        const { code, stderr } = await run(KPT, ['live', 'init', '--force', '--namespace', 'a'], {
          cwd: folder,
        })
        expect(code, `${real.folder}: ${stderr}`).toBe(0)
      }
    })
  })
})
