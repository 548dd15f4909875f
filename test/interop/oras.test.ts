/** The oras command line, which inspects, copies and extends artifacts. */
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { folderServer } from '../support/app.ts'
import type { Client, Json } from '../support/client.ts'
import { tool } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { AWKWARD_FILES, EXECUTABLES, filesOf } from './files.ts'
import { describeWith, output, type Run, run } from './tool.ts'

const oras = tool('oras')

const FILES = { ...AWKWARD_FILES, ...EXECUTABLES }
const PACKAGE = 'blueprints/nf/upf'
const PROPOSAL_TYPE = 'application/vnd.pkgserver.deletion-proposal.v1+json'

type Setup = {
  client: Client
  /** Returns a reference in the registry as oras writes it. */
  ref: (rest: string) => string
  folder: string
  /** Runs oras over plain HTTP in the folder. */
  ok: (command: string, ...args: string[]) => Promise<string>
  json: (command: string, ...args: string[]) => Promise<Json>
  attempt: (command: string, ...args: string[]) => Promise<Run>
}

async function start(): Promise<Setup> {
  const { client, url } = await folderServer()
  const folder = await temporaryFolder()
  await client.createRepository()
  const args = (command: string, rest: string[]) => [...command.split(' '), ...plain(command), ...rest]
  const ok: Setup['ok'] = (command, ...rest) => output(oras, args(command, rest), { cwd: folder })
  return {
    client,
    folder,
    ref: (rest) => `${url.host}/${rest}`,
    ok,
    json: async (command, ...rest) => JSON.parse(await ok(command, ...rest)),
    attempt: (command, ...rest) => run(oras, args(command, rest), { cwd: folder }),
  }
}

/** `oras cp` has two sides, and a flag for each. */
function plain(command: string): string[] {
  return command === 'cp' ? ['--from-plain-http', '--to-plain-http'] : ['--plain-http']
}

function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

