/** The commands. Each loads only the modules that it needs, so that it starts fast. */
import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import { AppError } from '../core/errors.ts'
import type { ChainHead } from '../domain/audit/chain.ts'
import type { Components } from '../server/components.ts'
import { version } from '../server/version.ts'
import type { FoundServer } from './ask-server.ts'
import type { RestApi as Api } from './glasskube/rest-api.ts'
import type { Commands, ImportOptions, Output } from './run.ts'

export function commandsWith(output: Output): Commands {
  return {
    serve: (config) => serveUntilStopped(config, output),
    gc,
    reindex,
    verify,
    auditVerify,
    backup: (config, file) => backup(config, file, output),
    restore,
    accessExport,
    accessApply,
    importGlasskube,
    ready,
    openapi,
    version,
  }
}

async function serveUntilStopped(config: Config, output: Output): Promise<void> {
  let serving = false
  const stopped = new Promise<void>((resolve) => {
    // A second signal, of either kind, ends the process at once; so does the first during the start, which may wait for
    // other servers, and changes nothing that the next start does not finish.
    const stop = () => {
      if (!serving) process.exit(0)
      process.off('SIGTERM', stop).off('SIGINT', stop)
      resolve()
    }
    process.on('SIGTERM', stop).on('SIGINT', stop)
  })
  const { openLog } = await import('./log.ts')
  const { applicationOf } = await import('../server/app.ts')
  const { openComponents } = await import('../server/components.ts')
  const { writeAddress } = await import('../server/data-folder.ts')
  const { greeting, serve } = await import('../server/serve.ts')
  const { bootstrapTokenFile } = await import('../server/bootstrap-token.ts')
  const { newTokenText } = await import('../service/access/token-text.ts')
  const { localUrl } = await import('./local-url.ts')

  const { log, exit } = openLog(config.logLevel)
  const components = await openComponents(config, log)
  const { access } = components.authenticator
  const token = newTokenText('bootstrap')
  // Before jobs of an earlier process go on.
  access.rootTokens.add('root:command-line', token)
  const server = await serve(config, applicationOf(components))
  serving = true
  const { href: url } = localUrl({ host: config.listen.host, port: server.port })
  await writeAddress(config.data, { url, instance: components.instance, token }).catch((err) =>
    log.warn({ err }, 'the commands gc, verify and backup cannot find this server: see its data folder'),
  )
  const { open, hasAdmin } = await access.policy()
  output.out(
    greeting({
      url: server.url,
      version: await version(),
      data: config.data,
      registry: components.registryAddress,
      open,
      tokenFile: open || hasAdmin ? undefined : bootstrapTokenFile(config.data),
    }),
  )
  await stopped
  await server.close()
  // Connections that are left, as to a collector of traces, need not end by themselves.
  await exit()
}

async function gc(config: Config, options: { dryRun: boolean }): Promise<string> {
  const { collectByServer, inWords } = await import('./gc.ts')
  const { COMMAND_LINE } = await import('../service/audit/record.ts')
  const { collectGarbage } = await import('../service/maintenance/collect-garbage.ts')

  const report = await onData(config, {
    here: ({ ctx }) => collectGarbage(ctx, COMMAND_LINE, options),
    byServer: (server) => collectByServer(server, options),
  })
  return inWords(report)
}

/** Works on the data in this process, or asks the server that has it open. Throws `not_found` for a folder without data. */
async function onData<T>(
  config: Config,
  work: { here: (components: Components) => Promise<T>; byServer: (server: FoundServer) => Promise<T> },
): Promise<T> {
  const { findServer } = await import('./ask-server.ts')
  const { hasData } = await import('../server/data-folder.ts')
  const { openUnlessInUse } = await import('../server/components.ts')
  if (!hasData(config.data)) {
    throw new AppError(
      'not_found',
      `${config.data} is no data folder: --data or PKGSERVER_DATA names it, as for serve. If its index is lost, restore it from a backup (pkgserver restore), or rebuild it from the registry (pkgserver reindex).`,
    )
  }
  const components = await openUnlessInUse({ ...config, gcInterval: 0 }, await warnings())
  if (!components) return work.byServer(await findServer(config.data))
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
  const { COMMAND_LINE } = await import('../service/audit/record.ts')
  const { verify: verifyHere } = await import('../service/maintenance/verify/verify.ts')

  const report = await onData(config, {
    here: ({ ctx }) => verifyHere(ctx, COMMAND_LINE, options),
    byServer: (server) => verifyByServer(server, options),
  })
  return { sound: report.differences.every(({ fixed }) => fixed), text: verificationInWords(report) }
}

