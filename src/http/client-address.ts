/** Where a request comes from. */
import type { IncomingMessage } from 'node:http'
import { type BlockList, isIP, isIPv6 } from 'node:net'
import type { Context } from 'hono'

/**
 * Returns the address of the client. Proxies append the address of their own client to X-Forwarded-For, where anything
 * can stand before it: only what trusted proxies have appended counts. Undefined without a socket.
 */
export function clientAddress(c: Context, trusted: BlockList): string | undefined {
  const incoming: IncomingMessage | undefined = c.env?.incoming
  let address = plainAddress(incoming?.socket.remoteAddress)
  const forwarded = (c.req.header('X-Forwarded-For') ?? '').split(',')
  while (address !== undefined && contains(trusted, address)) {
    const before = plainAddress(forwarded.pop()?.trim())
    if (before === undefined || isIP(before) === 0) break
    address = before
  }
  return address
}

/** Returns an IPv4 address as such, where a socket for both families shows it as `::ffff:192.0.2.7`. */
export function plainAddress(address: string | undefined): string | undefined {
  return address?.replace(/^::ffff:(?=[\d.]+$)/i, '')
}

export function contains(list: BlockList, address: string): boolean {
  const family = isIP(address)
  return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

/** Returns what one client has to itself: an IPv4 address, or the 64 bits of an IPv6 network. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address
  const [start = '', end] = address.split('::')
  const groups = start.split(':')
  if (end !== undefined) {
    const after = end === '' ? [] : end.split(':')
    groups.push(...Array(8 - groups.length - after.length).fill('0'), ...after)
  }
  return groups
    .slice(0, 4)
    .map((group) => group || '0')
    .join(':')
}
