/** The registries to compare, each in its own process with its default settings. */
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

/** Starts pkgserver and those of the others that are installed. The caller must stop them. */
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

/** Returns the version that a program prints, or else the one that Go recorded: not every build knows its own. */
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
  return /\bmod\s+\S+\s+(\S+)/.exec(built)?.[1] ?? '(unknown version)'
}
