/** https://github.com/docker/cli/blob/master/cli/config/configfile/file.go */
import { readFile, stat } from 'node:fs/promises'
import { OciError } from '../../errors.ts'
import { asRecord } from '../../json.ts'
import { hostWithPort } from '../hosts.ts'
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

/** Configurations name Docker Hub by this URL, whatever host is used to reach it. */
const DOCKER_HUB = 'https://index.docker.io/v1/'
const DOCKER_HUB_HOSTS = ['docker.io', 'index.docker.io', 'registry-1.docker.io']

/**
 * Looks up credentials in a `config.json` as written by `docker login` or mounted by Kubernetes, and reads it again
 * when it changes. Throws `denied` if it cannot be read.
 */
export function dockerConfigCredentials(path: string): CredentialsProvider {
  let cached: { version: string; config: Config } | undefined
  return async (registry) => {
    const version = await versionOf(path)
    if (cached?.version !== version) cached = { version, config: await load(path) }
    return find(cached.config, registry)
  }
}

async function find(config: Config, registry: URL): Promise<Credentials | undefined> {
  const isDockerHub = DOCKER_HUB_HOSTS.includes(registry.host)
  // `docker login host:443` stores the port, which URLs leave out.
  const servers = isDockerHub ? [DOCKER_HUB] : [registry.host, hostWithPort(registry)]
  const names = [...servers, ...(isDockerHub ? DOCKER_HUB_HOSTS : [])]
  const helper = names.map((key) => config.credHelpers[key]).find(Boolean) ?? config.credsStore
  if (helper !== undefined) {
    for (const server of new Set(servers)) {
      const credentials = await askHelper(helper, server)
      if (credentials) return credentials
    }
  }
  return entryFor(config, registry, isDockerHub)
}

/** Returns the credentials whose key is the most specific match, as some keys cover only a path of a registry. */
function entryFor(config: Config, registry: URL, isDockerHub: boolean): Credentials | undefined {
  const own = isDockerHub ? DOCKER_HUB_HOSTS : [registry.host]
  const hosts = own.flatMap((host) => [host, hostWithPort(new URL(`${registry.protocol}//${host}`))])
  const path = `${registry.pathname.replace(/\/$/, '')}/`
  const matching = Object.entries(config.auths)
    .map(([key, entry]) => ({ ...splitKey(key), entry }))
    .filter(({ host }) => hosts.includes(host))
    .filter(({ folder }) => path.startsWith(folder))
    .sort((a, b) => b.folder.length - a.folder.length)
  for (const { entry } of matching) {
    const credentials = credentialsIn(entry)
    if (credentials) return credentials
  }
  return undefined
}

/** Splits a key, which is a host, a host with a path, or a URL that ends in an API version. */
function splitKey(key: string): { host: string; folder: string } {
  const [host = '', ...path] = key.replace(/^https?:\/\//, '').split('/')
  const folder = path.join('/').replace(/\/$/, '')
  return { host: host.toLowerCase(), folder: /^(?:v[12])?$/.test(folder) ? '/' : `/${folder}/` }
}

function credentialsIn(entry: Entry): Credentials | undefined {
  const { auth, username, password, identitytoken, registrytoken } = entry
  // The first colon ends the username. Files written by Docker may have NUL bytes after the password.
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

/** Includes the inode, which changes when Kubernetes swaps the symlink of a mounted file. */
async function versionOf(path: string): Promise<string> {
  try {
    const { mtimeNs, size, ino } = await stat(path, { bigint: true })
    return `${mtimeNs} ${size} ${ino}`
  } catch (error) {
    throw unreadable(path, (error as NodeJS.ErrnoException).code ?? 'unknown error')
  }
}

async function load(path: string): Promise<Config> {
  let value: unknown
  try {
    value = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    // The parser's message would quote the file, which is secret.
    throw unreadable(path, (error as NodeJS.ErrnoException).code ?? 'it is not JSON')
  }
  const { auths, credHelpers, credsStore } = asRecord(value)
  return {
    auths: Object.fromEntries(Object.entries(asRecord(auths)).map(([key, entry]) => [key, asRecord(entry)])),
    credHelpers: Object.fromEntries(
      Object.entries(asRecord(credHelpers)).map(([host, helper]) => [host, String(helper)]),
    ),
    credsStore: text(credsStore),
  }
}

function unreadable(path: string, why: string): OciError {
  return new OciError('denied', `cannot read registry credentials from ${path}: ${why}`)
}
