/** The check of an external registry at the start. */
import { expect, it } from 'vitest'
import { folderApp } from '../support/app.ts'
import { registryBehind, withImmutableTags } from '../support/registries.ts'

const IMMUTABLE = {
  'Amazon ECR': {
    status: 400,
    code: 'TAG_INVALID',
    message: 'The image tag already exists and cannot be overwritten because the repository is immutable.',
  },
  Harbor: {
    status: 412,
    code: 'PRECONDITION',
    message: 'Failed to process request, as it is configured as immutable.',
  },
  'a registry that denies it': { status: 403, code: 'DENIED', message: 'protected tag' },
  'a registry with a conflict': { status: 409, code: 'CONFLICT', message: 'the tag exists' },
} as const

it.each(Object.entries(IMMUTABLE))(
  'says that a registry with immutable tags cannot be used, as %s',
  async (_, refusal) => {
    const url = await registryBehind([withImmutableTags(/./, refusal)])
    for (const _start of ['first', 'second']) {
      const starting = folderApp(undefined, { PKGSERVER_REGISTRY: new URL('/team', url).href })
      const error = await starting.catch((failure) => failure)
      expect(error).toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining(`${url.host}/team cannot be used`),
      })
      expect(error.message).toContain('does not let these tags move: latest, draft-probe')
      expect(error.message).toContain(refusal.message)
    }
  },
)

it.each(['latest', 'draft-probe', '_package', '_conflicts-probe', 'v1', 'v1.0.0'])(
  'finds a rule for some tags only: %s',
  async (tag) => {
    const url = await registryBehind([withImmutableTags(new RegExp(`^${tag}$`), IMMUTABLE.Harbor)])
    await expect(folderApp(undefined, { PKGSERVER_REGISTRY: url.href })).rejects.toThrow(`tags move: ${tag}.`)
  },
)

it('finds a registry that takes a push of a tag and does not move it', async () => {
  const url = await registryBehind([
    async (c, next) => {
      const tag = /\/manifests\/([^/:]+)$/.exec(c.req.path)?.[1]
      if (c.req.method !== 'PUT' || tag !== 'latest') return next()
      const there = await fetch(new URL(c.req.path, url), { method: 'HEAD' })
      if (there.status !== 200) return next()
      return c.body(null, 201)
    },
  ])
  await expect(folderApp(undefined, { PKGSERVER_REGISTRY: url.href })).rejects.toThrow('tags move: latest.')
})

it('leaves nothing behind in a registry that it can use, also when servers start at the same time', async () => {
  const url = await registryBehind([])
  const apps = Array.from({ length: 3 }, () => folderApp(undefined, { PKGSERVER_REGISTRY: url.href }))
  await Promise.all(apps)
  expect((await fetch(new URL('/v2/pkgserver-probe/tags/list', url))).status).toBe(404)
})
