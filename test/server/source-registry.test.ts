import { expect, it } from 'vitest'
import { sourceOpener } from '../../src/server/source-registry.ts'

const nothing = { registryConfig: undefined }

it('allows sources on all hosts except private addresses by default', () => {
  const { registry: open } = sourceOpener({ ...nothing, sourceHosts: undefined }, '1')
  for (const url of [
    'oci://ghcr.io/org',
    'https://registry.example.com:5000',
    'http://registry.example.com/a/b',
  ])
    expect(() => open(url), url).not.toThrow()
  expect(open('oci://docker.io/org')).toBe(open('https://registry-1.docker.io/org'))
  const refused = [
    'oci://localhost:5000/a',
    'http://127.0.0.1',
    'https://10.1.2.3/a',
    'http://0x7f000001/a',
    'http://2130706433/a',
    'http://[::ffff:127.0.0.1]/a',
    'https://[fd00::1]/a',
    'http://169.254.169.254/latest',
    'https://[64:ff9b::10.0.0.1]/a',
    'https://[64:ff9b:1::7f00:1]/a',
    'https://[2002:a00:1::]/a',
    'https://[::ffff:0:10.0.0.1]/a',
    'https://[::10.0.0.1]/a',
  ]
  for (const url of refused)
    expect(() => open(url), url).toThrow(expect.objectContaining({ code: 'forbidden' }))
})

it('allows sources only on the configured hosts, if there are any', () => {
  const { registry: open } = sourceOpener(
    { ...nothing, sourceHosts: ['localhost:5000', 'ghcr.io', 'quay.io:443'] },
    '1',
  )
  for (const url of [
    'oci://localhost:5000/a',
    'https://ghcr.io/a',
    'https://GHCR.io:8443/a',
    'oci://quay.io/a',
  ])
    expect(() => open(url), url).not.toThrow()
  for (const url of [
    'oci://localhost:5001/a',
    'https://ghcr.io.example.com/a',
    'https://quay.io:8443/a',
    'https://example.com/a',
  ])
    expect(() => open(url), url).toThrow(expect.objectContaining({ code: 'forbidden' }))
})
