/** Artifacts in a registry that cannot delete, which is the default of docker-registry. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { MANIFEST_ACCEPT } from '../../src/oci/media-types.ts'
import { RemoteRegistry } from '../../src/oci/remote/remote-registry.ts'
import { DOCKER_REGISTRY, dockerRegistry } from '../support/peers/distribution.ts'
import type { RegistryPeer } from '../support/peers/registry-peer.ts'
import { startServer } from '../support/process.ts'
import { tool } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { filesOf } from './files.ts'
import { describeWith, output, run } from './tool.ts'

const REMOVED_TYPE = 'application/vnd.pkgserver.removed.v1+json'

const FILES = (text: string) => ({
  resources: { 'a.yaml': `apiVersion: v1\nkind: X\nmetadata: {name: ${text}}\n` },
})

describeWith(DOCKER_REGISTRY, 'docker-registry without deletion', () => {
  let peer: RegistryPeer
  let teams = 0
  beforeAll(async () => {
    peer = await dockerRegistry({ delete: false })
  })
  afterAll(() => peer.stop())

  /** Starts a server whose artifacts are in the registry, below its own prefix. */
  async function start() {
    const prefix = `team-${teams++}`
    const server = await startServer(await temporaryFolder(), ['--registry', `${peer.url.origin}/${prefix}`])
    await server.client.createRepository()
    const registry = new RemoteRegistry(new URL(prefix, peer.url), { placeholderType: REMOVED_TYPE })
    const repository = registry.repository('blueprints/nf/upf')
    return {
      ...server,
      repository,
      resolve: async (tag: string) => (await repository.resolve(tag)).digest,
      reference: `${peer.url.host}/${prefix}/blueprints/nf/upf`,
      /** Reads a manifest as any other client does. */
      get: async (tag: string) => {
        const path = `/v2/${prefix}/blueprints/nf/upf/manifests/${tag}`
        const answer = await fetch(new URL(path, peer.url), {
          headers: { Accept: MANIFEST_ACCEPT },
        })
        return {
          status: answer.status,
          manifest: (await answer.json()) as { artifactType?: string; manifests?: object[] },
        }
      },
    }
  }

  it('is reported in the log, with its consequences', async () => {
    const { log } = await start()
    await vi.waitFor(() => {
      expect(log()).toMatch(/does not delete manifests: .*reachable by its digest.*lead to an empty artifact/)
      expect(log()).toContain('REGISTRY_STORAGE_DELETE_ENABLED=true')
      expect(log()).toMatch(/has no referrers API/)
    })
  })

  it('still allows packages to be reviewed, published and deleted', async () => {
    const { client, repository, resolve, get } = await start()
    const first = await client.publish('ws1', FILES('one'))
    const second = await client.publish('ws2', FILES('two'))
    expect(await resolve('latest')).toBe(second.artifact.digest)

    await client.verb(second.name, 'propose-deletion', { reason: 'broken' })
    await client.verb(second.name, 'reject')
    expect(await resolve('v2')).toBe(second.artifact.digest)
    await client.verb(second.name, 'propose-deletion')
    await client.verb(second.name, 'approve')

    expect((await client.call('GET', `/packagerevisions/${second.name}`)).status).toBe(404)
    for (const tag of ['v2', 'v2.0.0', 'draft-ws2', 'deletion-proposed-v2']) {
      await expect(repository.resolve(tag), tag).rejects.toMatchObject({ code: 'not_found' })
      const { status, manifest } = await get(tag)
      expect(status, tag).toBe(200)
      expect(manifest, tag).toMatchObject({ artifactType: REMOVED_TYPE, manifests: [] })
    }
    expect(await resolve('latest')).toBe(first.artifact.digest)
    expect(await client.get(first.name)).toMatchObject({ latest: true })
    expect(await client.publish('ws3', FILES('three'))).toMatchObject({ revision: 3 })
  })

  it('loses `latest` with the last revision', async () => {
    const { client, repository, get } = await start()
    const { name } = await client.publish('ws1')
    await client.verb(name, 'propose-deletion')
    await client.verb(name, 'approve')
    await expect(repository.resolve('latest')).rejects.toMatchObject({ code: 'not_found' })
    expect((await get('latest')).manifest.artifactType).toBe(REMOVED_TYPE)
    expect(await client.publish('ws2')).toMatchObject({ revision: 2 })
  })

  it('allows a package to be created again after its only draft was deleted', async () => {
    const { client, resolve, repository } = await start()
    for (const workspace of ['ws1', 'ws2', 'ws3']) {
      const { name, artifact } = await client.createDraft(workspace, FILES('one'))
      expect(await resolve(`draft-${workspace}`)).toBe(artifact.digest)
      expect(await client.resources(name)).toMatchObject(FILES('one').resources)
      const gone = await client.call('DELETE', `/packagerevisions/${name}`, undefined, { 'If-Match': '*' })
      expect(gone.status).toBe(204)
      await expect(repository.resolve(`draft-${workspace}`)).rejects.toMatchObject({ code: 'not_found' })
    }
    const published = await client.publish('ws4', FILES('one'))
    expect(published).toMatchObject({ revision: 1 })
    expect(await resolve('v1')).toBe(published.artifact.digest)
  })

  const oras = tool('oras')
  describeWith(oras, 'oras', () => {
    it('pulls no file by the tag of a deleted revision', async () => {
      const { client, reference } = await start()
      const { name } = await client.publish('ws1', FILES('one'))
      const folder = await temporaryFolder()
      await client.verb(name, 'propose-deletion')
      await client.verb(name, 'approve')
      await output(oras, ['pull', '--plain-http', `${reference}:v1`, '--output', folder])
      expect(await filesOf(folder)).toEqual({})
    })
  })

  const consumer = tool('consumer')
  describeWith(consumer, 'GitOps tools', () => {
    it.each([
      // It would deploy an image without files as it is: empty.
      { name: 'configsync', flag: '-tag', code: 1 },
      { name: 'flux', flag: '-tag', code: 1 },
      { name: 'argocd', flag: '-revision', code: 1 },
    ])('$name: they deploy no file by the tag of a deleted revision', async ({ name, flag, code }) => {
      const { client, reference } = await start()
      const revision = await client.publish('ws1', FILES('one'))
      const folder = await temporaryFolder()
      const deploy = async (to: string) => {
        const out = join(folder, to)
        await mkdir(out)
        return {
          code: (await run(consumer, [name, flag, 'v1', '-url', reference, '-out', out])).code,
          files: await filesOf(out),
        }
      }
      expect(await deploy('before')).toEqual({ code: 0, files: FILES('one').resources })
      await client.verb(revision.name, 'propose-deletion')
      await client.verb(revision.name, 'approve')
      expect(await deploy('after')).toEqual({ code, files: {} })
    })
  })
})
