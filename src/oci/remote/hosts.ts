/**
 * Decides which hosts a registry may send its clients to, as they may reach internal hosts that the registry cannot.
 */
import { BlockList, isIP } from 'node:net'

const PRIVATE = new BlockList()
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  PRIVATE.addSubnet(net, prefix, 'ipv4')
}
for (const [net, prefix] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
] as const) {
  PRIVATE.addSubnet(net, prefix, 'ipv6')
}

/** Rejects private addresses other than the registry's own host. Host names are not resolved. */
export function isSafeTarget(registry: URL, target: URL): boolean {
  if (target.protocol !== 'https:' && target.protocol !== 'http:') return false
  return target.hostname === registry.hostname || !isPrivate(target.hostname)
}

/** Rejects unsafe targets, and redirects from HTTPS to HTTP. */
export function isSafeRedirect(registry: URL, from: URL, to: URL): boolean {
  if (to.username !== '' || to.password !== '') return false
  return (from.protocol !== 'https:' || to.protocol === 'https:') && isSafeTarget(registry, to)
}

export function isLoopback(hostname: string): boolean {
  return /^(?:(?:.+\.)?localhost\.?|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
}

/** Reports whether a host is this machine or a private, shared or link-local address. */
export function isPrivate(hostname: string): boolean {
  if (isLoopback(hostname)) return true
  const address = hostname.replace(/^\[|\]$/g, '')
  const version = isIP(address)
  return version !== 0 && PRIVATE.check(address, version === 4 ? 'ipv4' : 'ipv6')
}
