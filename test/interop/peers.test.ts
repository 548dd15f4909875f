/** The third-party servers that tests and benchmarks start behave as these expect. */
import { createHash } from 'node:crypto'
import { expect, it, onTestFinished } from 'vitest'
import { signedFetch } from '../support/peers/aws-signature.ts'
import { DISTRIBUTION, DOCKER_REGISTRY, distribution, dockerRegistry } from '../support/peers/distribution.ts'
import { OLAREG, olareg } from '../support/peers/olareg.ts'
import type { RegistryAuth, RegistryPeer } from '../support/peers/registry-peer.ts'
import { MOTO, moto, type S3Peer, VERSITYGW, versitygw } from '../support/peers/s3-servers.ts'
import type { Peer } from '../support/peers/server-process.ts'
import { ZOT, zot } from '../support/peers/zot.ts'
import { describeIfThere, describeWith } from './tool.ts'

const NAME = 'some/repository'
const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json'
const EMPTY = '{}'
const EMPTY_DESCRIPTOR = {
  mediaType: 'application/vnd.oci.empty.v1+json',
  digest: digestOf(EMPTY),
  size: EMPTY.length,
}
const MANIFEST = JSON.stringify({
  schemaVersion: 2,
  mediaType: MANIFEST_TYPE,
  artifactType: 'application/vnd.example',
  config: EMPTY_DESCRIPTOR,
  layers: [EMPTY_DESCRIPTOR],
})

type Answer = { token: string; access_token: string; refresh_token: string }

async function started<P extends Peer>(peer: Promise<P>): Promise<P> {
  const running = await peer
  onTestFinished(running.stop)
  return running
}

/** Pushes an artifact and reads it back, with the requests that oras makes. */
async function roundTrip({ url }: Peer, authorization?: string): Promise<void> {
  const auth = authorization === undefined ? undefined : { authorization }
  const post = await fetch(new URL(`/v2/${NAME}/blobs/uploads/`, url), {
    method: 'POST',
    headers: { ...auth },
  })
  expect(post.status).toBe(202)
  const upload = new URL(post.headers.get('Location') ?? '', url)
  upload.searchParams.set('digest', EMPTY_DESCRIPTOR.digest)
  const octets = { ...auth, 'Content-Type': 'application/octet-stream' }
  expect((await fetch(upload, { method: 'PUT', headers: octets, body: EMPTY })).status).toBe(201)
  const manifest = new URL(`/v2/${NAME}/manifests/v1`, url)
  const typed = { ...auth, 'Content-Type': MANIFEST_TYPE }
  expect((await fetch(manifest, { method: 'PUT', headers: typed, body: MANIFEST })).status).toBe(201)
  const pulled = await fetch(manifest, { headers: { ...auth, Accept: MANIFEST_TYPE } })
  expect(pulled.headers.get('Docker-Content-Digest')).toBe(digestOf(MANIFEST))
  expect(await pulled.text()).toBe(MANIFEST)
}

