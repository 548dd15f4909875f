/** Where a registry may lead its clients, who can reach hosts that nobody else can. */
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

/**
 * Whether a registry may send its clients to that URL: not to a private address other than its own host. Names are
 * not looked up.
 */
export function mayLeadTo(registry: URL, target: URL): boolean {
  if (target.protocol !== 'https:' && target.protocol !== 'http:') return false
  return target.hostname === registry.hostname || !isPrivate(target.hostname)
}

/** Whether content may be had where a redirect leads: never with less protection than where it comes from. */
export function mayRedirect(registry: URL, from: URL, to: URL): boolean {
  if (to.username !== '' || to.password !== '') return false
  return (from.protocol !== 'https:' || to.protocol === 'https:') && mayLeadTo(registry, to)
}

export function isLoopback(hostname: string): boolean {
  return /^(?:(?:.+\.)?localhost\.?|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
}

/** Whether a host is this machine, or an address that only a network of its own knows. */
export function isPrivate(hostname: string): boolean {
  if (isLoopback(hostname)) return true
  const address = hostname.replace(/^\[|\]$/g, '')
  const version = isIP(address)
  return version !== 0 && PRIVATE.check(address, version === 4 ? 'ipv4' : 'ipv6')
}
