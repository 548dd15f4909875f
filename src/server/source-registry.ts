/** Opens the registry of a repository's source. */
import { LRUCache } from 'lru-cache'
import type { Config } from '../config.ts'
import { AppError } from '../core/errors.ts'
import { OciError } from '../oci/errors.ts'
import { dockerConfigCredentials } from '../oci/remote/auth/docker-config.ts'
import { isLoopback, isPrivate } from '../oci/remote/hosts.ts'
import { RemoteRegistry } from '../oci/remote/remote-registry.ts'
import type { OpenSource } from '../service/discovery/source-registry.ts'

/** Registries whose tokens and capabilities are remembered. */
const KEPT = 100

/**
 * Credentials come from the docker configuration for the host, never from a request. The operator decides which hosts
 * are allowed, as clients make the server send requests there with its credentials.
 */
export function sourceOpener(
  { sourceHosts, registryConfig }: Pick<Config, 'sourceHosts' | 'registryConfig'>,
  version: string,
): OpenSource {
  const opened = new LRUCache<string, RemoteRegistry>({ max: KEPT })
  const credentials = registryConfig && dockerConfigCredentials(registryConfig)
  const open = (url: URL): RemoteRegistry => {
    try {
      return new RemoteRegistry(url, {
        userAgent: `pkgserver/${version}`,
        ...(credentials ? { credentials } : {}),
      })
    } catch (error) {
      if (!(error instanceof OciError)) throw error
      throw new AppError('invalid', `the registry of the source cannot be used: ${error.message}`, {
        cause: error,
      })
    }
  }
  return (text) => {
    const url = registryUrl(text)
    checkHost(url, sourceHosts)
    const known = opened.get(url.href)
    if (known) return known
    const registry = open(url)
    opened.set(url.href, registry)
    return registry
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
  const { host, hostname } = url
  const fine =
    allowed === undefined
      ? !isPrivate(hostname)
      : allowed.includes('*') || allowed.includes(host) || allowed.includes(hostname)
  if (fine) return
  throw new AppError(
    'forbidden',
    `the server may not fill repositories from ${host}: PKGSERVER_SOURCE_HOSTS ${
      allowed === undefined ? 'must name a private address' : 'does not name it'
    }`,
  )
}
