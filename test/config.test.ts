import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../src/config.ts'

describe('the settings', () => {
  it('have defaults that work on a fresh machine', () => {
    expect(readConfig({}, {})).toEqual({
      listen: { host: '127.0.0.1', port: 8080 },
      data: resolve('./data'),
      publicUrl: undefined,
      registry: 'embedded',
      blobs: 'fs',
      logLevel: 'info',
    })
  })

  it('come from flags first, then from the environment', () => {
    const env = { PKGSERVER_LISTEN: '0.0.0.0:9000', PKGSERVER_LOG_LEVEL: 'warn', PKGSERVER_DATA: '' }
    expect(readConfig({ listen: '[::1]:0' }, env)).toMatchObject({
      listen: { host: '::1', port: 0 },
      logLevel: 'warn',
      data: resolve('./data'),
    })
  })

  it.each([
    ['PKGSERVER_LISTEN', '8080'],
    ['PKGSERVER_LISTEN', 'localhost:99999'],
    ['PKGSERVER_PUBLIC_URL', 'example.com'],
    ['PKGSERVER_PUBLIC_URL', 'ftp://example.com'],
    ['PKGSERVER_PUBLIC_URL', 'https://example.com/prefix'],
    ['PKGSERVER_REGISTRY', 'https://registry.example.com'],
    ['PKGSERVER_BLOBS', 's3://bucket'],
    ['PKGSERVER_LOG_LEVEL', 'loud'],
  ])('refuse %s=%s, and name it', (name, value) => {
    expect(() => readConfig({}, { [name]: value })).toThrow(new RegExp(`${name} .*"${value}": must`))
  })

  it('name everything that is wrong at once', () => {
    expect(() => readConfig({}, { PKGSERVER_LISTEN: 'x', PKGSERVER_BLOBS: 'y' })).toThrow(
      /PKGSERVER_LISTEN.*\n.*PKGSERVER_BLOBS/,
    )
  })
})