async function ping({ url }: Peer, authorization?: string): Promise<Response> {
  return fetch(new URL('/v2/', url), authorization === undefined ? {} : { headers: { authorization } })
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`
}

function storesArtifacts(start: () => Promise<RegistryPeer>): void {
  it('stores an artifact, and does not respond once it is stopped', async () => {
    const peer = await started(start())
    expect((await ping(peer)).status).toBe(200)
    await roundTrip(peer)
    await peer.stop()
    await expect(ping(peer)).rejects.toThrow()
  })
}

function authenticates(start: (options: { auth: RegistryAuth }) => Promise<RegistryPeer>): void {
  it('requires the right password', async () => {
    const peer = await started(start({ auth: 'htpasswd' }))
    const refused = await ping(peer)
    expect(refused.status).toBe(401)
    expect(refused.headers.get('WWW-Authenticate')).toMatch(/^Basic realm=/i)
    expect((await ping(peer, basic('tester', 'wrong'))).status).toBe(401)
    const { username = '', password = '' } = peer.credentials ?? {}
    await roundTrip(peer, basic(username, password))
  })

  it('requires a token with the right scope', async () => {
    const { tokens, credentials, ...peer } = await started(start({ auth: 'token' }))
    if (!tokens || !credentials) throw new Error('there is no token server')
    const { username, password } = credentials
    const refused = await ping(peer)
    expect(refused.status).toBe(401)
    const challenge = refused.headers.get('WWW-Authenticate') ?? ''
    expect(challenge).toMatch(/^Bearer /i)
    expect(challenge).toContain(`realm="${tokens.realm}"`)
    expect(challenge).toContain(`service="${tokens.service}"`)

    const scope = `repository:${NAME}:pull,push`
    const query = new URLSearchParams({ service: tokens.service, scope, offline_token: 'true' })
    const asked = await fetch(`${tokens.realm}?${query}`, {
      headers: { authorization: basic(username, password) },
    })
    const answer = (await asked.json()) as Answer
    await roundTrip(peer, `Bearer ${answer.token}`)
    const form = { grant_type: 'refresh_token', refresh_token: answer.refresh_token, client_id: 'test' }
    const body = new URLSearchParams({ ...form, service: tokens.service, scope })
    const again = (await (await fetch(tokens.realm, { method: 'POST', body })).json()) as Answer
    await roundTrip(peer, `Bearer ${again.access_token}`)

    const foreign = new URL('/v2/other/tags/list', peer.url)
    const headers = { authorization: `Bearer ${answer.token}` }
    expect((await fetch(foreign, { headers })).status).toBe(401)
    const stranger = (await (await fetch(`${tokens.realm}?${query}`)).json()) as Answer
    const list = new URL(`/v2/${NAME}/tags/list`, peer.url)
    expect((await fetch(list, { headers: { authorization: `Bearer ${stranger.token}` } })).status).toBe(401)
    const wrong = { authorization: basic(username, 'wrong') }
    expect((await fetch(`${tokens.realm}?${query}`, { headers: wrong })).status).toBe(401)

    const { service } = tokens
    expect(tokens.requests).toEqual([
      { method: 'GET', username, service, scopes: [scope], status: 200 },
      { method: 'POST', grant: 'refresh_token', username, service, scopes: [scope], status: 200 },
      { method: 'GET', service, scopes: [scope], status: 200 },
      { method: 'GET', username, service, scopes: [scope], status: 401 },
    ])
  })
}

function deletesIfEnabled(
  start: (options: { delete?: boolean }) => Promise<RegistryPeer>,
  refusal: number,
): void {
  it('deletes only if deletion is enabled', async () => {
    for (const [options, status] of [
      [{}, 202],
      [{ delete: false }, refusal],
    ] as const) {
      const peer = await started(start(options))
      await roundTrip(peer)
      const manifest = new URL(`/v2/${NAME}/manifests/${digestOf(MANIFEST)}`, peer.url)
      expect((await fetch(manifest, { method: 'DELETE' })).status).toBe(status)
    }
  })
}

function storesObjects(start: () => Promise<S3Peer>): void {
  it('stores an object for signed requests, and does not respond once it is stopped', async () => {
    const peer = await started(start())
    expect((await signedFetch(peer, 'PUT', '/bucket')).status).toBe(200)
    expect((await signedFetch(peer, 'PUT', '/bucket/some/key', 'content')).status).toBe(200)
    expect(await (await signedFetch(peer, 'GET', '/bucket/some/key')).text()).toBe('content')
    expect((await signedFetch(peer, 'GET', '/bucket/missing')).status).toBe(404)
    expect((await fetch(new URL('/bucket/some/key', peer.url))).status).toBe(403)
    await peer.stop()
    await expect(ping(peer)).rejects.toThrow()
  })
}

describeWith(DOCKER_REGISTRY, 'docker-registry 2.8', () => {
  storesArtifacts(dockerRegistry)
  authenticates(dockerRegistry)
  deletesIfEnabled(dockerRegistry, 405)
})

describeWith(DISTRIBUTION, 'distribution 3', () => {
  storesArtifacts(distribution)
  authenticates(distribution)
  deletesIfEnabled(distribution, 405)
})

describeIfThere(ZOT, 'zot', () => {
  storesArtifacts(zot)
  authenticates(zot)
})

describeWith(OLAREG, 'olareg', () => {
  storesArtifacts(olareg)
  deletesIfEnabled(olareg, 405)
})

describeWith(VERSITYGW, 'versitygw', () => storesObjects(versitygw))

describeWith(MOTO, 'moto', () => storesObjects(moto))
