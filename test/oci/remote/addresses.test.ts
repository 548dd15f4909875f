import { expect, it } from 'vitest'
import { literalAddress, rangeOf } from '../../../src/oci/remote/addresses.ts'

it.each([
  ['public', ['8.8.8.8', '172.32.0.1', '192.0.2.1', '2001:db8::1', '2606:4700::1111', '64:ff9b:2::a00:1']],
  ['private', ['10.1.2.3', '100.64.0.1', '172.31.0.1', '192.168.1.1', '198.18.0.1', 'fd00::1', 'fec0::1']],
  ['loopback', ['127.0.0.1', '127.9.9.9', '::1']],
  [
    'never',
    [
      '0.0.0.0',
      '169.254.169.254',
      '100.100.100.200',
      '168.63.129.16',
      '192.0.0.192',
      '224.0.0.1',
      '255.255.255.255',
    ],
  ],
  ['never', ['::', 'fe80::1', 'fe80::1%eth0', 'ff02::1', '2001::1']],
  // Metadata services of AWS, Google Cloud, Oracle Cloud and Scaleway.
  ['never', ['fd00:ec2::254', 'fd20:ce::254', 'fd00:c1::a9fe:a9fe', 'fd00:42::42']],
] as const)('knows that addresses are %s', (range, addresses) => {
  for (const address of addresses) expect(rangeOf(address), address).toBe(range)
})

const WRAPPING: Record<string, (address: string) => string> = {
  mapped: (address) => `::ffff:${address}`,
  'mapped, with zeros': (address) => `0:0:0:0:0:ffff:${address}`,
  translated: (address) => `::ffff:0:${address}`,
  compatible: (address) => `::${address}`,
  NAT64: (address) => `64:ff9b::${address}`,
  'local NAT64 of 96 bits': (address) => `64:ff9b:1::${address}`,
  'local NAT64 of 96 bits, with a network': (address) => `64:ff9b:1:ff:ee::${address}`,
  'local NAT64 of 64 bits': (address) => `64:ff9b:1::${hex(`0.${address}`, '0.0.0')}`,
  '6to4': (address) => `2002:${hex(address)}::1`,
}

/** Spells bytes as groups of an IPv6 address. */
function hex(...bytes: string[]): string {
  const digits = bytes
    .join('.')
    .split('.')
    .map((byte) => Number(byte).toString(16).padStart(2, '0'))
  return digits.join('').replace(/.{4}(?=.)/g, '$&:')
}

it.each(Object.entries(WRAPPING))('takes a wrapped address for what it wraps: %s', (_, wrap) => {
  for (const address of ['8.8.8.8', '10.1.2.3', '127.0.0.1', '169.254.169.254']) {
    expect(rangeOf(wrap(address)), wrap(address)).toBe(rangeOf(address))
  }
})

it('takes an address that may wrap several for the most dangerous of them', () => {
  // After 48 bits or 56: 8.8.8.8 or 8.8.8.0, 10.1.2.3 or 1.2.3.0, 10.0.0.1 or 0.0.1.0.
  expect(rangeOf('64:ff9b:1:808:8:800::')).toBe('public')
  expect(rangeOf('64:ff9b:1:a01:2:300::')).toBe('private')
  expect(rangeOf('64:ff9b:1:a00:0:100::')).toBe('never')
})

it('finds the address in a URL, in every notation', () => {
  const found = (host: string) => literalAddress(new URL(`http://${host}/`))
  expect(['127.1', '0x7f.1', '2130706433', '[::1]', 'a.example'].map(found)).toEqual([
    '127.0.0.1',
    '127.0.0.1',
    '127.0.0.1',
    '::1',
    undefined,
  ])
})