async function auditVerify(config: Config, heads: ChainHead[]): Promise<{ sound: boolean; text: string }> {
  const { auditInWords, verifyAuditByServer } = await import('./audit.ts')
  const { verifyAudit } = await import('../service/audit/verify.ts')

  const report = await onData(config, {
    here: ({ ctx }) => verifyAudit(ctx, heads),
    byServer: (server) => verifyAuditByServer(server, heads),
  })
  return { sound: report.problems.length === 0, text: auditInWords(report) }
}

async function backup(config: Config, file: string, output: Output): Promise<string> {
  const { backupByServer, writeBackup } = await import('./backup.ts')
  const { COMMAND_LINE } = await import('../service/audit/record.ts')
  const { backup: backupHere } = await import('../service/maintenance/backup/backup.ts')

  const { onStdout, text } = await onData(config, {
    here: ({ ctx }) => writeBackup(() => backupHere(ctx, COMMAND_LINE), file),
    byServer: (server) => writeBackup(() => backupByServer(server), file),
  })
  if (!onStdout) return text
  output.error(text)
  return ''
}

async function accessExport(config: Config, file: string): Promise<string> {
  const { rulesByServer, writeRules } = await import('./access.ts')
  const { accessRules } = await import('../service/accounts/access-rules.ts')
  const { SYSTEM } = await import('../service/access/actor.ts')

  const rules = await onData(config, {
    here: ({ authenticator: { access } }) => accessRules(access, SYSTEM),
    byServer: rulesByServer,
  })
  return writeRules(rules, file)
}

async function accessApply(config: Config, file: string, options: { dryRun: boolean }): Promise<string> {
  const { changesInWords, readRules, replaceByServer } = await import('./access.ts')
  const { replaceAccessRules } = await import('../service/accounts/access-rules.ts')
  const { SYSTEM } = await import('../service/access/actor.ts')

  const rules = await readRules(file)
  const changes = await onData(config, {
    here: ({ authenticator: { access } }) => replaceAccessRules(access, SYSTEM, rules, options),
    byServer: (server) => replaceByServer(server, rules, options),
  })
  return changesInWords(changes, options)
}

async function importGlasskube(
  config: Config,
  location: string,
  { server, tokenFile, ...options }: ImportOptions,
): Promise<{ complete: boolean; text: string }> {
  const { proxiesOf } = await import('../server/proxies.ts')
  const { openTree } = await import('../service/glasskube-source/open-tree.ts')
  const { appApi, elsewhere } = await import('./glasskube/open-api.ts')
  const { importTree } = await import('./glasskube/import-tree.ts')
  const { Progress } = await import('./glasskube/progress.ts')
  const { RestApi } = await import('./glasskube/rest-api.ts')

  const userAgent = `pkgserver/${await version()}`
  const tree = await openTree(location, { userAgent, proxies: proxiesOf(config) })
  const progress = new Progress(process.stderr)
  const into = (api: Api) => importTree({ ...options, api, tree, progress, location })
  const report =
    server !== undefined
      ? await into(await elsewhere(server, tokenFile))
      : await onData(config, {
          here: async (components) => into(await appApi(components)),
          byServer: ({ url, token }) => into(new RestApi(url, token)),
        })
  return { complete: report.complete, text: report.inWords() }
}

async function ready({ listen }: Config): Promise<{ ready: boolean; text: string }> {
  const { askReadiness } = await import('./ready.ts')
  return askReadiness(listen)
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
