import { Hono } from 'hono'
import { register } from '../../http/operation.ts'
import { listOfAll } from '../../http/scope.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { MEDIA_TYPE } from '../../oci/media-types.ts'
import type { EmbeddedRegistry } from '../embedded-registry.ts'
import { RegistryError } from '../errors.ts'
import { linkToNext, page, pageQuery } from './page.ts'
import { checkedDigest, LIST, PULL, type Reading, repositoryParam } from './request.ts'

const CATALOG = { ...LIST, needs: { read: listOfAll } }

/** Clients accept lists of referrers up to 4 MiB. */
const PAGE_BYTES = 2 * 1024 * 1024

/** Lists of repositories (not in the spec, but used by `oras repo ls`), tags and referrers. */
export function listingRoutes(registry: EmbeddedRegistry, { content, readGuard }: Reading): Hono {
  const app = new Hono()

  register(app, 'GET', '/_catalog', { id: 'listNames', ...CATALOG }, async (c) => {
    const hides = readGuard(c)
    const names = await (hides ? content.repositories(hides) : registry.repositories())
    const { items, headers } = page(c, names, pageQuery(c))
    return c.json({ repositories: items }, 200, headers)
  })

  // https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags
  register(app, 'GET', '/:name/tags/list', { id: 'listTags', ...LIST }, async (c) => {
    const repository = repositoryParam(c)
    const query = pageQuery(c)
    const hides = readGuard(c)
    if (hides) {
      const seen = await content.tags(hides, repository)
      if (seen.length === 0 && !(hides.seesAllOf(repository) && (await registry.manifests.any(repository))))
        throw unknownRepository(repository)
      const { items, headers } = page(c, seen, query)
      return c.json({ name: repository, tags: items }, 200, headers)
    }
    // One more than requested, to know whether there is a next page.
    const tags = await registry.tags.list(repository, { after: query.after, limit: query.limit + 1 })
    if (tags.length === 0 && !(await registry.manifests.any(repository))) {
      throw unknownRepository(repository)
    }
    const { items, headers } = page(c, tags, query)
    return c.json({ name: repository, tags: items }, 200, headers)
  })

  // https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers
  register(
    app,
    'GET',
    '/:name/referrers/:digest',
    { id: 'listReferrers', ...PULL, load: 'read' },
    async (c) => {
      const repository = repositoryParam(c)
      const subject = checkedDigest(c.req.param('digest'))
      // An empty value means no filter.
      const artifactType = c.req.query('artifactType') || undefined
      const hides = readGuard(c)
      const isVisible = (digest: string) => !hides || content.hasManifest(hides, repository, digest)
      const manifests: Descriptor[] = []
      let bytes = 0
      let more = false
      for await (const referrer of registry.referrers.list(repository, subject, {
        artifactType,
        last: c.req.query('last'),
      })) {
        if (!(await isVisible(referrer.digest))) continue
        bytes += Buffer.byteLength(JSON.stringify(referrer))
        more = bytes > PAGE_BYTES
        if (more) break
        manifests.push(referrer)
      }
      const filter = artifactType === undefined ? undefined : { artifactType }
      const last = manifests.at(-1)?.digest
      // Clients compare the Content-Type literally, so it must not have a charset.
      return c.body(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests }), 200, {
        'Content-Type': MEDIA_TYPE.index,
        ...(filter && { 'OCI-Filters-Applied': 'artifactType' }),
        ...(more && last !== undefined && linkToNext(c, { ...filter, last })),
      })
    },
  )

  return app
}

function unknownRepository(name: string): RegistryError {
  return new RegistryError('NAME_UNKNOWN', `there is no repository ${name}`)
}
