/** The settings. Nothing else reads the environment. */
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import {
  baseUrl,
  blobs,
  duration,
  groups,
  hosts,
  issuerUrl,
  listen,
  networks,
  proxy,
  registry,
  rootUrl,
  scopes,
  size,
  yesOrNo,
} from './config-values.ts'
import { AppError } from './core/errors.ts'

/** Environment variable, flag, help text, default and schema of each setting. */
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
    help: 'URL at which clients reach the server, if it differs from the address it listens on',
    initial: undefined,
    schema: rootUrl.optional(),
  },
  hosts: {
    env: 'PKGSERVER_HOSTS',
    flag: 'hosts',
    help: 'more names by which clients call the server, separated by commas, or *; it knows its public URL, addresses, and names of one word or in a cluster',
    initial: undefined,
    schema: hosts.optional(),
  },
  trustedProxies: {
    env: 'PKGSERVER_TRUSTED_PROXIES',
    flag: 'trusted-proxies',
    help: 'addresses of proxies whose X-Forwarded-For is believed, like 10.0.0.7 or 10.0.0.0/8, separated by commas',
    initial: undefined,
    schema: networks.optional(),
  },
  auth: {
    env: 'PKGSERVER_AUTH',
    flag: 'auth',
    help: 'whether callers need rights: required; open, where every caller may do everything; or auto, which is open on a loopback address until there is a first account, and otherwise required',
    initial: 'auto',
    schema: z.enum(['auto', 'required', 'open'], 'must be auto, required or open'),
  },
  adminTokenFile: {
    env: 'PKGSERVER_ADMIN_TOKEN_FILE',
    flag: 'admin-token-file',
    help: 'file with the token of an admin, of at least 32 characters',
    initial: undefined,
    schema: z
      .string()
      .transform((path) => resolve(path))
      .optional(),
  },
  adminGroups: {
    env: 'PKGSERVER_ADMIN_GROUPS',
    flag: 'admin-groups',
    help: 'groups of the identity provider whose members are admins, separated by commas',
    initial: undefined,
    schema: groups.optional(),
  },
  oidcIssuer: {
    env: 'PKGSERVER_OIDC_ISSUER',
    flag: 'oidc-issuer',
    help: 'URL of the identity provider with which people log in (OpenID Connect)',
    initial: undefined,
    schema: issuerUrl.optional(),
  },
  oidcClientId: {
    env: 'PKGSERVER_OIDC_CLIENT_ID',
    flag: 'oidc-client-id',
    help: 'id of this server at the identity provider',
    initial: undefined,
    schema: z.string().optional(),
  },
  oidcClientSecretFile: {
    env: 'PKGSERVER_OIDC_CLIENT_SECRET_FILE',
    flag: 'oidc-client-secret-file',
    help: 'file with the secret of that client; none for a public client',
    initial: undefined,
    schema: z
      .string()
      .transform((path) => resolve(path))
      .optional(),
  },
  oidcScopes: {
    env: 'PKGSERVER_OIDC_SCOPES',
    flag: 'oidc-scopes',
    help: 'scopes to ask the identity provider for, with blanks between; many have groups or offline_access, too',
    initial: 'openid profile email',
    schema: scopes,
  },
  oidcGroupsClaim: {
    env: 'PKGSERVER_OIDC_GROUPS_CLAIM',
    flag: 'oidc-groups-claim',
    help: 'claim with the groups of a person',
    initial: 'groups',
    schema: z.string(),
  },
  oidcUsernameClaim: {
    env: 'PKGSERVER_OIDC_USERNAME_CLAIM',
    flag: 'oidc-username-claim',
    help: 'claim from which the name of a new user is made; it never says who a person is',
    initial: 'preferred_username',
    schema: z.string(),
  },
  registry: {
    env: 'PKGSERVER_REGISTRY',
    flag: 'registry',
    help: 'where artifacts are stored: "embedded", or an external registry as https://<host>/<prefix>',
    initial: 'embedded',
    schema: registry,
  },
  registryConfig: {
    env: 'PKGSERVER_REGISTRY_CONFIG',
    flag: 'registry-config',
    help: 'docker config.json with the credentials for that registry; by default in DOCKER_CONFIG or ~/.docker',
    initial: undefined,
    schema: z
      .string()
      .transform((path) => resolve(path))
      .optional(),
  },
  registryUsername: {
    env: 'PKGSERVER_REGISTRY_USERNAME',
    flag: 'registry-username',
    help: 'user name for that registry, with PKGSERVER_REGISTRY_PASSWORD in the environment',
    initial: undefined,
    schema: z.string().optional(),
  },
  registryPassword: {
    env: 'PKGSERVER_REGISTRY_PASSWORD',
    // Every user of a machine can see the flags of its processes.
    flag: undefined,
    help: 'password of that user',
    initial: undefined,
    schema: z.string().optional(),
  },
  blobs: {
    env: 'PKGSERVER_BLOBS',
    flag: 'blobs',
    help: 'where the embedded registry stores its blobs: "fs" for the data folder, or s3://<bucket>/<prefix>',
    initial: 'fs',
    schema: blobs,
  },
  s3Endpoint: {
    env: 'PKGSERVER_S3_ENDPOINT',
    flag: 's3-endpoint',
    help: 'URL of an S3 server other than AWS, with a path if it is below one',
    initial: undefined,
    schema: baseUrl.optional(),
  },
  s3PathStyle: {
    env: 'PKGSERVER_S3_PATH_STYLE',
    flag: 's3-path-style',
    help: 'whether the bucket is in the path of URLs (true) or in the host name (false); by default in the path if there is an endpoint',
    initial: undefined,
    schema: yesOrNo.optional(),
  },
  s3Region: {
    env: 'PKGSERVER_S3_REGION',
    flag: 's3-region',
    help: 'region of the bucket, if it differs from AWS_REGION and the profile',
    initial: undefined,
    schema: z
      .string()
      .regex(/^[A-Za-z0-9-]+$/, 'must be the name of a region, like eu-west-1')
      .optional(),
  },
  s3Redirects: {
    env: 'PKGSERVER_S3_REDIRECTS',
    flag: 's3-redirects',
    help: 'whether clients fetch blobs directly from S3, by links that are valid for 20 minutes: true or false',
    initial: 'false',
    schema: yesOrNo,
  },
  s3RedirectEndpoint: {
    env: 'PKGSERVER_S3_REDIRECT_ENDPOINT',
    flag: 's3-redirect-endpoint',
    help: 'URL at which clients reach S3, if it differs from the one that the server uses',
    initial: undefined,
    schema: baseUrl.optional(),
  },
  sourceHosts: {
    env: 'PKGSERVER_SOURCE_HOSTS',
    flag: 'source-hosts',
    help: 'hosts that repositories may be filled from, separated by commas, or *; by default all but private addresses',
    initial: undefined,
    schema: hosts.optional(),
  },
  auditRetention: {
    env: 'PKGSERVER_AUDIT_RETENTION',
    flag: 'audit-retention',
    help: 'how long records of the audit log are kept; 0 for ever',
    initial: '400d',
    schema: duration,
  },
  auditAddresses: {
    env: 'PKGSERVER_AUDIT_ADDRESSES',
    flag: 'audit-addresses',
    help: 'how long the addresses of clients are kept in the audit log; 0 as long as the records',
    initial: '30d',
    schema: duration,
  },
  gcInterval: {
    env: 'PKGSERVER_GC_INTERVAL',
    flag: 'gc-interval',
    help: 'time between garbage collections in the embedded registry; 0 for none',
    initial: '24h',
    schema: duration,
  },
  gcGrace: {
    env: 'PKGSERVER_GC_GRACE',
    flag: 'gc-grace',
    help: 'how long unused content is kept; use the same for all processes that share a bucket',
    initial: '1h',
    schema: duration,
  },
  webhookTargets: {
    env: 'PKGSERVER_WEBHOOK_TARGETS',
    flag: 'webhook-targets',
    help: 'addresses that webhooks may call: public; private, which includes those of a cluster; or loopback, which also includes this machine',
    initial: 'private',
    schema: z.enum(['public', 'private', 'loopback'], 'must be public, private or loopback'),
  },
  httpProxy: {
    env: 'HTTP_PROXY',
    flag: undefined,
    help: 'proxy for http:// URLs of other servers; also in lower case',
    initial: undefined,
    schema: proxy.optional(),
  },
  httpsProxy: {
    env: 'HTTPS_PROXY',
    flag: undefined,
    help: 'proxy for https:// URLs of other servers; also in lower case',
    initial: undefined,
    schema: proxy.optional(),
  },
  noProxy: {
    env: 'NO_PROXY',
    flag: undefined,
    help: 'hosts that are reached without a proxy, separated by commas; also in lower case',
    initial: undefined,
    schema: z.string().optional(),
  },
  minFree: {
    env: 'PKGSERVER_MIN_FREE',
    flag: 'min-free',
    help: 'the server is read-only with less free disk space than this; 0 for never',
    initial: '256Mi',
    schema: size,
  },
  memory: {
    env: 'PKGSERVER_MEMORY',
    flag: 'memory',
    help: 'memory that the server may use, from which the sizes of packages and the like follow; by default that of the container or machine',
    initial: undefined,
    schema: size.refine((bytes) => bytes >= 128 * 2 ** 20, 'must be at least 128Mi').optional(),
  },
  stopDelay: {
    env: 'PKGSERVER_STOP_DELAY',
    flag: 'stop-delay',
    help: 'how long the server still takes requests after SIGTERM, while /readyz tells load balancers that it is stopping',
    initial: '0',
    // Longer than any load balancer takes to notice; and timers are limited.
    schema: duration.refine((milliseconds) => milliseconds <= 3_600_000, 'must be at most 1h'),
  },
  traces: {
    // The standard name: https://opentelemetry.io/docs/specs/otel/protocol/exporter/
    env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    flag: 'otlp-endpoint',
    help: 'URL of an OpenTelemetry collector to send traces to, like http://localhost:4318',
    initial: undefined,
    schema: z
      .url({ protocol: /^https?$/, error: 'must be a URL with http or https' })
      .transform((text) => new URL(text))
      .optional(),
  },
  logLevel: {
    env: 'PKGSERVER_LOG_LEVEL',
    flag: 'log-level',
    help: 'lowest level of log lines to write: trace, debug, info, warn, error, fatal or silent',
    initial: 'info',
    schema: z.enum(
      ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
      'must be trace, debug, info, warn, error, fatal or silent',
    ),
  },
} as const

