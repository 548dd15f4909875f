/** Servers that are reached through a proxy, with certificates of a private authority. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { folderApp } from '../support/app.ts'
import { files, register, sync } from '../support/discovery.ts'
import { elsewhere } from '../support/elsewhere.ts'
import { listening } from '../support/listening.ts'
import { resolving } from '../support/names.ts'
import { startServer } from '../support/process.ts'
import { registryBehind } from '../support/registries.ts'
import { FAKE_CREDENTIALS } from '../support/s3/fake-s3.ts'
import { fakeS3 } from '../support/s3/store.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { tlsProxy } from '../support/tls-proxy.ts'
import { receiver, SECRET } from '../support/webhook-receiver.ts'

it('are sources, registries of artifacts, buckets, webhooks and collectors of traces', async () => {
  const there = await elsewhere()
  await there.flux('team/upf', 'v1.0.0', files(1))
  const ci = await receiver()
  const traces: string[] = []
  const collector = await listening((request, response) => {
    traces.push(`${request.method} ${request.url}`)
    response.end('{}')
  })
  const proxy = await tlsProxy({
    'source.test': there.url,
    'bucket.test': (await fakeS3()).url,
    'registry.test': await registryBehind([]),
    'ci.test': new URL(ci.url),
    'traces.test': collector,
  })
  const folder = await temporaryFolder()
  const authorities = join(folder, 'authorities.pem')
  await writeFile(authorities, proxy.pem)
  const env = {
    https_proxy: proxy.url.href,
    NODE_EXTRA_CA_CERTS: authorities,
    PKGSERVER_WEBHOOK_TARGETS: 'public',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://traces.test',
    AWS_ACCESS_KEY_ID: FAKE_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: FAKE_CREDENTIALS.secretAccessKey,
  }
  for (const place of [
    ['--blobs', 's3://bucket/a', '--s3-endpoint', 'https://bucket.test'],
    ['--registry', 'https://registry.test/a'],
  ]) {
    ci.received.length = 0
    const server = await startServer(join(folder, place[1]?.replace(/\W/g, '') ?? ''), place, env)
    const { client } = server
    await client.ok('POST', '/webhooks', { name: 'ci', url: 'https://ci.test/hook', secret: SECRET })
    await register(client, { url: new URL('https://source.test') })
    expect(await sync(client)).toMatchObject({ error: null, revisions: 1 })
    await ci.count(1)
    expect(await server.stop()).toBe(0)
  }
  expect(traces).toContain('POST /v1/traces')
  expect(new Set(proxy.requests)).toEqual(
    new Set(['source', 'bucket', 'registry', 'ci', 'traces'].map((name) => `CONNECT ${name}.test:443`)),
  )
})

it('may be without TLS, and are not reached through the proxy where a setting says so', async () => {
  resolving({ 'near.test': () => '127.0.0.1' })
  const there = await elsewhere()
  await there.flux('team/upf', 'v1.0.0', files(1))
  const proxy = await tlsProxy({ 'far.test': there.url })
  const settings = { HTTP_PROXY: proxy.url.host, NO_PROXY: 'near.test', PKGSERVER_SOURCE_HOSTS: '*' }
  const near = new URL(`http://near.test:${there.url.port}`)
  for (const url of [new URL('http://far.test'), near, there.url]) {
    proxy.requests.length = 0
    const { client, close } = await folderApp(undefined, settings)
    await register(client, { url })
    expect(await sync(client)).toMatchObject({ error: null, revisions: 1 })
    expect(proxy.requests.length > 0, url.href).toBe(url.hostname === 'far.test')
    await close()
  }
})

it('are not reached through the proxy if their name leads to an address that is refused', async () => {
  resolving({ 'evil.test': () => '10.1.2.3' })
  const proxy = await tlsProxy({})
  const settings = { HTTP_PROXY: proxy.url.href, HTTPS_PROXY: proxy.url.href }
  const { client } = await folderApp(undefined, { ...settings, PKGSERVER_WEBHOOK_TARGETS: 'public' })
  await register(client, { url: new URL('http://evil.test') })
  expect((await sync(client)).error).toContain('evil.test leads to 10.1.2.3')
  await client.ok('POST', '/webhooks', { name: 'ci', url: 'https://evil.test/', secret: SECRET })
  await client.ok('POST', '/webhooks/ci/ping')
  const error = async () => (await client.ok('GET', '/webhooks/ci/deliveries')).items[0].error
  await expect.poll(error).toContain('10.1.2.3 is a private address')
  expect(proxy.requests).toEqual([])
})

it('need a proxy that speaks HTTP', async () => {
  await expect(folderApp(undefined, { HTTPS_PROXY: 'socks5://proxy.test:1080' })).rejects.toThrow(
    'HTTPS_PROXY "socks5://proxy.test:1080": must be the URL of an HTTP proxy',
  )
})