describeWith(oras, 'oras', () => {
  it('lists repositories and tags', async () => {
    const { client, ok, ref } = await start()
    await client.publish('ws1')
    await client.createDraft('ws2')
    expect(lines(await ok('repo ls', ref('').slice(0, -1)))).toContain(PACKAGE)
    expect(lines(await ok('repo tags', ref(PACKAGE)))).toEqual(['draft-ws2', 'latest', 'v1', 'v1.0.0'])
    expect(lines(await ok('repo tags', ref(`${PACKAGE}:v1`)))).toEqual(['latest', 'v1', 'v1.0.0'])
  })

  it('shows an artifact with one layer that matches its config', async () => {
    const { client, ok, json, ref, folder } = await start()
    const { artifact } = await client.publish('ws1', { resources: FILES })
    const manifest = await json('manifest fetch', ref(`${PACKAGE}:v1`))
    expect(manifest).toEqual({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      artifactType: 'application/vnd.pkgserver.package.v1+json',
      config: {
        mediaType: 'application/vnd.oci.image.config.v1+json',
        digest: expect.stringMatching(/^sha256:/),
        size: expect.any(Number),
      },
      layers: [
        {
          mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
          digest: artifact.layerDigest,
          size: expect.any(Number),
          annotations: {
            'org.opencontainers.image.title': '.',
            'io.deis.oras.content.unpack': 'true',
            'io.deis.oras.content.digest': expect.stringMatching(/^sha256:/),
          },
        },
      ],
      annotations: expect.objectContaining({
        'dev.pkgserver.package': 'nf/upf',
        'dev.pkgserver.lifecycle': 'Published',
        'dev.pkgserver.revision': '1',
      }),
    })

    await ok('blob fetch', '--output', 'layer', ref(`${PACKAGE}@${artifact.layerDigest}`))
    const layer = await readFile(join(folder, 'layer'))
    expect(sha256(layer)).toBe(artifact.layerDigest)
    expect(layer.byteLength).toBe(manifest.layers[0].size)
    const diffId = sha256(gunzipSync(layer))
    const config = await json('manifest fetch-config', ref(`${PACKAGE}:v1`))
    expect(config.rootfs).toEqual({ type: 'layers', diff_ids: [diffId] })
    expect(manifest.layers[0].annotations['io.deis.oras.content.digest']).toBe(diffId)
  })

  it('pulls exactly the files of a package, by tag and by digest', async () => {
    const { client, ok, ref, folder } = await start()
    const first = await client.publish('ws1', { resources: FILES })
    const second = await client.publish('ws2', { resources: { 'only.txt': 'two\n' } })
    const { name } = await client.createDraft('ws3', { resources: { 'draft.txt': 'three\n' } })

    for (const reference of [':v1', ':v1.0.0', `@${first.artifact.digest}`]) {
      await ok('pull', '--output', `first${reference}`, ref(PACKAGE + reference))
      const files = await filesOf(join(folder, `first${reference}`))
      expect(files, reference).toEqual(FILES)
      expect(files, reference).toEqual(await client.resources(first.name))
    }
    await ok('pull', '--output', 'latest', ref(`${PACKAGE}:latest`))
    expect(await filesOf(join(folder, 'latest'))).toEqual(await client.resources(second.name))
    await ok('pull', '--output', 'draft', ref(`${PACKAGE}:draft-ws3`))
    expect(await filesOf(join(folder, 'draft'))).toEqual(await client.resources(name))
  })

  it('resolves tags to the digests that the API returns', async () => {
    const { client, ok, ref } = await start()
    const { artifact } = await client.publish('ws1')
    for (const tag of artifact.tags) {
      expect(await ok('resolve', ref(`${PACKAGE}:${tag}`)), tag).toBe(`${artifact.digest}\n`)
    }
  })

  it('pushes other artifacts to a repository without packages', async () => {
    const { ok, ref, folder } = await start()
    await writeFile(join(folder, 'notes.txt'), 'notes\n')
    for (const tag of ['v1', 'latest', '9.9.9']) {
      await ok('push', ref(`elsewhere/tools:${tag}`), 'notes.txt')
    }
    await ok('pull', '--output', 'out', ref('elsewhere/tools:9.9.9'))
    expect(await filesOf(join(folder, 'out'))).toEqual({ 'notes.txt': 'notes\n' })
    await ok('manifest delete', '--force', ref('elsewhere/tools:9.9.9'))
  })

  it('pushes beside the revisions of a package under a tag that is not a version', async () => {
    const { client, ok, ref, folder } = await start()
    const { artifact } = await client.publish('ws1')
    await writeFile(join(folder, 'sbom.json'), '{}\n')
    await ok('push', '--artifact-type', 'application/vnd.example.sbom', ref(`${PACKAGE}:sbom`), 'sbom.json')
    await ok('tag', ref(`${PACKAGE}:v1`), 'production')
    expect(await client.tags()).toEqual(['latest', 'production', 'sbom', 'v1', 'v1.0.0'])
    expect(await client.resolve('production')).toBe(artifact.digest)
    await ok('pull', '--output', 'out', ref(`${PACKAGE}:sbom`))
    expect(await filesOf(join(folder, 'out'))).toEqual({ 'sbom.json': '{}\n' })
  })

  it('cannot push a tag that could be taken for a revision or version', async () => {
    const { client, attempt, ok, ref, folder } = await start()
    const { artifact } = await client.publish('ws1')
    const before = await client.tags()
    await writeFile(join(folder, 'evil.txt'), 'evil\n')
    const reserved = ['v1', 'v7', 'latest', '9.9.9', 'v1.0.0', 'v2.0.0', 'draft-ws1', 'deletion-proposed-v1']
    for (const tag of [...reserved, '_package']) {
      const { code, stderr } = await attempt('push', ref(`${PACKAGE}:${tag}`), 'evil.txt')
      expect(code, tag).toBe(1)
      expect(stderr).toContain(`denied: the tag ${tag} of ${PACKAGE} is set by pkgserver alone`)
    }
    // Detours are refused as well: tagging what was pushed under another tag, or copying it.
    await ok('push', ref(`${PACKAGE}:other`), 'evil.txt')
    expect((await attempt('tag', ref(`${PACKAGE}:other`), 'latest')).stderr).toContain('denied')
    expect((await attempt('cp', ref(`${PACKAGE}:other`), ref(`${PACKAGE}:v1`))).stderr).toContain('denied')

    expect(await client.tags()).toEqual([...before, 'other'].sort())
    for (const tag of artifact.tags) expect(await client.resolve(tag), tag).toBe(artifact.digest)
    await ok('pull', '--output', 'out', ref(`${PACKAGE}:v1`))
    expect(await filesOf(join(folder, 'out'))).not.toHaveProperty('evil.txt')
  })

  it('can push a published manifest again under its own tag, which changes nothing', async () => {
    const { client, ok, ref } = await start()
    const { artifact } = await client.publish('ws1')
    await ok('tag', ref(`${PACKAGE}@${artifact.digest}`), 'v1', 'latest')
    expect(await client.resolve('v1')).toBe(artifact.digest)
  })

  it('cannot delete what is published', async () => {
    const { client, attempt, ok, ref, folder } = await start()
    const { artifact } = await client.publish('ws1', { resources: FILES })
    const refused = [
      ['manifest delete', `:v1`],
      ['manifest delete', `@${artifact.digest}`],
      ['blob delete', `@${artifact.layerDigest}`],
    ] as const
    for (const [command, reference] of refused) {
      const { code, stderr } = await attempt(command, '--force', ref(PACKAGE + reference))
      expect(code, command + reference).toBe(1)
      expect(stderr).toContain('denied')
    }
    await ok('pull', '--output', 'out', ref(`${PACKAGE}:v1`))
    expect(await filesOf(join(folder, 'out'))).toEqual(FILES)
  })

  it('copies a package to another repository, with the same digest and files', async () => {
    const { client, ok, ref, folder } = await start()
    const { artifact } = await client.publish('ws1', { resources: FILES })
    await ok('cp', ref(`${PACKAGE}:v1`), ref('mirror/upf:v1'))
    expect(await client.resolve('v1', 'mirror/upf')).toBe(artifact.digest)
    await ok('pull', '--output', 'out', ref('mirror/upf:v1'))
    expect(await filesOf(join(folder, 'out'))).toEqual(FILES)
  })

  it('copies a package to an OCI layout and back', async () => {
    const { client, ok, ref, folder } = await start()
    const { artifact } = await client.publish('ws1', { resources: FILES })
    await ok('cp', '--to-oci-layout', ref(`${PACKAGE}:v1`), 'layout:v1')
    await output(oras, ['pull', '--oci-layout', '--output', 'offline', 'layout:v1'], { cwd: folder })
    expect(await filesOf(join(folder, 'offline'))).toEqual(FILES)

    await ok('cp', '--from-oci-layout', 'layout:v1', ref('mirror/upf:v1,stable'))
    expect(await client.resolve('v1', 'mirror/upf')).toBe(artifact.digest)
    expect(await client.resolve('stable', 'mirror/upf')).toBe(artifact.digest)
    await ok('pull', '--output', 'back', ref('mirror/upf:stable'))
    expect(await filesOf(join(folder, 'back'))).toEqual(FILES)
  })

  it('attaches artifacts to a published revision without changing it, and finds them', async () => {
    const { client, ok, json, ref, folder } = await start()
    const { artifact } = await client.publish('ws1')
    const type = 'application/vnd.example.signature'
    await writeFile(join(folder, 'signature.txt'), 'signed\n')
    await ok('attach', '--artifact-type', type, ref(`${PACKAGE}:v1`), 'signature.txt')
    await ok(
      'attach',
      '--artifact-type',
      'application/vnd.example.other',
      ref(`${PACKAGE}:v1`),
      'signature.txt',
    )

    // There is no fallback tag: clients write one only if a registry has no referrers API.
    expect(await client.tags()).toEqual(['latest', 'v1', 'v1.0.0'])
    expect(await client.resolve('v1')).toBe(artifact.digest)
    expect(await referrers(json, ref(`${PACKAGE}:v1`))).toEqual(['application/vnd.example.other', type])
    const [found] = (
      await json('discover', '--format', 'json', '--artifact-type', type, ref(`${PACKAGE}:v1`))
    ).referrers
    expect(found.artifactType).toBe(type)
    await ok('pull', '--output', 'out', found.reference)
    expect(await filesOf(join(folder, 'out'))).toEqual({ 'signature.txt': 'signed\n' })

    await ok('cp', '--recursive', ref(`${PACKAGE}:v1`), ref('mirror/upf:v1'))
    expect(await referrers(json, ref('mirror/upf:v1'))).toEqual(['application/vnd.example.other', type])
  })

  it('discovers who proposed the deletion of a revision and why, and that it was rejected', async () => {
    const { client, attempt, json, ok, ref, folder } = await start()
    const { name, artifact } = await client.publish('ws1')
    expect(await referrers(json, ref(`${PACKAGE}:v1`))).toEqual([])
    await client.verb(name, 'propose-deletion', { reason: 'a mistake' })

    const { referrers: found } = await json('discover', '--format', 'json', ref(`${PACKAGE}:v1`))
    expect(found).toMatchObject([{ artifactType: PROPOSAL_TYPE }])
    await ok('pull', '--output', 'out', found[0].reference)
    const proposal = JSON.parse(await readFile(join(folder, 'out/deletion-proposal.json'), 'utf8'))
    expect(proposal).toMatchObject({ revision: 1, proposedBy: 'anonymous', reason: 'a mistake' })
    expect(await client.resolve('v1')).toBe(artifact.digest)
    expect((await attempt('manifest delete', '--force', found[0].reference)).stderr).toContain('denied')

    await client.verb(name, 'reject')
    const rejection = ['application/vnd.pkgserver.deletion-rejection.v1+json']
    expect(await referrers(json, ref(`${PACKAGE}:v1`))).toEqual(rejection)
  })

  it('finds nothing of a deleted revision, and all of the others', async () => {
    const { client, attempt, ok, ref, folder } = await start()
    const first = await client.publish('ws1', { resources: FILES })
    const second = await client.publish('ws2', { copy: { from: first.name } })
    await client.verb(second.name, 'propose-deletion')
    await client.verb(second.name, 'approve')
    for (const reference of [':v2', ':v2.0.0', `@${second.artifact.digest}`]) {
      expect((await attempt('resolve', ref(PACKAGE + reference))).stderr, reference).toContain('not found')
    }
    // Both shared a layer.
    await ok('pull', '--output', 'out', ref(`${PACKAGE}:latest`))
    expect(await filesOf(join(folder, 'out'))).toEqual(FILES)
  })
})

/** Returns the artifact types of the referrers of an artifact, sorted. */
async function referrers(json: Setup['json'], reference: string): Promise<string[]> {
  const { referrers } = await json('discover', '--format', 'json', reference)
  return referrers.map((referrer: { artifactType: string }) => referrer.artifactType).sort()
}

function lines(text: string): string[] {
  return text.split('\n').filter(Boolean)
}
