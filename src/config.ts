/** The settings. Nothing else reads the environment. */
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { parseDuration } from './core/duration.ts'
import { AppError } from './core/errors.ts'

const listen = z
  .string()
  .regex(/^(?:\[[0-9a-fA-F:.]+\]|[^:[\]]*):[0-9]{1,5}$/, 'must be <host>:<port>, like 127.0.0.1:8080')
  .transform((text) => {
    const colon = text.lastIndexOf(':')
    return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) }
  })
  .refine(({ port }) => port <= 65535, 'must have a port of at most 65535')

const rootUrl = z
  .url({ protocol: /^https?$/, error: 'must be a URL with http or https' })
  .transform((text) => new URL(text))
  .refine(({ pathname, search }) => pathname === '/' && search === '', 'must be a URL without a path')

/** Names that need no escape anywhere. Those of buckets are the servers' business: not all have the rules of AWS. */
const S3_PLACE = /^s3:\/\/(?<bucket>[A-Za-z0-9._-]+)(?:\/(?<prefix>[A-Za-z0-9._/-]*))?$/

export type BlobsSetting = { kind: 'fs' } | { kind: 's3'; bucket: string; prefix: string }

const blobs = z.string().transform((text, context): BlobsSetting => {
  if (text === 'fs') return { kind: 'fs' }
  const { bucket, prefix = '' } = S3_PLACE.exec(text)?.groups ?? {}
  if (bucket) return { kind: 's3', bucket, prefix: prefix.replace(/^\/+|\/+$/g, '') }
  context.addIssue('must be "fs" or s3://<bucket>/<prefix>, of letters, digits, ".", "_" and "-"')
  return z.NEVER
})

export type RegistrySetting = { kind: 'embedded' } | { kind: 'remote'; url: URL }

const registry = z.string().transform((text, context): RegistrySetting => {
  if (text === 'embedded') return { kind: 'embedded' }
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && /^https?:$/.test(url.protocol) && url.username + url.password + url.search + url.hash === '')
    return { kind: 'remote', url }
  context.addIssue(
    'must be "embedded", or the URL of a registry, like https://registry.example.com/team, without user name',
  )
  return z.NEVER
})

/** In milliseconds. */
const duration = z.string().transform((text, context) => {
  const milliseconds = parseDuration(text)
  if (milliseconds !== undefined) return milliseconds
  context.addIssue('must be a number and a unit, like 30s, 10m, 1h or 7d, or 0')
  return z.NEVER
})

const hosts = z
  .string()
  .transform((text) => text.split(',').map((host) => host.trim().toLowerCase()))
  .refine(
    (names) =>
      names.every((name) => name === '*' || /^(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?$/.test(name)),
    'must be hosts, like ghcr.io, with a port or without, separated by commas, or *',
  )

const UNIT_BYTES = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 }

/** In bytes. */
const size = z
  .string()
  .regex(/^(?:0|[0-9]{1,6}(?:Ki|Mi|Gi))$/, 'must be a number and a unit, like 256Mi or 2Gi, or 0')
  .transform(
    (text) => Number.parseInt(text, 10) * (UNIT_BYTES[text.slice(-2) as keyof typeof UNIT_BYTES] ?? 0),
  )

