/** The life of a package with its artifacts in third-party S3 servers and registries. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, onTestFinished, vi } from 'vitest'
import { lifecycleSuite } from '../e2e/lifecycle-suite.ts'
import { reindexSuite } from '../e2e/reindex-suite.ts'
import { folderApp, type TestApp } from '../support/app.ts'
import { Client } from '../support/client.ts'
import { DISTRIBUTION, DOCKER_REGISTRY, distribution, dockerRegistry } from '../support/peers/distribution.ts'
import { OLAREG, olareg } from '../support/peers/olareg.ts'
import type { RegistryPeer } from '../support/peers/registry-peer.ts'
import { MOTO, moto, type S3Peer, VERSITYGW, versitygw, withBucket } from '../support/peers/s3-servers.ts'
import { ZOT, zot } from '../support/peers/zot.ts'
import { describeIfThere, describeWith } from './tool.ts'

function onS3(kind: string, start: () => Promise<S3Peer>): void {
  let peer: S3Peer
  beforeAll(async () => {
    peer = await withBucket(start)
  })
  afterAll(() => peer.stop())
  lifecycleSuite(kind, () => appOnS3(peer))
  reindexSuite(kind, () => appOnS3(peer))
}

async function appOnS3(peer: S3Peer): Promise<TestApp> {
  // The AWS SDK reads its credentials from here.
  vi.stubEnv('AWS_ACCESS_KEY_ID', peer.credentials.accessKeyId)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', peer.credentials.secretAccessKey)
  onTestFinished(() => void vi.unstubAllEnvs())
  return folderApp(undefined, {
    PKGSERVER_BLOBS: `s3://packages/${randomUUID()}`,
    PKGSERVER_S3_ENDPOINT: peer.url.origin,
    PKGSERVER_S3_REGION: peer.region,
  })
}

function onRegistry(kind: string, start: () => Promise<RegistryPeer>): void {
  describe(kind, () => {
    let peer: RegistryPeer
    beforeAll(async () => {
      peer = await start()
    })
    afterAll(() => peer.stop())
    lifecycleSuite(kind, () => appOnRegistry(peer))
    reindexSuite(kind, () => appOnRegistry(peer))
  })
}

/** Opens an app on a registry, below a prefix, as teams share registries. */
async function appOnRegistry(peer: RegistryPeer): Promise<TestApp> {
  const prefix = `team/${randomUUID()}`
  const app = await folderApp(undefined, {
    HOME: '/nonexistent',
    PKGSERVER_REGISTRY: new URL(`/${prefix}`, peer.url).href,
    ...(peer.credentials && {
      PKGSERVER_REGISTRY_USERNAME: peer.credentials.username,
      PKGSERVER_REGISTRY_PASSWORD: peer.credentials.password,
    }),
  })
  const client = new Client((path, init) =>
    path.startsWith('/v2/')
      ? fetchAs(peer, new URL(path.replace('/v2/', `/v2/${prefix}/`), peer.url), init)
      : app.client.send(path, init),
  )
  return { ...app, client }
}

/** Sends a request to a registry as its user would, and authenticates if required. */
async function fetchAs({ credentials }: RegistryPeer, url: URL, init: RequestInit = {}): Promise<Response> {
  const accept = 'application/vnd.oci.image.manifest.v1+json'
  const headers = { ...(init.headers as Record<string, string>), Accept: accept }
  const first = await fetch(url, { ...init, headers })
  if (first.status !== 401 || !credentials) return first
  const basic = `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`
  const challenge = first.headers.get('WWW-Authenticate') ?? ''
  const asked = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1] ?? ''
  if (/^Basic/i.test(challenge)) return fetch(url, { ...init, headers: { ...headers, Authorization: basic } })
  const realm = new URL(asked('realm'))
  realm.searchParams.set('service', asked('service'))
  realm.searchParams.set('scope', asked('scope'))
  const answer = await fetch(realm, { headers: { Authorization: basic } })
  const { token } = (await answer.json()) as { token: string }
  return fetch(url, { ...init, headers: { ...headers, Authorization: `Bearer ${token}` } })
}

describeWith(VERSITYGW, 'versitygw', () => onS3('S3 (versitygw)', versitygw))
describeWith(MOTO, 'moto', () => onS3('S3 (moto)', moto))
describeWith(DOCKER_REGISTRY, 'docker-registry 2.8', () => {
  onRegistry('docker-registry 2.8', dockerRegistry)
  onRegistry('docker-registry 2.8 with htpasswd', () => dockerRegistry({ auth: 'htpasswd' }))
})
describeWith(DISTRIBUTION, 'distribution 3', () => {
  onRegistry('distribution 3', distribution)
  onRegistry('distribution 3 with tokens', () => distribution({ auth: 'token' }))
})
describeWith(OLAREG, 'olareg', () => onRegistry('olareg', olareg))
describeIfThere(ZOT, 'zot', () => {
  onRegistry('zot', zot)
  onRegistry('zot with htpasswd', () => zot({ auth: 'htpasswd' }))
  onRegistry('zot with tokens', () => zot({ auth: 'token' }))
})
