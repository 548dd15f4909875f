/** Parses the command line and runs the command. */
import { parseArgs } from 'node:util'
import { type Config, readConfig, SETTINGS } from '../config.ts'
import { AppError } from '../core/errors.ts'
import type { ChainHead } from '../domain/audit/chain.ts'
import { labelProblem } from '../domain/names.ts'
import { headsOf } from './audit.ts'

/** The commands. Those that resolve to a text resolve to what to print. */
export type Commands = {
  serve: (config: Config) => Promise<void>
  /** Collects garbage; with `dryRun` only lists it. */
  gc: (config: Config, options: { dryRun: boolean }) => Promise<string>
  /** Rebuilds the index from the registry. `names`: the OCI repositories to read, or none for all of them. */
  reindex: (config: Config, options: { force: boolean; names: string[] }) => Promise<string>
  /** Compares index and registry. `sound`: whether they agree in the end. */
  verify: (config: Config, options: { fix: boolean }) => Promise<{ sound: boolean; text: string }>
  /** Verifies the audit log. `heads`: those that were kept elsewhere. */
  auditVerify: (config: Config, heads: ChainHead[]) => Promise<{ sound: boolean; text: string }>
  /** Writes all data to a file. */
  backup: (config: Config, file: string) => Promise<string>
  /** Creates a data folder from such a file. */
  restore: (config: Config, file: string) => Promise<string>
  /** Writes bindings and service accounts to a file. */
  accessExport: (config: Config, file: string) => Promise<string>
  /** Makes them those of such a file; with `dryRun` only says what would change. */
  accessApply: (config: Config, file: string, options: { dryRun: boolean }) => Promise<string>
  /** Imports a tree of Glasskube packages. `complete`: whether all of it is on the server in the end. */
  importGlasskube: (
    config: Config,
    location: string,
    options: ImportOptions,
  ) => Promise<{ complete: boolean; text: string }>
  /** Asks the server at the address of the settings. */
  ready: (config: Config) => Promise<{ ready: boolean; text: string }>
  /** The API document as YAML. */
  openapi: () => Promise<string>
  version: () => Promise<string>
}

export type ImportOptions = {
  repository: string
  asPublished: boolean
  /** A server elsewhere, and the file with a token for it; undefined for the data folder of the settings. */
  server: string | undefined
  tokenFile: string | undefined
}

export type Output = { out: (text: string) => void; error: (text: string) => void }

/** Runs a command. Resolves to the exit code. */
export async function run(argv: readonly string[], commands: Commands, output: Output): Promise<number> {
  const [command = 'help', ...rest] = argv
  if (rest.includes('--help') || rest.includes('-h')) return run(['help'], commands, output)
  try {
    switch (command) {
      case 'serve':
        await commands.serve(parsed(rest, [], []).config)
        return 0
      case 'gc': {
        const { config, given } = parsed(rest, ['dry-run'], [])
        output.out(await commands.gc(config, { dryRun: given.has('dry-run') }))
        return 0
      }
      case 'reindex': {
        const { config, given, names } = parsed(rest, ['force'])
        output.out(await commands.reindex(config, { force: given.has('force'), names }))
        return 0
      }
      case 'verify': {
        const { config, given } = parsed(rest, ['fix'], [])
        const { sound, text } = await commands.verify(config, { fix: given.has('fix') })
        output.out(text)
        return sound ? 0 : 1
      }
      case 'audit': {
        const { config, names } = parsed(rest, [])
        const [verb, ...heads] = names
        if (verb !== 'verify')
          throw new AppError('invalid', `there is no command "audit ${verb ?? ''}": run audit verify`)
        const { sound, text } = await commands.auditVerify(config, headsOf(heads))
        output.out(text)
        return sound ? 0 : 1
      }
      case 'backup':
      case 'restore': {
        const { config, names } = parsed(rest, [], ['FILE'])
        output.out(await commands[command](config, names[0] ?? ''))
        return 0
      }
      case 'access': {
        const { config, given, names } = parsed(rest, ['dry-run'], ['export or apply', 'FILE'])
        output.out(await accessCommand(commands, config, names, given.has('dry-run')))
        return 0
      }
      case 'import': {
        const { config, given, names, texts } = parsed(
          rest,
          ['as-published'],
          ['glasskube', 'DIR or URL'],
          IMPORT,
        )
        const [format, location = ''] = names
        if (format !== 'glasskube')
          throw new AppError('invalid', `there is no import of ${format}: glasskube is`)
        const options = importOptions(texts, given)
        const { complete, text } = await commands.importGlasskube(config, location, options)
        output.out(text)
        return complete ? 0 : 1
      }
      case 'ready': {
        const { ready, text } = await commands.ready(parsed(rest, [], []).config)
        output.out(text)
        return ready ? 0 : 1
      }
      case 'openapi':
        output.out(await commands.openapi())
        return 0
      case 'version':
      case '--version':
        output.out(`${await commands.version()}\n`)
        return 0
      case 'help':
      case '--help':
      case '-h':
        output.out(help())
        return 0
      default:
        output.error(`pkgserver: there is no command "${command}"\n\n${help()}`)
        return 2
    }
  } catch (error) {
    if (!isExpected(error)) throw error
    output.error(`pkgserver: ${error.message}\n`)
    return error instanceof AppError && error.code !== 'invalid' ? 1 : 2
  }
}

