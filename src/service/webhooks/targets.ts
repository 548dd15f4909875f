/**
 * The addresses that webhooks may call. A webhook makes the server call addresses that its creator may be unable to reach
 * (SSRF), so the server checks the address that it is about to connect to, whatever the name in the URL.
 */
import { lookup as resolve } from 'node:dns/promises'
import { BlockList, isIP, isIPv6, type LookupFunction } from 'node:net'
import { AppError } from '../../core/errors.ts'

/** Each includes those before it. */
export const TARGETS = ['public', 'private', 'loopback'] as const
export type Targets = (typeof TARGETS)[number]

/** Where clouds serve a machine's credentials, and addresses that are no host: never called. */
const NEVER = blockList([
  '0.0.0.0/8',
  '169.254.0.0/16',
  '100.100.100.200/32',
  '168.63.129.16/32',
  '192.0.0.0/24',
  '224.0.0.0/3',
  '::/128',
  'fe80::/10',
  'fd00:ec2::254/128',
  'ff00::/8',
  // 169.254.0.0/16 through NAT64.
  '64:ff9b::a9fe:0/112',
])
const LOOPBACK = blockList(['127.0.0.0/8', '::1/128'])
const PRIVATE = blockList(['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'])

function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits] = network.split('/')
    list.addSubnet(address, Number(bits), isIPv6(address) ? 'ipv6' : 'ipv4')
  }
  return list
}

/** Returns why an address may not be called; undefined if it may. */
export function refusal(address: string, allowed: Targets): string | undefined {
  const family = isIPv6(address) ? 'ipv6' : 'ipv4'
  if (NEVER.check(address, family)) return `${address} is an address that webhooks never call`
  const range = LOOPBACK.check(address, family)
    ? 'loopback'
    : PRIVATE.check(address, family)
      ? 'private'
      : 'public'
  if (TARGETS.indexOf(range) <= TARGETS.indexOf(allowed)) return undefined
  return `${address} is a ${range} address: the server has PKGSERVER_WEBHOOK_TARGETS=${allowed}`
}

/** Throws `invalid` for a URL that a webhook cannot have. Host names are checked with each call, when they are resolved. */
export function checkTarget(text: string, allowed: Targets): void {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol)) throw wrong('it must begin with http:// or https://')
  if (url.username + url.password !== '') throw wrong('it must not have a user name or password')
  if (url.hash !== '') throw wrong('it must not have a fragment')
  const reason = literalRefusal(url, allowed)
  if (reason) throw wrong(reason)
}

/** Returns why a URL with a literal address may not be called, because those are not resolved. */
export function literalRefusal({ hostname }: URL, allowed: Targets): string | undefined {
  const address = hostname.replace(/^\[|\]$/g, '')
  return isIP(address) === 0 ? undefined : refusal(address, allowed)
}

/** Resolves host names for connections. Fails if one of the addresses may not be called. */
export function guardedLookup(allowed: Targets): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }).then(
      (addresses) => {
        const reason = addresses.map(({ address }) => refusal(address, allowed)).find(Boolean)
        const [first] = addresses
        if (reason || !first) callback(new Error(reason ?? `${hostname} has no address`), '', 0)
        else if (options.all) callback(null, addresses)
        else callback(null, first.address, first.family)
      },
      (error) => callback(error, '', 0),
    )
  }
}

function wrong(reason: string): AppError {
  return new AppError('invalid', `the webhook's URL is not allowed: ${reason}`)
}