const yesOrNo = z.enum(['true', 'false'], 'must be true or false').transform((text) => text === 'true')

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
    schema: rootUrl.optional(),
  },
  registry: {
    env: 'PKGSERVER_REGISTRY',
    flag: 'registry',
    help: 'where artifacts are stored: "embedded", or a registry elsewhere, as https://<host>/<prefix>',
    initial: 'embedded',
    schema: registry,
  },
  registryConfig: {
    env: 'PKGSERVER_REGISTRY_CONFIG',
    flag: 'registry-config',
    help: "credentials for that registry: a config.json of docker's, in DOCKER_CONFIG or ~/.docker if not here",
    initial: undefined,
    schema: z
      .string()
      .transform((path) => resolve(path))
      .optional(),
  },
  registryUsername: {
    env: 'PKGSERVER_REGISTRY_USERNAME',
    flag: 'registry-username',
    help: 'or a user name for it, with PKGSERVER_REGISTRY_PASSWORD in the environment',
    initial: undefined,
    schema: z.string().optional(),
  },
  registryPassword: {
    env: 'PKGSERVER_REGISTRY_PASSWORD',
    // Everybody on a machine sees the flags of its processes.
    flag: undefined,
    help: 'the password of that user',
    initial: undefined,
    schema: z.string().optional(),
  },
  blobs: {
    env: 'PKGSERVER_BLOBS',
    flag: 'blobs',
    help: 'where the embedded registry keeps its blobs: "fs", the data folder, or s3://<bucket>/<prefix>',
    initial: 'fs',
    schema: blobs,
  },
  s3Endpoint: {
    env: 'PKGSERVER_S3_ENDPOINT',
    flag: 's3-endpoint',
    help: 'URL of an S3 server other than AWS',
    initial: undefined,
    schema: rootUrl.optional(),
  },
  s3Region: {
    env: 'PKGSERVER_S3_REGION',
    flag: 's3-region',
    help: 'region of the bucket, if it is not the one of AWS_REGION or of the profile',
    initial: undefined,
    schema: z
      .string()
      .regex(/^[A-Za-z0-9-]+$/, 'must be the name of a region, like eu-west-1')
      .optional(),
  },
  s3Redirects: {
    env: 'PKGSERVER_S3_REDIRECTS',
    flag: 's3-redirects',
    help: 'whether clients fetch blobs from S3 themselves, by links that are good for 20 minutes: true or false',
    initial: 'false',
    schema: yesOrNo,
  },
  s3RedirectEndpoint: {
    env: 'PKGSERVER_S3_REDIRECT_ENDPOINT',
    flag: 's3-redirect-endpoint',
    help: 'URL at which clients reach S3, if it is not the one that the server uses',
    initial: undefined,
    schema: rootUrl.optional(),
  },
  sourceHosts: {
    env: 'PKGSERVER_SOURCE_HOSTS',
    flag: 'source-hosts',
    help: 'registries that repositories may be filled from, separated by commas, or *; if not here, all but private addresses',
    initial: undefined,
    schema: hosts.optional(),
  },
  gcInterval: {
    env: 'PKGSERVER_GC_INTERVAL',
    flag: 'gc-interval',
    help: 'time between collections of garbage in the embedded registry; 0 for none',
    initial: '24h',
    schema: duration,
  },
  gcGrace: {
    env: 'PKGSERVER_GC_GRACE',
    flag: 'gc-grace',
    help: 'how long what nothing needs is kept; the same for all processes that share a bucket',
    initial: '1h',
    schema: duration,
  },
  webhookTargets: {
    env: 'PKGSERVER_WEBHOOK_TARGETS',
    flag: 'webhook-targets',
    help: 'where webhooks may lead: public addresses; private, which has those of a cluster, too; or loopback, with this machine as well',
    initial: 'private',
    schema: z.enum(['public', 'private', 'loopback'], 'must be public, private or loopback'),
  },
  minFree: {
    env: 'PKGSERVER_MIN_FREE',
    flag: 'min-free',
    help: 'with less free room than that on the disk of the data folder, nothing is written; 0 to go on until it is full',
    initial: '256Mi',
    schema: size,
  },
  stopDelay: {
    env: 'PKGSERVER_STOP_DELAY',
    flag: 'stop-delay',
    help: 'how long the server still takes requests when it is told to stop, while /readyz says so to load balancers',
    initial: '0',
    schema: duration,
  },
  traces: {
    // As all programs call it that speak this protocol.
    env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    flag: 'otlp-endpoint',
    help: 'URL of a collector of OpenTelemetry to which traces are sent, like http://localhost:4318',
    initial: undefined,
    schema: z
      .url({ protocol: /^https?$/, error: 'must be a URL with http or https' })
      .transform((text) => new URL(text))
      .optional(),
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
    const flag = setting.flag && flags[setting.flag]
    const text = flag ?? (env[setting.env] || undefined) ?? setting.initial
    const parsed = setting.schema.safeParse(text)
    if (!parsed.success) {
      const reasons = parsed.error.issues.map(({ message }) => message).join('; ')
      const names = setting.flag ? `${setting.env} (--${setting.flag})` : setting.env
      wrong.push(`${names} "${text}": ${reasons}`)
    }
    return [name, parsed.data]
  })
  const config = Object.fromEntries(values) as Config
  if (wrong.length === 0) wrong.push(...contradictions(config))
  if (wrong.length > 0) throw new AppError('invalid', `settings that are not valid:\n  ${wrong.join('\n  ')}`)
  return { ...config, registryConfig: config.registryConfig ?? dockerConfig(env) }
}

function contradictions({ registry, blobs, registryUsername, registryPassword }: Config): string[] {
  const wrong: string[] = []
  if (registry.kind === 'remote' && blobs.kind === 's3')
    wrong.push('PKGSERVER_BLOBS is of the embedded registry, and PKGSERVER_REGISTRY names another one')
  if ((registryUsername === undefined) !== (registryPassword === undefined))
    wrong.push('PKGSERVER_REGISTRY_USERNAME and PKGSERVER_REGISTRY_PASSWORD go together')
  return wrong
}

/** Where docker and others keep credentials; undefined where they keep none. */
function dockerConfig(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const path = join(env.DOCKER_CONFIG ?? join(env.HOME ?? homedir(), '.docker'), 'config.json')
  return existsSync(path) ? path : undefined
}