export type Config = { [Name in keyof typeof SETTINGS]: z.output<(typeof SETTINGS)[Name]['schema']> }

/** Reads the settings from flags, which win, and the environment. Throws `invalid`, naming each invalid setting. */
export function readConfig(
  flags: Readonly<Record<string, string | undefined>> = {},
  env: Readonly<Record<string, string | undefined>> = process.env,
): Config {
  const wrong: string[] = []
  const values = Object.entries(SETTINGS).map(([name, setting]) => {
    const flag = setting.flag && flags[setting.flag]
    // By convention, the names of proxies are in lower case as well.
    const text = flag ?? (env[setting.env] || env[setting.env.toLowerCase()] || undefined) ?? setting.initial
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
  if (wrong.length > 0) throw new AppError('invalid', `invalid settings:\n  ${wrong.join('\n  ')}`)
  return { ...config, registryConfig: config.registryConfig ?? dockerConfig(env) }
}

function contradictions(config: Config): string[] {
  const { registry, blobs, registryUsername, registryPassword, oidcIssuer, oidcClientId } = config
  const wrong: string[] = []
  if (registry.kind === 'remote' && blobs.kind === 's3')
    wrong.push('PKGSERVER_BLOBS is for the embedded registry, but PKGSERVER_REGISTRY names an external one')
  if ((registryUsername === undefined) !== (registryPassword === undefined))
    wrong.push('PKGSERVER_REGISTRY_USERNAME and PKGSERVER_REGISTRY_PASSWORD must be set together')
  if ((oidcIssuer === undefined) !== (oidcClientId === undefined))
    wrong.push('PKGSERVER_OIDC_ISSUER and PKGSERVER_OIDC_CLIENT_ID must be set together')
  if (config.oidcClientSecretFile !== undefined && oidcIssuer === undefined)
    wrong.push(
      'PKGSERVER_OIDC_CLIENT_SECRET_FILE is for an identity provider: PKGSERVER_OIDC_ISSUER names it',
    )
  return wrong
}

/** Returns the file in which docker and others store credentials, if there is one. */
function dockerConfig(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const path = join(env.DOCKER_CONFIG ?? join(env.HOME ?? homedir(), '.docker'), 'config.json')
  return existsSync(path) ? path : undefined
}
