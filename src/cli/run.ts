/** The command line: which command, with which flags. */
import { parseArgs } from 'node:util'
import { type Config, readConfig, SETTINGS } from '../config.ts'
import { AppError } from '../errors.ts'

/** What the commands do; main.ts, which knows all parts, says how. */
export type Commands = {
  serve: (config: Config) => Promise<void>
  /** Collects garbage; what was removed, or with `dryRun` would be, in words. */
  gc: (config: Config, options: { dryRun: boolean }) => Promise<string>
  /** The API document as YAML. */
  openapi: () => Promise<string>
  version: () => Promise<string>
}

export type Output = { out: (text: string) => void; error: (text: string) => void }

/** Runs a command. Resolves to the exit code. */
export async function run(argv: readonly string[], commands: Commands, output: Output): Promise<number> {
  const [command = 'help', ...rest] = argv
  if (rest.includes('--help') || rest.includes('-h')) return run(['help'], commands, output)
  try {
    switch (command) {
      case 'serve':
        await commands.serve(readConfig(flagsOf(rest)))
        return 0
      case 'gc': {
        const dryRun = rest.includes('--dry-run')
        const flags = flagsOf(rest.filter((argument) => argument !== '--dry-run'))
        output.out(await commands.gc(readConfig(flags), { dryRun }))
        return 0
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

function flagsOf(args: readonly string[]): Record<string, string | undefined> {
  const options = Object.fromEntries(
    Object.values(SETTINGS).flatMap(({ flag }) => (flag ? [[flag, { type: 'string' as const }]] : [])),
  )
  return parseArgs({ args: [...args], options, strict: true }).values as Record<string, string | undefined>
}

/** Faults of whoever typed the command, or of the machine: they need a sentence, not a stack. */
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
    '  gc        remove from the embedded registry what nothing needs; --dry-run tells what that is',
    '  openapi   print the API document as YAML',
    '  version   print the version',
    '  help      print this',
    '',
    'Settings of serve and gc: a flag, or the variable of the environment.',
    ...flags,
    '',
  ].join('\n')
}