async function accessCommand(
  commands: Commands,
  config: Config,
  [verb, file = '']: string[],
  dryRun: boolean,
): Promise<string> {
  if (verb === 'apply') return commands.accessApply(config, file, { dryRun })
  if (verb === 'export' && !dryRun) return commands.accessExport(config, file)
  throw new AppError('invalid', 'write access export FILE, or access apply FILE with or without --dry-run')
}

const IMPORT = ['repository', 'server', 'token-file'] as const

function importOptions(
  { repository = '', server, 'token-file': tokenFile }: { [Name in (typeof IMPORT)[number]]?: string },
  given: ReadonlySet<string>,
): ImportOptions {
  if (repository === '') throw new AppError('invalid', '--repository NAME is missing')
  const problem = labelProblem(repository)
  if (problem) throw new AppError('invalid', `--repository ${repository} ${problem}`)
  if (tokenFile !== undefined && server === undefined)
    throw new AppError('invalid', '--token-file is for a server elsewhere: add --server URL')
  return { repository, asPublished: given.has('as-published'), server, tokenFile }
}

/**
 * Parses flags, switches, positional arguments, and texts, which are the flags of one command. `wanted` names the
 * positional ones; without it any are taken.
 */
function parsed<Text extends string = never>(
  args: readonly string[],
  switches: readonly string[],
  wanted?: readonly string[],
  texts: readonly Text[] = [],
): { config: Config; given: Set<string>; names: string[]; texts: { [Name in Text]?: string } } {
  const flags = Object.values(SETTINGS).flatMap(({ flag }) =>
    flag ? [[flag, { type: 'string' as const }]] : [],
  )
  const options = Object.fromEntries([
    ...flags,
    ...switches.map((name) => [name, { type: 'boolean' as const }]),
    ...texts.map((name) => [name, { type: 'string' as const }]),
  ])
  const { values: all, positionals } = parseArgs({
    args: [...args],
    options,
    strict: true,
    allowPositionals: true,
  })
  if (wanted && positionals.length !== wanted.length) {
    const unexpected = positionals[wanted.length]
    throw new AppError(
      'invalid',
      unexpected === undefined ? `${wanted.join(' ')} is missing` : `unexpected argument "${unexpected}"`,
    )
  }
  const values = all as Record<string, string | boolean | undefined>
  const config = readConfig(values as Record<string, string | undefined>)
  return {
    config,
    given: new Set(switches.filter((name) => values[name])),
    names: positionals,
    texts: Object.fromEntries(texts.map((name) => [name, values[name]])) as { [Name in Text]?: string },
  }
}

/** Mistakes of the user and failures of the machine are shown as a sentence, without a stack. */
function isExpected(error: unknown): error is Error {
  if (error instanceof AppError) return true
  if (!(error instanceof Error)) return false
  return 'syscall' in error || ('code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_'))
}

function help(): string {
  const settings = Object.values(SETTINGS)
  const flagWidth = Math.max(...settings.map(({ flag }) => flag?.length ?? 0)) + 2
  const envWidth = Math.max(...settings.map(({ env }) => env.length))
  const flags = settings.map(({ flag, env, help: text, initial }) => {
    const byDefault = initial === undefined ? '' : ` (${initial})`
    const shown = flag ? `--${flag}` : ''
    return `  ${shown.padEnd(flagWidth)}  ${env.padEnd(envWidth)}  ${text}${byDefault}`
  })
  return [
    'Usage: pkgserver <command>',
    '',
    'Commands:',
    '  serve     run the server',
    '  gc        remove unused content from the embedded registry; --dry-run only lists it',
    '  reindex   rebuild a lost index from the registry; --force moves an existing one aside. If the registry does not',
    '            list its repositories, name the packages: reindex blueprints/nf/upf prod/upf',
    '  verify    compare the index with the registry, and read all content; --fix repairs what can be repaired',
    '  audit     audit verify checks that no record of the audit log is changed or missing; heads that were kept elsewhere',
    '            can be given: audit verify 1042:9f86d0…',
    '  backup    backup FILE writes all data to a file, even while the server runs; - is standard output',
    '  restore   restore FILE creates a data folder from a backup; - is standard input',
    '  access    access export FILE writes bindings and service accounts as YAML; access apply FILE makes them those of',
    '            the file, all or nothing, and deletes others; --dry-run only says what would change; - is standard output',
    '            or input',
    '  import    import glasskube DIR|URL --repository NAME takes the packages of a Glasskube repository as they are, as',
    '            proposals that wait for their reviews, or with --as-published as published revisions; it can be repeated.',
    '            --server URL --token-file FILE name a server elsewhere instead of a data folder',
    '  ready     ask the server at --listen whether it is ready',
    '  openapi   print the API document as YAML',
    '  version   print the version',
    '  help      print this',
    '',
    'Settings of all commands but openapi, version and help: a flag, or an environment variable.',
    ...flags,
    '',
  ].join('\n')
}
