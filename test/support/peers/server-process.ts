/**
 * Third-party servers as child processes. Benchmarks start them too, so they do not depend on the test runner: the
 * caller must stop them.
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
  /** Kills it and deletes its data. */
  stop: () => Promise<void>
  /** Its stdout and stderr. */
  logs: () => string
}

export type Launch = {
  args: string[]
  env?: Record<string, string>
  /** The path to poll until it responds, with whatever status. */
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
    // Another process may have taken the port since it was found free.
    if (attempt === ATTEMPTS || !/address already in use/i.test(peer.message)) throw peer
  }
}

/** Finds a program that test/peers installs. */
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
    // Without the user's own settings and credentials.
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
  // If this process exits first, the child must not outlive it.
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
      // If it has exited, another process took the port and responded.
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
