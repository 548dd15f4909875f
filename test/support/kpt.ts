/** `kpt pkg update` of many packages, to compare our upgrades with. */
import { execFile } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { readFiles } from './corpus.ts'
import type { CorpusUpgrade, Files } from './corpus-upgrades.ts'
import { type Tool, tool } from './program.ts'

export const kpt: Tool = tool('kpt')

export type KptUpdate = {
  /** The older version as kpt fetched it, with the local edits. */
  local: Files
  /** The result of the update to the newer version. */
  updated: Files
  /** The duration of the update in milliseconds. */
  took: number
}

/** Reports whether a subpackage has an upstream of its own, which kpt would fetch from elsewhere. */
export function hasOtherUpstreams({ original, upstream }: CorpusUpgrade): boolean {
  return [original, upstream].some((files) =>
    [...files].some(([path, content]) => path.endsWith('/Kptfile') && /^upstream:/m.test(content.toString())),
  )
}

/** Fetches each package with kpt into the empty folder `root`, edits it, and updates it to the newer version. */
export async function kptUpdates(
  root: string,
  upgrades: readonly CorpusUpgrade[],
  edit: (files: Files, upgrade: CorpusUpgrade) => Files,
): Promise<KptUpdate[]> {
  const env = {
    PATH: process.env.PATH,
    HOME: root,
    KPT_CACHE_DIR: join(root, 'cache'),
    GIT_CONFIG_NOSYSTEM: '1',
  }
  const run = async (folder: string, program: string, ...args: string[]): Promise<void> => {
    await promisify(execFile)(program, args, { cwd: join(root, folder), env, maxBuffer: 16 << 20 })
  }
  const commit = async (folder: string): Promise<void> => {
    await run(folder, 'git', 'add', '--all', '--force')
    await run(folder, 'git', '-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '--quiet', '-m', 'all')
  }
  const folderOf = (at: number): string => `package-${at}`
  for (const folder of ['upstream', 'local']) {
    await mkdir(join(root, folder))
    await run(folder, 'git', 'init', '--quiet')
  }
  for (const version of ['original', 'upstream'] as const) {
    for (const [at, upgrade] of upgrades.entries()) {
      await replaceFiles(join(root, 'upstream', folderOf(at)), upgrade[version])
    }
    await commit('upstream')
    await run('upstream', 'git', 'tag', version)
  }
  const edited: Files[] = []
  for (const [at, upgrade] of upgrades.entries()) {
    const source = `${join(root, 'upstream')}/.git/${folderOf(at)}@original`
    await run('local', kpt.path, 'pkg', 'get', source, folderOf(at))
    const files = edit(filesIn(join(root, 'local', folderOf(at))), upgrade)
    await replaceFiles(join(root, 'local', folderOf(at)), files)
    edited.push(files)
  }
  await commit('local')
  const updates: KptUpdate[] = []
  for (const [at, local] of edited.entries()) {
    const start = performance.now()
    await run('local', kpt.path, 'pkg', 'update', `${folderOf(at)}@upstream`, '--strategy', 'resource-merge')
    const took = performance.now() - start
    updates.push({ local, updated: filesIn(join(root, 'local', folderOf(at))), took })
  }
  return updates
}

function filesIn(folder: string): Files {
  return readFiles({ path: '', version: '', folder })
}

async function replaceFiles(folder: string, files: Files): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  for (const [path, content] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
}
