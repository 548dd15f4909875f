#!/usr/bin/env node
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { destination, pino } from 'pino'
import { stringify } from 'yaml'
import { createApp, memoryParts, openParts } from './app.ts'
import { run } from './cli/run.ts'
import { greeting, serve } from './cli/serve.ts'
import type { Config } from './config.ts'

const output = {
  out: (text: string) => void process.stdout.write(text),
  error: (text: string) => void process.stderr.write(text),
}

process.exitCode = await run(
  process.argv.slice(2),
  {
    serve: serveUntilStopped,
    openapi: async () => {
      const parts = await memoryParts(pino({ level: 'silent' }))
      const { document } = await createApp(parts, new URL('http://localhost'))
      const text = stringify(document(), { lineWidth: 0, aliasDuplicateObjects: false })
      await parts.close()
      return text
    },
    version,
  },
  output,
)

async function serveUntilStopped(config: Config): Promise<void> {
  // Buffered: a line for each of thousands of requests a second must not be a write for each.
  const stream = destination({ dest: 2, sync: false })
  const log = pino({ level: config.logLevel }, stream)
  const parts = await openParts(config, log)
  const server = await serve(config, {
    mount: async (url) => (await createApp(parts, url)).hono.fetch,
    close: parts.close,
  })
  output.out(greeting(server.url, await version(), config.data))
  await new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
  })
  await server.close()
  stream.flushSync()
}

async function version(): Promise<string> {
  const text = await readFile(join(import.meta.dirname, '../package.json'), 'utf8')
  return JSON.parse(text).version
}
