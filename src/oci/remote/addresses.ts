/** Which part of the network an IP address belongs to, whatever its notation. */
import { BlockList, isIP, isIPv4 } from 'node:net'

/** Each is harder to reach from outside than those before it. */
export const RANGES = ['public', 'private', 'loopback', 'never'] as const
export type Range = (typeof RANGES)[number]

const NETWORKS: Record<Exclude<Range, 'public'>, readonly string[]> = {
  private: [
    '10.0.0.0/8',
    '100.64.0.0/10',
    '172.16.0.0/12',
    '192.168.0.0/16',
    '198.18.0.0/15',
    'fc00::/7',
    'fec0::/10',
  ],
  loopback: ['127.0.0.0/8', '::1/128'],
  /** Where clouds serve a machine's credentials, and addresses that are no host. */
  never: [
    '0.0.0.0/8',
    '169.254.0.0/16',
    '100.100.100.200/32',
    '168.63.129.16/32',
    '192.0.0.0/24',
    '224.0.0.0/3',
    '::/128',
    'fe80::/10',
    'fd00:ec2::254/128',
    'fd20:ce::254/128',
    'fd00:c1::a9fe:a9fe/128',
    'fd00:42::42/128',
    'ff00::/8',
    // Teredo, which hides the address of a host behind a router.
    '2001::/32',
  ],
}

const LISTS = RANGES.filter((range) => range !== 'public').map((range) => ({
  range,
  list: listOf(NETWORKS[range]),
}))

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits] = network.split('/')
    list.addSubnet(address, Number(bits), isIPv4(address) ? 'ipv4' : 'ipv6')
  }
  return list
}

/** Returns the range of an address. One that wraps an IPv4 address is in the range of that. */
export function rangeOf(address: string): Range {
  const text = address.replace(/%.*$/, '')
  const wrapped = isIPv4(text) ? [] : wrappedIn(bytesOf(text))
  const ranges = (wrapped.length > 0 ? wrapped : [text]).map(plainRange)
  return RANGES.findLast((range) => ranges.includes(range)) ?? 'never'
}

function plainRange(address: string): Range {
  const family = isIPv4(address) ? 'ipv4' : 'ipv6'
  return LISTS.findLast(({ list }) => list.check(address, family))?.range ?? 'public'
}

/** Returns the address in the host of a URL; undefined for a name. */
export function literalAddress({ hostname }: URL): string | undefined {
  const address = hostname.replace(/^\[|\]$/g, '')
  return isIP(address) === 0 ? undefined : address
}

const [MAPPED, TRANSLATED, COMPATIBLE] = ['::ffff:0:0', '::ffff:0:0:0', '::'].map((prefix) => bytesOf(prefix))
const NAT64 = bytesOf('64:ff9b::')
const LOCAL_NAT64 = bytesOf('64:ff9b:1::')
const SIX_TO_FOUR = bytesOf('2002::')

/** Returns the IPv4 addresses that an IPv6 address may stand for: several where its form does not tell. */
function wrappedIn(bytes: readonly number[]): string[] {
  const begins = (prefix: readonly number[] = [], length: number): boolean =>
    prefix.slice(0, length).every((byte, at) => byte === bytes[at])
  const at = (...places: number[]): string => places.map((place) => bytes[place]).join('.')
  const last = at(12, 13, 14, 15)
  if ([MAPPED, TRANSLATED, NAT64].some((prefix) => begins(prefix, 12))) return [last]
  // "::" and "::1" are addresses of their own.
  if (begins(COMPATIBLE, 12) && !/^0\.0\.0\.[01]$/.test(last)) return [last]
  if (begins(SIX_TO_FOUR, 2)) return [at(2, 3, 4, 5)]
  if (!begins(LOCAL_NAT64, 6)) return []
  // https://www.rfc-editor.org/rfc/rfc6052#section-2.2: a network chooses where the address is, and zeros follow it.
  const forms = [
    [6, 7, 9, 10],
    [7, 9, 10, 11],
    [9, 10, 11, 12],
  ]
  const fitting = forms.filter((places) => bytes.slice((places[3] ?? 0) + 1).every((byte) => byte === 0))
  return fitting.length > 0 ? fitting.map((places) => at(...places)) : [last]
}

/** The 16 bytes of an IPv6 address. */
function bytesOf(address: string): number[] {
  // A URL spells all of it in hexadecimal digits.
  const [head = '', tail = ''] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (text: string) =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
  const [first, last] = [groups(head), groups(tail)]
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => 0)
  return [...first, ...zeros, ...last].flatMap((group) => [group >> 8, group & 0xff])
}
