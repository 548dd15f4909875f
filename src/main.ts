#!/usr/bin/env node
import { run } from './cli/run.ts'
import type { Config } from './config.ts'
import { AppError } from './errors.ts'
import { version } from './version.ts'

const output = {
  out: (text: string) => void process.stdout.write(text),
  error: (text: string) => void process.stderr.write(text),
}

process.exitCode = await run(
  process.argv.slice(2),
  { serve: serveUntilStopped, gc, openapi, version },
  output,
)

async function serveUntilStopped(config: Config): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    // A second signal, of either kind, ends the process at once.
    const stop = () => {
      process.off('SIGTERM', stop).off('SIGINT', stop)
      resolve()
    }
    process.on('SIGTERM', stop).on('SIGINT', stop)
  })
  // What only the server needs is loaded only for it: the other commands are there at once.
  const { destination, pino } = await import('pino')
  const { applicationOf, openParts } = await import('./app.ts')
  const { greeting, serve } = await import('./cli/serve.ts')

  // Buffered: a line for each of thousands of requests a second must not be a write for each.
  const stream = destination({ dest: 2, sync: false })
  const parts = await openParts(config, pino({ level: config.logLevel }, stream))
  const server = await serve(config, applicationOf(parts))
  output.out(greeting(server.url, await version(), config.data, parts.registryAddress))
  await stopped
  await server.close()
  stream.flushSync()
}

/** In this process, or by the server that is at work on the same data. */
async function gc(config: Config, options: { dryRun: boolean }): Promise<string> {
  const { pino, destination } = await import('pino')
  const { openParts } = await import('./app.ts')
  const { collectByServer, inWords } = await import('./cli/gc.ts')
  const { collectGarbage } = await import('./service/collect-garbage.ts')

  const log = pino({ level: 'warn' }, destination({ dest: 2, sync: true }))
  let parts: Awaited<ReturnType<typeof openParts>>
  try {
    parts = await openParts({ ...config, gcInterval: 0 }, log)
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'conflict') throw error
    return inWords(await collectByServer(config.listen, options))
  }
  try {
    return inWords(await collectGarbage(parts.ctx, options))
  } finally {
    await parts.close()
  }
}

/** The API document as YAML. */
async function openapi(): Promise<string> {
  const { pino } = await import('pino')
  const { stringify } = await import('yaml')
  const { createApp, memoryParts } = await import('./app.ts')

  const parts = await memoryParts(pino({ level: 'silent' }))
  const { document } = await createApp(parts, new URL('http://localhost'))
  await parts.close()
  return stringify(document(), { lineWidth: 0, aliasDuplicateObjects: false })
}
