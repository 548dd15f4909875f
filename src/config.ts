/** The settings. Nothing else reads the environment. */
import { resolve } from 'node:path'
import { z } from 'zod'
import { AppError } from './errors.ts'

const listen = z
  .string()
  .regex(/^(?:\[[0-9a-fA-F:.]+\]|[^:[\]]*):[0-9]{1,5}$/, 'must be <host>:<port>, like 127.0.0.1:8080')
  .transform((text) => {
    const colon = text.lastIndexOf(':')
    return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) }
  })
  .refine(({ port }) => port <= 65535, 'must have a port of at most 65535')

const publicUrl = z
  .url({ protocol: /^https?$/, error: 'must be a URL with http or https' })
  .transform((text) => new URL(text))
  .refine(({ pathname, search }) => pathname === '/' && search === '', 'must be a URL without a path')

/** Name in the environment, flag of `serve`, what it is for, and the schema of each setting. */
export const SETTINGS = {
  listen: {
    env: 'PKGSERVER_LISTEN',
    flag: 'listen',
    help: 'address and port to listen on; port 0 picks a free one',
    initial: '127.0.0.1:8080',
    schema: listen,
  },
  data: {
    env: 'PKGSERVER_DATA',
    flag: 'data',
    help: 'folder for the index and the embedded registry',
    initial: './data',
    schema: z
      .string()
      .min(1)
      .transform((path) => resolve(path)),
  },
  publicUrl: {
    env: 'PKGSERVER_PUBLIC_URL',
    flag: 'public-url',
    help: 'URL at which clients reach the server, if it is not the address it listens on',
    initial: undefined,
    schema: publicUrl.optional(),
  },
  registry: {
    env: 'PKGSERVER_REGISTRY',
    flag: 'registry',
    help: 'where artifacts are stored: "embedded"',
    initial: 'embedded',
    schema: z.literal('embedded', 'must be "embedded": this version has no other registry'),
  },
  blobs: {
    env: 'PKGSERVER_BLOBS',
    flag: 'blobs',
    help: 'where the embedded registry keeps its blobs: "fs", the data folder',
    initial: 'fs',
    schema: z.literal('fs', 'must be "fs": this version has no other store'),
  },
  logLevel: {
    env: 'PKGSERVER_LOG_LEVEL',
    flag: 'log-level',
    help: 'least important log lines to write: trace, debug, info, warn, error, fatal or silent',
    initial: 'info',
    schema: z.enum(
      ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
      'must be trace, debug, info, warn, error, fatal or silent',
    ),
  },
} as const

export type Config = { [Name in keyof typeof SETTINGS]: z.output<(typeof SETTINGS)[Name]['schema']> }

/** The settings from flags, which win, and the environment. Throws `invalid`, naming each that is wrong. */
export function readConfig(
  flags: Readonly<Record<string, string | undefined>> = {},
  env: Readonly<Record<string, string | undefined>> = process.env,
): Config {
  const wrong: string[] = []
  const values = Object.entries(SETTINGS).map(([name, setting]) => {
    const text = flags[setting.flag] ?? (env[setting.env] || undefined) ?? setting.initial
    const parsed = setting.schema.safeParse(text)
    if (!parsed.success) {
      const reasons = parsed.error.issues.map(({ message }) => message).join('; ')
      wrong.push(`${setting.env} (--${setting.flag}) "${text}": ${reasons}`)
    }
    return [name, parsed.data]
  })
  if (wrong.length > 0) throw new AppError('invalid', `settings that are not valid:\n  ${wrong.join('\n  ')}`)
  return Object.fromEntries(values) as Config
}
