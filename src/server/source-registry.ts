/** Opens the registry or the tree that is the source of a repository. */
import { LRUCache } from 'lru-cache'
import type { Config } from '../config.ts'
import { AppError } from '../core/errors.ts'
import { OciError } from '../oci/errors.ts'
import { literalAddress, rangeOf } from '../oci/remote/addresses.ts'
import { dockerConfigCredentials } from '../oci/remote/auth/docker-config.ts'
import { Connections, type Guard, type Proxies } from '../oci/remote/connections.ts'
import { hostWithPort, isLoopback, isPrivate } from '../oci/remote/hosts.ts'
import type { RemoteOptions } from '../oci/remote/options.ts'
import { RemoteRegistry } from '../oci/remote/remote-registry.ts'
import type { OpenSource } from '../service/discovery/source-registry.ts'
import { webTree } from '../service/glasskube-source/web-tree.ts'

/** Registries whose tokens and capabilities are remembered. */
const KEPT = 100

export type SourceSettings = Pick<Config, 'sourceHosts' | 'registryConfig'> & {
  proxies?: Proxies | undefined
}

/**
 * Credentials come from the docker configuration for the host, never from a request. The operator decides which hosts
 * are allowed, as clients make the server send requests there with its credentials.
 */
export function sourceOpener(
  { sourceHosts, registryConfig, proxies }: SourceSettings,
  version: string,
): OpenSource {
  const opened = new LRUCache<string, RemoteRegistry>({ max: KEPT })
  const credentials = registryConfig && dockerConfigCredentials(registryConfig)
  const clientOptions = (url: URL): RemoteOptions & { connections: Connections } => ({
    userAgent: `pkgserver/${version}`,
    connections: new Connections({ guard: guardOf(url, sourceHosts), proxies }),
    ...(credentials ? { credentials } : {}),
  })
  const open = (url: URL): RemoteRegistry => {
    try {
      return new RemoteRegistry(url, clientOptions(url))
    } catch (error) {
      if (!(error instanceof OciError)) throw error
      throw new AppError('invalid', `the registry of the source cannot be used: ${error.message}`, {
        cause: error,
      })
    }
  }
  return {
    registry: (text) => {
      const url = registryUrl(text)
      checkHost(url, sourceHosts)
      const known = opened.get(url.href)
      if (known) return known
      const registry = open(url)
      opened.set(url.href, registry)
      return registry
    },
    tree: (text, parsers) => {
      const url = new URL(text)
      checkHost(url, sourceHosts)
      return webTree(url, { ...clientOptions(url), parsers })
    },
  }
}

/** Names of Docker Hub, whose registry has another host. */
const DOCKER_HUB = ['docker.io', 'index.docker.io']

/** A registry on this machine need not speak TLS, as with Flux and oras. */
function registryUrl(text: string): URL {
  const rest = /^oci:\/\/(.*)$/.exec(text)?.[1]
  const url = new URL(rest === undefined ? text : `https://${rest}`)
  if (rest !== undefined && isLoopback(url.hostname)) url.protocol = 'http:'
  if (DOCKER_HUB.includes(url.host)) url.host = 'registry-1.docker.io'
  return url
}

function checkHost(url: URL, allowed: Config['sourceHosts']): void {
  const fine = allowed === undefined ? !isPrivate(url) : allowed.includes('*') || isNamed(url, allowed)
  if (fine) return
  throw new AppError(
    'forbidden',
    `the server may not fill repositories from ${url.host}: PKGSERVER_SOURCE_HOSTS ${
      allowed === undefined ? 'must name a private address' : 'does not name it'
    }`,
  )
}

/**
 * Allows public addresses, others only to hosts that the setting names. With "*" it names the source itself, but not the
 * hosts that the source leads to.
 */
function guardOf(source: URL, allowed: Config['sourceHosts'] = []): Guard {
  return (address, url) => {
    const range = rangeOf(address)
    if (range === 'public' || isNamed(url, allowed)) return undefined
    if (range !== 'never' && allowed.includes('*') && url.hostname === source.hostname) return undefined
    const where = literalAddress(url) === undefined ? `${url.host} leads to ${address}, which` : address
    return `${where} is not a public address: the operator of this server can allow it by naming ${url.host} in PKGSERVER_SOURCE_HOSTS`
  }
}

function isNamed(url: URL, allowed: readonly string[]): boolean {
  return allowed.includes(url.hostname) || allowed.includes(url.host) || allowed.includes(hostWithPort(url))
}
