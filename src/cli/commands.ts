/** The commands. Each loads only the modules that it needs, so that it starts fast. */
import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import type { Components } from '../server/components.ts'
import { version } from '../server/version.ts'
import type { Commands, Output } from './run.ts'

export function commandsWith(output: Output): Commands {
  return {
    serve: (config) => serveUntilStopped(config, output),
    gc,
    reindex,
    verify,
    backup,
    restore,
    openapi,
    version,
  }
}

async function serveUntilStopped(config: Config, output: Output): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    // A second signal, of either kind, ends the process at once.
    const stop = () => {
      process.off('SIGTERM', stop).off('SIGINT', stop)
      resolve()
    }
    process.on('SIGTERM', stop).on('SIGINT', stop)
  })
  const { openLog } = await import('./log.ts')
  const { applicationOf } = await import('../server/app.ts')
  const { openComponents } = await import('../server/components.ts')
  const { greeting, serve } = await import('../server/serve.ts')

  const { log, end } = openLog(config.logLevel)
  const components = await openComponents(config, log)
  const server = await serve(config, applicationOf(components))
  output.out(greeting(server.url, await version(), config.data, components.registryAddress))
  await stopped
  await server.close()
  await end()
}

async function gc(config: Config, options: { dryRun: boolean }): Promise<string> {
  const { collectByServer, inWords } = await import('./gc.ts')
  const { collectGarbage } = await import('../service/maintenance/collect-garbage.ts')

  const report = await onData(config, {
    here: ({ ctx }) => collectGarbage(ctx, options),
    byServer: () => collectByServer(config.listen, options),
  })
  return inWords(report)
}

/** Works on the data in this process, or asks the server that has it open. */
async function onData<T>(
  config: Config,
  work: { here: (components: Components) => Promise<T>; byServer: () => Promise<T> },
): Promise<T> {
  const { openUnlessInUse } = await import('../server/components.ts')
  const components = await openUnlessInUse({ ...config, gcInterval: 0 }, await warnings())
  if (!components) return work.byServer()
  try {
    return await work.here(components)
  } finally {
    await components.close()
  }
}

async function warnings(): Promise<Logger> {
  const { pino, destination } = await import('pino')
  return pino({ level: 'warn' }, destination({ dest: 2, sync: true }))
}

/** Only in this process, since a running server must not lose its index. */
async function reindex(config: Config, options: { force: boolean; names: string[] }): Promise<string> {
  const { reindexInWords } = await import('./reindex.ts')
  const { rebuildIndex } = await import('../server/rebuild-index.ts')
  return reindexInWords(await rebuildIndex(config, options, await warnings()))
}

async function verify(config: Config, options: { fix: boolean }): Promise<{ sound: boolean; text: string }> {
  const { verifyByServer, verificationInWords } = await import('./verify.ts')
  const { verify: verifyHere } = await import('../service/maintenance/verify/verify.ts')

  const report = await onData(config, {
    here: ({ ctx }) => verifyHere(ctx, options),
    byServer: () => verifyByServer(config.listen, options),
  })
  return { sound: report.differences.every(({ fixed }) => fixed), text: verificationInWords(report) }
}

async function backup(config: Config, file: string): Promise<string> {
  const { backupByServer, writeBackup } = await import('./backup.ts')
  const { backup: backupHere } = await import('../service/maintenance/backup/backup.ts')

  return onData(config, {
    here: async ({ ctx }) => writeBackup(await backupHere(ctx), file),
    byServer: async () => writeBackup(await backupByServer(config.listen), file),
  })
}

async function restore(config: Config, file: string): Promise<string> {
  const { restoreInWords } = await import('./restore.ts')
  const { restoreData } = await import('../server/restore-data.ts')
  return restoreInWords(await restoreData(config, file), config.data)
}

/** The API document as YAML. */
async function openapi(): Promise<string> {
  const { pino } = await import('pino')
  const { stringify } = await import('yaml')
  const { createApp } = await import('../server/app.ts')
  const { memoryComponents } = await import('../server/components.ts')

  const components = await memoryComponents(pino({ level: 'silent' }))
  const { document } = await createApp(components, new URL('http://localhost'))
  await components.close()
  return stringify(document(), { lineWidth: 0, aliasDuplicateObjects: false })
}
