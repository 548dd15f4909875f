/**
 * A server of others as a child process. Not bound to a test runner, as the benchmarks start them too: whoever starts
 * one has to stop it.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Tool, tool } from '../program.ts'

export type Peer = {
  name: string
  url: URL
  pid: number
  /** Kills it and removes what it has stored. */
  stop: () => Promise<void>
  /** What it has written to stdout and stderr. */
  logs: () => string
}

export type Launch = {
  args: string[]
  env?: Record<string, string>
  /** The path that is asked until there is an answer, whatever its status. */
  ready: string
}

const START_MS = 30_000
const ATTEMPTS = 3

/**
 * Starts a program on a free port of this machine with an empty folder, and waits until it answers.
 * `launch` writes its configuration.
 */
export async function startServerProcess(
  program: Tool,
  launch: (port: number, folder: string) => Promise<Launch>,
): Promise<Peer> {
  if (!program.found) throw new Error(program.missing)
  for (let attempt = 1; ; attempt++) {
    const peer = await tryStart(program, launch)
    if (!(peer instanceof Error)) return peer
    // The port was free a moment ago; someone else may have been faster.
    if (attempt === ATTEMPTS || !/address already in use/i.test(peer.message)) throw peer
  }
}

/** The program of a peer that test/peers installs. */
export function peerProgram(name: string): Tool {
  return tool(name, 'test/peers/install.sh installs it.')
}

async function tryStart(
  program: Tool,
  launch: (port: number, folder: string) => Promise<Launch>,
): Promise<Peer | Error> {
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), `${program.name}-`))
  const { args, env, ready } = await launch(port, folder)
  const { PATH = '' } = process.env
  const child = spawn(program.path, args, {
    cwd: folder,
    // No settings or credentials of whoever runs this.
    env: { PATH, HOME: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let logs = ''
  for (const output of [child.stdout, child.stderr]) {
    output.setEncoding('utf8').on('data', (text: string) => {
      logs += text
    })
  }
  const closed = once(child, 'close')
  // Nobody is left to stop it when this process ends without having done so.
  const kill = () => void child.kill('SIGKILL')
  process.once('exit', kill)
  const stop = async () => {
    kill()
    process.off('exit', kill)
    await closed
    await rm(folder, { recursive: true, force: true })
  }
  const url = new URL(`http://127.0.0.1:${port}`)
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null
  if (await answers(new URL(ready, url), hasEnded)) {
    return { name: program.name, url, pid: child.pid as number, stop, logs: () => logs }
  }
  await stop()
  return new Error(`${program.name} does not answer at ${url}${ready.slice(1)}: ${logs}`)
}

async function answers(url: URL, hasEnded: () => boolean): Promise<boolean> {
  const end = Date.now() + START_MS
  while (Date.now() < end && !hasEnded()) {
    try {
      await (await fetch(url, { signal: AbortSignal.timeout(1000) })).arrayBuffer()
      // Somebody else may have taken the port, and be the one who answers.
      return !hasEnded()
    } catch {
      await delay(25)
    }
  }
  return false
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port is free')
  return address.port
}
