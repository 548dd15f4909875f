/**
 * Decides which hosts a registry may send its clients to, as they may reach internal hosts that the registry cannot.
 */
import { literalAddress, rangeOf } from './addresses.ts'

/** Rejects private addresses other than the registry's own host. Names are resolved later: see `Connections`. */
export function isSafeTarget(registry: URL, target: URL): boolean {
  if (target.protocol !== 'https:' && target.protocol !== 'http:') return false
  return target.hostname === registry.hostname || !isPrivate(target)
}

/** Rejects unsafe targets, and redirects from HTTPS to HTTP. */
export function isSafeRedirect(registry: URL, from: URL, to: URL): boolean {
  if (to.username !== '' || to.password !== '') return false
  return (from.protocol !== 'https:' || to.protocol === 'https:') && isSafeTarget(registry, to)
}

export function isLoopback(hostname: string): boolean {
  return /^(?:(?:.+\.)?localhost\.?|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
}

/** Reports whether the host of a URL is this machine by name, or an address that is not public. */
export function isPrivate(url: URL): boolean {
  const address = literalAddress(url)
  return isLoopback(url.hostname) || (address !== undefined && rangeOf(address) !== 'public')
}

/** Returns the host of a URL with its port, even if that is the default, which `host` leaves out. */
export function hostWithPort({ hostname, port, protocol }: URL): string {
  return `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`
}
