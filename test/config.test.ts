import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../src/config.ts'

describe('readConfig', () => {
  it('has defaults that work on a fresh machine', () => {
    expect(readConfig({}, { HOME: '/nonexistent' })).toEqual({
      listen: { host: '127.0.0.1', port: 8080 },
      data: resolve('./data'),
      publicUrl: undefined,
      hosts: undefined,
      trustedProxies: undefined,
      auth: 'auto',
      adminTokenFile: undefined,
      adminGroups: undefined,
      oidcIssuer: undefined,
      oidcClientId: undefined,
      oidcClientSecretFile: undefined,
      oidcScopes: 'openid profile email',
      oidcGroupsClaim: 'groups',
      oidcUsernameClaim: 'preferred_username',
      registry: { kind: 'embedded' },
      registryConfig: undefined,
      registryUsername: undefined,
      registryPassword: undefined,
      blobs: { kind: 'fs' },
      s3Endpoint: undefined,
      s3PathStyle: undefined,
      s3Region: undefined,
      s3Redirects: false,
      s3RedirectEndpoint: undefined,
      sourceHosts: undefined,
      auditRetention: 400 * 24 * 60 * 60 * 1000,
      auditAddresses: 30 * 24 * 60 * 60 * 1000,
      gcInterval: 24 * 60 * 60 * 1000,
      gcGrace: 60 * 60 * 1000,
      webhookTargets: 'private',
      httpProxy: undefined,
      httpsProxy: undefined,
      noProxy: undefined,
      minFree: 256 * 1024 * 1024,
      stopDelay: 0,
      traces: undefined,
      logLevel: 'info',
    })
  })

  it('refuses a delay that no timer keeps', () => {
    expect(() => readConfig({ 'stop-delay': '30d' }, {})).toThrow('must be at most 1h')
  })

  it('prefers flags to the environment', () => {
    const env = { PKGSERVER_LISTEN: '0.0.0.0:9000', PKGSERVER_LOG_LEVEL: 'warn', PKGSERVER_DATA: '' }
    expect(readConfig({ listen: '[::1]:0' }, env)).toMatchObject({
      listen: { host: '::1', port: 0 },
      logLevel: 'warn',
      data: resolve('./data'),
    })
  })

  it('reads proxies by their usual names, in lower case too, and with or without a scheme', () => {
    const env = {
      https_proxy: 'proxy.example.com:3128',
      HTTP_PROXY: 'http://a:b@proxy.example.com',
      no_proxy: '.svc',
    }
    expect(readConfig({}, env)).toMatchObject({
      httpsProxy: 'http://proxy.example.com:3128',
      httpProxy: 'http://a:b@proxy.example.com',
      noProxy: '.svc',
    })
  })

  it('takes S3 below a path, and buckets in host names', () => {
    const env = { PKGSERVER_S3_ENDPOINT: 'https://example.com/storage/s3', PKGSERVER_S3_PATH_STYLE: 'false' }
    const { s3Endpoint, s3PathStyle } = readConfig({}, env)
    expect([s3Endpoint?.pathname, s3PathStyle]).toEqual(['/storage/s3', false])
  })

  it.each([
    ['PKGSERVER_LISTEN', '8080'],
    ['PKGSERVER_LISTEN', 'localhost:99999'],
    ['PKGSERVER_PUBLIC_URL', 'example.com'],
    ['PKGSERVER_PUBLIC_URL', 'ftp://example.com'],
    ['PKGSERVER_PUBLIC_URL', 'https://example.com/prefix'],
    ['PKGSERVER_HOSTS', 'https://example.com'],
    ['PKGSERVER_TRUSTED_PROXIES', 'proxy.example.com'],
    ['PKGSERVER_TRUSTED_PROXIES', '10.0.0.0/33'],
    ['PKGSERVER_TRUSTED_PROXIES', '10.0.0.7/'],
    ['PKGSERVER_REGISTRY', 'registry.example.com'],
    ['PKGSERVER_REGISTRY', 'https://user:secret@registry.example.com'],
    ['PKGSERVER_GC_INTERVAL', '1'],
    ['PKGSERVER_GC_GRACE', 'soon'],
    ['PKGSERVER_BLOBS', 's3'],
    ['PKGSERVER_BLOBS', 's3:///prefix'],
    ['PKGSERVER_BLOBS', 's3://bucket/with blanks'],
    ['PKGSERVER_S3_ENDPOINT', 'localhost:9000'],
    ['PKGSERVER_S3_ENDPOINT', 'https://user:secret@s3.example.com'],
    ['PKGSERVER_S3_PATH_STYLE', 'yes'],
    ['HTTPS_PROXY', 'socks5://proxy.example.com'],
    ['PKGSERVER_S3_REGION', 'eu west'],
    ['PKGSERVER_S3_REDIRECTS', 'yes'],
    ['PKGSERVER_LOG_LEVEL', 'loud'],
  ])('refuses %s=%s, and names the setting', (name, value) => {
    expect(() => readConfig({}, { [name]: value })).toThrow(new RegExp(`${name} .*"${value}": must`))
  })

  it.each([
    ['s3://bucket', { bucket: 'bucket', prefix: '' }],
    ['s3://my.bucket-1/', { bucket: 'my.bucket-1', prefix: '' }],
    ['s3://bucket/registry/a/', { bucket: 'bucket', prefix: 'registry/a' }],
  ])('reads the bucket and prefix of %s', (text, place) => {
    expect(readConfig({ blobs: text }, {}).blobs).toEqual({ kind: 's3', ...place })
  })

  it('names all errors at once', () => {
    expect(() => readConfig({}, { PKGSERVER_LISTEN: 'x', PKGSERVER_BLOBS: 'y' })).toThrow(
      /PKGSERVER_LISTEN.*\n.*PKGSERVER_BLOBS/,
    )
  })

  it('takes an identity provider with its client, and plain http on this machine only', () => {
    const issuer = (url: string) => ({ PKGSERVER_OIDC_ISSUER: url, PKGSERVER_OIDC_CLIENT_ID: 'pkgserver' })
    for (const url of [
      'https://login.example.com/realms/team',
      'http://localhost:5556/dex',
      'http://[::1]:5556',
    ]) {
      expect(readConfig({}, issuer(url)).oidcIssuer?.href).toContain(url)
    }
    const wrong: [Record<string, string>, RegExp][] = [
      [issuer('http://login.example.com'), /https/],
      [issuer('https://login.example.com/?tenant=x'), /query/],
      [issuer('ldap://login.example.com'), /URL/],
      [{ PKGSERVER_OIDC_ISSUER: 'https://login.example.com' }, /must be set together/],
      [{ PKGSERVER_OIDC_CLIENT_ID: 'pkgserver' }, /must be set together/],
      [{ PKGSERVER_OIDC_CLIENT_SECRET_FILE: 'secret' }, /PKGSERVER_OIDC_ISSUER names it/],
      [{ PKGSERVER_OIDC_SCOPES: 'profile email' }, /must contain openid/],
      [{ PKGSERVER_OIDC_SCOPES: 'openid,email' }, /openid/],
      [{ PKGSERVER_OIDC_SCOPES: 'openid  email' }, /blanks/],
    ]
    for (const [env, message] of wrong) expect(() => readConfig({}, env)).toThrow(message)
  })
})
