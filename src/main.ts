#!/usr/bin/env node
import type { Logger } from 'pino'
import { run } from './cli/run.ts'
import type { Config } from './config.ts'
import { FolderInUseError } from './core/errors.ts'
import type { Parts } from './server/components.ts'
import { version } from './server/version.ts'

const output = {
  out: (text: string) => void process.stdout.write(text),
  error: (text: string) => void process.stderr.write(text),
}

process.exitCode = await run(
  process.argv.slice(2),
  { serve: serveUntilStopped, gc, reindex, verify, backup, restore, openapi, version },
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
  const { applicationOf } = await import('./server/app.ts')
  const { openParts } = await import('./server/components.ts')
  const { greeting, serve } = await import('./server/serve.ts')

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
  const { collectByServer, inWords } = await import('./cli/gc.ts')
  const { collectGarbage } = await import('./service/maintenance/collect-garbage.ts')

  const report = await onData(config, {
    here: ({ ctx }) => collectGarbage(ctx, options),
    byServer: () => collectByServer(config.listen, options),
  })
  return inWords(report)
}

/** Works on the data in this process, or has the server do it that is at work there. */
async function onData<T>(
  config: Config,
  work: { here: (parts: Parts) => Promise<T>; byServer: () => Promise<T> },
): Promise<T> {
  const { openParts } = await import('./server/components.ts')
  let parts: Parts
  try {
    parts = await openParts({ ...config, gcInterval: 0 }, await warnings())
  } catch (error) {
    if (!(error instanceof FolderInUseError)) throw error
    return work.byServer()
  }
  try {
    return await work.here(parts)
  } finally {
    await parts.close()
  }
}

async function warnings(): Promise<Logger> {
  const { pino, destination } = await import('pino')
  return pino({ level: 'warn' }, destination({ dest: 2, sync: true }))
}

/** In this process alone: an index is not replaced below a server. */
async function reindex(config: Config, options: { force: boolean; names: string[] }): Promise<string> {
  const { reindexInWords } = await import('./cli/reindex.ts')
  const { rebuildIndex } = await import('./server/rebuild-index.ts')
  return reindexInWords(await rebuildIndex(config, options, await warnings()))
}

async function verify(config: Config, options: { fix: boolean }): Promise<{ sound: boolean; text: string }> {
  const { verifyByServer, verificationInWords } = await import('./cli/verify.ts')
  const { verify: verifyHere } = await import('./service/maintenance/verify/verify.ts')

  const report = await onData(config, {
    here: ({ ctx }) => verifyHere(ctx, options),
    byServer: () => verifyByServer(config.listen, options),
  })
  return { sound: report.differences.every(({ fixed }) => fixed), text: verificationInWords(report) }
}

async function backup(config: Config, file: string): Promise<string> {
  const { backupByServer, writeBackup } = await import('./cli/backup.ts')
  const { backup: backupHere } = await import('./service/maintenance/backup/backup.ts')

  return onData(config, {
    here: async ({ ctx }) => writeBackup(await backupHere(ctx), file),
    byServer: async () => writeBackup(await backupByServer(config.listen), file),
  })
}

async function restore(config: Config, file: string): Promise<string> {
  const { restoreInWords } = await import('./cli/restore.ts')
  const { restoreData } = await import('./server/restore-data.ts')
  return restoreInWords(await restoreData(config, file), config.data)
}

/** The API document as YAML. */
async function openapi(): Promise<string> {
  const { pino } = await import('pino')
  const { stringify } = await import('yaml')
  const { createApp } = await import('./server/app.ts')
  const { memoryParts } = await import('./server/components.ts')

  const parts = await memoryParts(pino({ level: 'silent' }))
  const { document } = await createApp(parts, new URL('http://localhost'))
  await parts.close()
  return stringify(document(), { lineWidth: 0, aliasDuplicateObjects: false })
}
