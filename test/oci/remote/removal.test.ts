/** Removing tags and manifests, by what the registry can delete. */
import { expect, it } from 'vitest'
import { RemoteRegistry } from '../../../src/oci/remote/remote-registry.ts'
import { pushNote } from '../../support/manifests.ts'
import {
  registryBehind,
  withBasic,
  withoutDeletion,
  withoutReferrersApi,
  withoutTagDeletion,
} from '../../support/registries.ts'

it('removes a tag through a placeholder, but neither its manifest nor other tags', async () => {
  for (const status of [400, 404, 405] as const) {
    const registry = new RemoteRegistry(await registryBehind([withoutTagDeletion(status)]))
    const repository = registry.repository('a')
    const manifest = await pushNote(repository, 'one')
    await repository.tag(manifest, 'x', 'y', 'z')
    await Promise.all([repository.untag('x'), repository.untag('y'), repository.untag('none')])
    expect(await Array.fromAsync(repository.tags())).toEqual(['z'])
    expect(await repository.resolve('z')).toEqual(manifest)
    expect(await repository.exists(manifest)).toBe(true)
  }
})

it('treats a tag on a placeholder as removed, and can set it again', async () => {
  const url = await registryBehind([withoutDeletion])
  const repository = new RemoteRegistry(url).repository('a')
  const manifest = await pushNote(repository, 'one')
  await repository.tag(manifest, 'x')
  await repository.untag('x')
  await repository.untag('x')
  await expect(new RemoteRegistry(url).repository('a').resolve('x')).rejects.toMatchObject({
    code: 'not_found',
  })
  await repository.tag(manifest, 'x')
  expect(await repository.resolve('x')).toEqual(manifest)
})

it('leaves a placeholder of the configured type, always with the same bytes', async () => {
  const url = await registryBehind([withoutDeletion])
  const placeholderType = 'application/vnd.example.removed.v1+json'
  const repository = new RemoteRegistry(url, { placeholderType }).repository('a')
  await repository.tag(await pushNote(repository, 'one'), 'x')
  await repository.untag('x')
  const left = await fetch(new URL('/v2/a/manifests/x', url))
  // Tags that earlier versions removed are recognized by the digest of these bytes.
  expect(await left.text()).toBe(
    `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","artifactType":"${placeholderType}","manifests":[],"annotations":{"org.opencontainers.image.description":"The tag x was removed."}}`,
  )
})

it('removes the tags of a manifest that the registry cannot delete', async () => {
  const repository = new RemoteRegistry(await registryBehind([withoutDeletion])).repository('a')
  const one = await pushNote(repository, 'one')
  const two = await pushNote(repository, 'two')
  await repository.tag(one, 'x', 'y')
  await repository.tag(two, 'z')
  await repository.delete(one)
  for (const tag of ['x', 'y']) {
    await expect(repository.resolve(tag)).rejects.toMatchObject({ code: 'not_found' })
  }
  expect(await repository.resolve('z')).toEqual(two)
})

it('probes the capabilities of a registry, and cleans up as far as it can', async () => {
  const all = { referrersApi: true, tagDeletion: true, manifestDeletion: true, fixedTags: [] }
  for (const [middlewares, expected, left] of [
    [[], all, 0],
    [[withoutReferrersApi({ claims: true })], { ...all, referrersApi: false }, 0],
    [[withoutTagDeletion(404)], { ...all, tagDeletion: false }, 0],
    [[withoutDeletion], { ...all, tagDeletion: false, manifestDeletion: false }, 2],
  ] as const) {
    const url = new URL('/team', await registryBehind(middlewares))
    const registry = new RemoteRegistry(url)
    expect(await registry.capabilities('probe')).toEqual(expected)
    const tags = Array.fromAsync(registry.repository('probe').tags())
    if (left > 0) expect(await tags).toHaveLength(left)
    else await expect(tags).rejects.toMatchObject({ code: 'not_found' })
  }
})

it('detects a registry that deletes the manifest with a tag, and uses placeholders from then on', async () => {
  const url = await registryBehind([
    async (c, next) => {
      const reference = /\/manifests\/([^/:]+)$/.exec(c.req.path)?.[1]
      if (c.req.method !== 'DELETE' || reference === undefined) return next()
      const manifest = await fetch(new URL(c.req.path, url))
      const digest = manifest.headers.get('Docker-Content-Digest') ?? 'none'
      return fetch(new URL(c.req.path.replace(reference, digest), url), { method: 'DELETE' })
    },
  ])
  const registry = new RemoteRegistry(url)
  expect(await registry.capabilities('probe')).toMatchObject({ tagDeletion: false })
  const repository = registry.repository('a')
  await repository.tag(await pushNote(repository, 'one'), 'x', 'y')
  await repository.untag('x')
  expect(await Array.fromAsync(repository.tags())).toEqual(['y'])
})

it('reports in the probe that credentials may not push or delete', async () => {
  const refusing = (...methods: string[]) =>
    registryBehind([
      (c, next) =>
        methods.includes(c.req.method)
          ? Promise.resolve(c.json({ errors: [{ code: 'DENIED', message: 'read only' }] }, 403))
          : next(),
    ])
  const readOnly = await refusing('POST', 'PUT', 'PATCH', 'DELETE')
  await expect(new RemoteRegistry(readOnly).capabilities('probe')).rejects.toMatchObject({
    code: 'denied',
    message: expect.stringContaining(`cannot push to ${readOnly.host}/probe: `),
  })
  const locked = await registryBehind([withBasic('a', 'b')])
  await expect(new RemoteRegistry(locked).capabilities('probe')).rejects.toMatchObject({
    code: 'denied',
    message: expect.stringContaining('requires credentials, and none are configured for it'),
  })
  const appendOnly = new RemoteRegistry(await refusing('DELETE'))
  expect(await appendOnly.capabilities('probe')).toMatchObject({
    tagDeletion: false,
    manifestDeletion: false,
  })
})
