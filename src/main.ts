#!/usr/bin/env node
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './cli/run.ts'
import type { Config } from './config.ts'

const output = {
  out: (text: string) => void process.stdout.write(text),
  error: (text: string) => void process.stderr.write(text),
}

process.exitCode = await run(process.argv.slice(2), { serve: serveUntilStopped, openapi, version }, output)

async function serveUntilStopped(config: Config): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
  })
  // What only the server needs is loaded only for it: the other commands are there at once.
  const { destination, pino } = await import('pino')
  const { createApp, openParts } = await import('./app.ts')
  const { greeting, serve } = await import('./cli/serve.ts')

  // Buffered: a line for each of thousands of requests a second must not be a write for each.
  const stream = destination({ dest: 2, sync: false })
  const parts = await openParts(config, pino({ level: config.logLevel }, stream))
  const server = await serve(config, {
    mount: async (url) => (await createApp(parts, url)).hono.fetch,
    close: parts.close,
  })
  output.out(greeting(server.url, await version(), config.data))
  await stopped
  await server.close()
  stream.flushSync()
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

async function version(): Promise<string> {
  const text = await readFile(join(import.meta.dirname, '../package.json'), 'utf8')
  return JSON.parse(text).version
}
