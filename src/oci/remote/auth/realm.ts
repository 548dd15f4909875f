import { OciError } from '../../errors.ts'
import { isLoopback, mayLeadTo } from '../hosts.ts'

/**
 * The URL of a token service, as the registry names it. Credentials go there, so it may be no place where others could
 * read them, nor a private host other than the registry's own. Throws `denied`.
 */
export function checkedRealm(registry: URL, realm: string | undefined): URL {
  const url = realm !== undefined && URL.canParse(realm) ? new URL(realm) : undefined
  if (!url) throw refused(registry, 'which is no URL')
  if (url.username !== '' || url.password !== '') throw refused(registry, 'whose URL has credentials in it')
  if (!mayLeadTo(registry, url)) throw refused(registry, `at ${url.host}, a private address of another host`)
  const mayBePlain = registry.protocol === 'http:' || isLoopback(registry.hostname)
  if (url.protocol !== 'https:' && !mayBePlain) throw refused(registry, `at ${url.host} without TLS`)
  return url
}

function refused(registry: URL, where: string): OciError {
  return new OciError(
    'denied',
    `the registry ${registry.host} wants its credentials sent to a token service ${where}; they were not sent`,
  )
}
