/** The registries that are compared, each a process of its own with the settings it comes with. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { DOCKER_REGISTRY, dockerRegistry } from '../../test/support/peers/distribution.ts'
import type { Peer } from '../../test/support/peers/server-process.ts'
import { ZOT, zot } from '../../test/support/peers/zot.ts'
import type { Tool } from '../../test/support/program.ts'
import { startServer } from '../server.ts'

export type Contestant = {
  name: string
  version: string
  port: number
  pid: number
  stop: () => Promise<void>
}

const run = promisify(execFile)

/** pkgserver, and those of the others that this machine has. Whoever starts them has to stop them. */
export async function startContestants(): Promise<Contestant[]> {
  const started: Contestant[] = []
  try {
    started.push(await startPkgserver())
    for (const [program, start] of [
      [DOCKER_REGISTRY, dockerRegistry],
      [ZOT, zot],
    ] as const) {
      if (program.found) started.push(await startPeer(program, start))
      else console.error(`SKIPPED: ${program.missing}`)
    }
    return started
  } catch (error) {
    for (const { stop } of started) await stop()
    throw error
  }
}

async function startPkgserver(): Promise<Contestant> {
  const path = join(import.meta.dirname, '../../package.json')
  const { version } = JSON.parse(await readFile(path, 'utf8'))
  return { name: 'pkgserver', version, ...(await startServer()) }
}

async function startPeer(program: Tool, start: () => Promise<Peer>): Promise<Contestant> {
  const { url, pid, stop } = await start()
  const { name } = program
  return { name, version: await versionOf(program), port: Number(url.port), pid, stop }
}

/** What a program says of itself, and else what Go has written into it: not every build knows its version. */
async function versionOf({ path }: Tool): Promise<string> {
  const said = await run(path, ['--version']).then(
    ({ stdout, stderr }) => stdout + stderr,
    () => '',
  )
  const found = /\bv?(\d+\.\d+\.\d+\S*)\s*$/.exec(said)?.[1]
  if (found) return found
  const built = await run('go', ['version', '-m', path]).then(
    ({ stdout }) => stdout,
    () => '',
  )
  return /\bmod\s+\S+\s+(\S+)/.exec(built)?.[1] ?? 'of unknown version'
}
