import { OciError } from '../../errors.ts'
import { isLoopback, isSafeTarget } from '../hosts.ts'

/**
 * Parses the realm of a challenge, the URL of the token service. Credentials are sent there, so it must use TLS, unless
 * the registry has none or is on this machine, and must not be a private address of another host. Throws `denied`.
 */
export function parseRealm(registry: URL, realm: string | undefined): URL {
  const url = realm !== undefined && URL.canParse(realm) ? new URL(realm) : undefined
  if (!url) throw refused(registry, 'with an invalid URL')
  if (url.username !== '' || url.password !== '') throw refused(registry, 'with credentials in its URL')
  if (!isSafeTarget(registry, url))
    throw refused(registry, `at ${url.host}, a private address of another host`)
  const allowsPlainHttp = registry.protocol === 'http:' || isLoopback(registry.hostname)
  if (url.protocol !== 'https:' && !allowsPlainHttp) throw refused(registry, `at ${url.host} without TLS`)
  return url
}

function refused(registry: URL, where: string): OciError {
  return new OciError(
    'denied',
    `the registry ${registry.host} names a token service ${where}; credentials were not sent`,
  )
}
