/** The server as users run it: in its own process. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { Client } from './client.ts'
import { sender } from './http.ts'
import { NODE_FLAGS } from './start-script.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')
/** The command line without a command. */
export const PKGSERVER = [process.execPath, ...NODE_FLAGS, MAIN]

export type Surroundings = {
  /** Runs `pkgserver serve` with the flags that follow. */
  command?: string[]
  stderr?: 'pipe' | number
}

export type ServerProcess = {
  process: ChildProcess
  url: URL
  client: Client
  /** Its standard output, and its log on standard error. */
  output: () => string
  log: () => string
  /** Sends a signal and waits for the process to end. Returns its exit code, or the signal that ended it. */
  stop: (signal?: NodeJS.Signals) => Promise<number | string | null>
}

/** Runs a pkgserver command to its end. */
export async function runCommand(args: string[], env: Record<string, string> = {}) {
  const child = start([...PKGSERVER, ...args], env)
  await once(child.process, 'close')
  return { code: child.process.exitCode, output: child.output(), log: child.log() }
}

/** Starts a pkgserver command, which the test ends. `ended` resolves to its exit code. */
export function startCommand(args: string[], env: Record<string, string> = {}) {
  const child = start([...PKGSERVER, ...args], env)
  const ended = once(child.process, 'close').then(([code]): number | null => code)
  onTestFinished(() => void child.process.kill('SIGKILL'))
  const stop = async (signal: NodeJS.Signals) => {
    child.process.kill(signal)
    await ended
  }
  return { ...child, ended, stop }
}

/** Starts `pkgserver serve` on a free port and waits until it listens. */
export async function startServer(
  data: string,
  args: string[] = [],
  env: Record<string, string> = {},
  { command = [...PKGSERVER, 'serve'], stderr = 'pipe' }: Surroundings = {},
): Promise<ServerProcess> {
  const child = start([...command, '--listen', '127.0.0.1:0', '--data', data, ...args], env, stderr)
  onTestFinished(() => void child.process.kill('SIGKILL'))
  const url = await new Promise<URL>((resolve, reject) => {
    child.process.stdout?.on('data', () => {
      const found = /API +(http:\S+)\/api\/v1/.exec(child.output())
      if (found?.[1]) resolve(new URL(found[1]))
    })
    child.process.once('exit', () => reject(new Error(`the server exited: ${child.log()}`)))
  })
  // Node resolves localhost to IPv6 first, where the server does not listen.
  url.hostname = '127.0.0.1'
  return {
    ...child,
    url,
    client: new Client(sender(url)),
    stop: async (signal = 'SIGTERM') => {
      const ended = once(child.process, 'exit')
      child.process.kill(signal)
      const [code, by] = await ended
      return code ?? by
    },
  }
}

function start(
  [program = '', ...args]: string[],
  env: Record<string, string>,
  stderr: 'pipe' | number = 'pipe',
) {
  const { PATH = '', NODE_COMPILE_CACHE = '' } = process.env
  const child: ChildProcess = spawn(program, args, {
    env: { PATH, NODE_COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', stderr],
  })
  let output = ''
  let log = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  return { process: child, output: () => output, log: () => log }
}
