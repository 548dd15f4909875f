import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NODE_FLAGS } from '../test/support/start-script.ts'

export type BenchServer = { port: number; pid: number; data: string; stop: () => Promise<void> }

/** Starts a server process with default settings and more flags, on a new data folder unless one is given. */
export async function startServer(folder?: string, flags: readonly string[] = []): Promise<BenchServer> {
  const data = folder ?? (await mkdtemp(join(tmpdir(), 'pkgserver-bench-')))
  const main = join(import.meta.dirname, '../src/main.ts')
  const args = [...NODE_FLAGS, main, 'serve', '--listen', '127.0.0.1:0', '--data', data, ...flags]
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let greeting = ''
  let port: string | undefined
  for await (const text of child.stdout.setEncoding('utf8')) {
    greeting += text
    port = /localhost:(\d+)\/api/.exec(greeting)?.[1]
    if (port) break
  }
  return {
    port: Number(port),
    pid: child.pid as number,
    data,
    stop: async () => {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
      if (folder === undefined) await rm(data, { recursive: true })
    },
  }
}
