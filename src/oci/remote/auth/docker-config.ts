/** https://github.com/docker/cli/blob/master/cli/config/configfile/file.go */
import { readFile, stat } from 'node:fs/promises'
import { OciError } from '../../errors.ts'
import { askHelper } from './credential-helper.ts'
import type { Credentials, CredentialsProvider } from './credentials.ts'

type Entry = {
  auth?: unknown
  username?: unknown
  password?: unknown
  identitytoken?: unknown
  registrytoken?: unknown
}

type Config = {
  auths: Record<string, Entry>
  credHelpers: Record<string, string>
  credsStore: string | undefined
}

/** Docker's own registry goes by this name in configurations, whatever its host is called. */
const DOCKER_HUB = 'https://index.docker.io/v1/'
const DOCKER_HUB_HOSTS = ['docker.io', 'index.docker.io', 'registry-1.docker.io']

/**
 * The credentials in a `config.json` as `docker login` writes it and Kubernetes mounts it. It is read again when it
 * changes. Throws `denied` where it cannot be read.
 */
export function dockerConfigCredentials(path: string): CredentialsProvider {
  let known: { version: string; config: Config } | undefined
  return async (registry) => {
    const version = await versionOf(path)
    if (known?.version !== version) known = { version, config: await load(path) }
    return find(known.config, registry)
  }
}

async function find(config: Config, registry: URL): Promise<Credentials | undefined> {
  const isDockerHub = DOCKER_HUB_HOSTS.includes(registry.host)
  const server = isDockerHub ? DOCKER_HUB : registry.host
  const own = [server, ...(isDockerHub ? DOCKER_HUB_HOSTS : [])]
  const helper = own.map((key) => config.credHelpers[key]).find(Boolean) ?? config.credsStore
  const fromHelper = helper === undefined ? undefined : await askHelper(helper, server)
  return fromHelper ?? entryFor(config, registry, isDockerHub)
}

/** The entry whose key says most about the registry: some are for a path of it only. */
function entryFor(config: Config, registry: URL, isDockerHub: boolean): Credentials | undefined {
  const path = `${registry.pathname.replace(/\/$/, '')}/`
  const fitting = Object.entries(config.auths)
    .map(([key, entry]) => ({ ...splitKey(key), entry }))
    .filter(({ host }) => (isDockerHub ? DOCKER_HUB_HOSTS.includes(host) : host === registry.host))
    .filter(({ folder }) => path.startsWith(folder))
    .sort((a, b) => b.folder.length - a.folder.length)
  for (const { entry } of fitting) {
    const credentials = credentialsIn(entry)
    if (credentials) return credentials
  }
  return undefined
}

/** Keys are hosts, or URLs that end in the version of an API, or hosts with a path. */
function splitKey(key: string): { host: string; folder: string } {
  const [host = '', ...path] = key.replace(/^https?:\/\//, '').split('/')
  const folder = path.join('/').replace(/\/$/, '')
  return { host: host.toLowerCase(), folder: /^(?:v[12])?$/.test(folder) ? '/' : `/${folder}/` }
}

function credentialsIn(entry: Entry): Credentials | undefined {
  const { auth, username, password, identitytoken, registrytoken } = entry
  // The first colon ends the name; Docker's own files may have a zero byte behind the password.
  const decoded = text(auth) ? Buffer.from(String(auth), 'base64').toString().replace(/\0+$/, '') : ''
  const colon = decoded.indexOf(':')
  const name = colon > 0 ? decoded.slice(0, colon) : text(username)
  const secret = colon > 0 ? decoded.slice(colon + 1) : text(password)
  const credentials: Credentials = {
    ...(name && secret && { username: name, password: secret }),
    ...(text(identitytoken) && { identityToken: String(identitytoken) }),
    ...(text(registrytoken) && { registryToken: String(registrytoken) }),
  }
  return Object.keys(credentials).length === 0 ? undefined : credentials
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Kubernetes replaces the file behind a link, so that its number changes, too. */
async function versionOf(path: string): Promise<string> {
  try {
    const { mtimeNs, size, ino } = await stat(path, { bigint: true })
    return `${mtimeNs} ${size} ${ino}`
  } catch (error) {
    throw unreadable(path, (error as NodeJS.ErrnoException).code ?? 'it failed')
  }
}

async function load(path: string): Promise<Config> {
  let value: unknown
  try {
    value = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    // The words of a parser quote the file, which is secret.
    throw unreadable(path, (error as NodeJS.ErrnoException).code ?? 'it is not JSON')
  }
  const { auths, credHelpers, credsStore } = record(value)
  return {
    auths: Object.fromEntries(Object.entries(record(auths)).map(([key, entry]) => [key, record(entry)])),
    credHelpers: Object.fromEntries(
      Object.entries(record(credHelpers)).map(([host, helper]) => [host, String(helper)]),
    ),
    credsStore: text(credsStore),
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {}
}

function unreadable(path: string, why: string): OciError {
  return new OciError(
    'denied',
    `the file with the credentials of registries, ${path}, cannot be read: ${why}`,
  )
}
