import type { Context } from 'hono'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { clientAddress, networkOf } from '../../src/http/client-address.ts'

describe('the address of a client', () => {
  it.each([
    ['is that of its connection', '', '192.0.2.7', undefined, '192.0.2.7'],
    ['is not what it says itself', '', '192.0.2.7', '1.2.3.4', '192.0.2.7'],
    ['is IPv4 in a socket for both families', '', '::ffff:192.0.2.7', undefined, '192.0.2.7'],
    ['is what a trusted proxy has seen', '10.0.0.0/8', '10.1.2.3', '192.0.2.7', '192.0.2.7'],
    ['is not what it told the proxy', '10.0.0.0/8', '10.1.2.3', '1.2.3.4, 192.0.2.7', '192.0.2.7'],
    ['is found behind two proxies', '10.0.0.0/8,::1', '::1', '1.2.3.4,192.0.2.7, 10.0.0.1', '192.0.2.7'],
    ['is an IPv6 address', 'fd00::/8', 'fd00::1', '2001:db8::7', '2001:db8::7'],
    ['is not what another proxy says', '10.0.0.7', '10.0.0.8', '192.0.2.7', '10.0.0.8'],
    ['is that of the proxy without the header', '10.0.0.7', '::ffff:10.0.0.7', undefined, '10.0.0.7'],
    ['is that of the proxy if the header has no address', '10.0.0.7', '10.0.0.7', 'unknown', '10.0.0.7'],
  ])('%s', (_, proxies, remoteAddress, forwarded, expected) => {
    const { trustedProxies } = readConfig({}, { PKGSERVER_TRUSTED_PROXIES: proxies || '198.51.100.1' })
    const c = {
      env: { incoming: { socket: { remoteAddress } } },
      req: { header: () => forwarded },
    } as unknown as Context
    expect(trustedProxies && clientAddress(c, trustedProxies)).toBe(expected)
  })
})

it('takes the 64 bits of an IPv6 network for one client', () => {
  const one = ['2001:db8:1:2::1', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::']
  expect(new Set(one.map(networkOf))).toEqual(new Set(['2001:db8:1:2']))
  expect(networkOf('2001:db8:1:3::1')).toBe('2001:db8:1:3')
  expect(networkOf('::1')).toBe('0:0:0:0')
  expect(networkOf('192.0.2.7')).toBe('192.0.2.7')
  expect(networkOf('')).toBe('')
})
