import { Hono } from 'hono'
import { MEDIA_TYPE } from '../../oci/media-types.ts'
import type { EmbeddedRegistry } from '../embedded-registry.ts'
import { RegistryError } from '../errors.ts'
import { page } from './page.ts'
import { checkedDigest, repositoryParam } from './request.ts'

/** What a registry holds: repositories (not in the spec, but `oras repo ls` asks for it), tags and referrers. */
export function listingRoutes(registry: EmbeddedRegistry): Hono {
  const app = new Hono()

  app.get('/_catalog', async (c) => {
    const { items, headers } = page(c, await registry.repositories())
    return c.json({ repositories: items }, 200, headers)
  })

  // https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags
  app.get('/:name{.+}/tags/list', async (c) => {
    const repository = repositoryParam(c)
    const tags = await registry.tags.list(repository)
    if (tags.length === 0 && !(await registry.manifests.any(repository))) {
      throw new RegistryError('NAME_UNKNOWN', `there is no repository ${repository}`)
    }
    const { items, headers } = page(c, tags)
    return c.json({ name: repository, tags: items }, 200, headers)
  })

  // https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers
  app.get('/:name{.+}/referrers/:digest{[^/]+}', async (c) => {
    const subject = checkedDigest(c.req.param('digest'))
    const artifactType = c.req.query('artifactType')
    const all = await registry.referrers.list(repositoryParam(c), subject)
    const manifests = artifactType ? all.filter((referrer) => referrer.artifactType === artifactType) : all
    const index = { schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests }
    // Clients compare the type to the letter, so it goes out without a charset.
    return c.body(JSON.stringify(index), 200, {
      'Content-Type': MEDIA_TYPE.index,
      ...(artifactType ? { 'OCI-Filters-Applied': 'artifactType' } : {}),
    })
  })

  return app
}
