/** The program as it starts, and as it ends early. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { listening } from '../support/listening.ts'
import { PKGSERVER } from '../support/process.ts'
import { temporaryFolder } from '../support/temporary.ts'

it('ends on SIGTERM while it waits for a registry that does not answer', async () => {
  const { promise: asked, resolve } = Promise.withResolvers<void>()
  const silent = await listening(() => resolve())
  const [program = '', ...args] = PKGSERVER
  const settings = ['--data', await temporaryFolder(), '--listen', '127.0.0.1:0', '--registry', silent.href]
  const server = spawn(program, [...args, 'serve', ...settings], { stdio: 'ignore' })
  await asked
  server.kill('SIGTERM')
  expect(await once(server, 'exit')).toEqual([0, null])
})

it('ends in silence when the reader of its output has left', async () => {
  const [program = '', ...args] = PKGSERVER
  const help = spawn(program, [...args, 'help'], { stdio: ['ignore', 'pipe', 'pipe'] })
  help.stdout.destroy()
  const [log, [code]] = await Promise.all([text(help.stderr), once(help, 'exit')])
  expect([log, code]).toEqual(['', 0])
})
