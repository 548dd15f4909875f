import type { Context } from 'hono'
import type { Place, PlaceOf } from '../../http/scope.ts'
import { isDigest, looksLikeDigest } from '../../oci/digest.ts'
import { isRepositoryName, isTag } from '../../oci/reference.ts'
import { RegistryError } from '../errors.ts'
import type { PublicContent } from '../public-content.ts'
import type { ReadGuard } from '../read-guard.ts'

/** The repository in the path, as permissions name it: the first part is that of packages, the rest the package. */
export const nameInPath: PlaceOf = (c) => targetOf(c.req.param('name') ?? '')

export function targetOf(name: string): { repository: string; package: string | undefined } {
  const slash = name.indexOf('/')
  if (slash < 0) return { repository: name, package: undefined }
  return { repository: name.slice(0, slash), package: name.slice(slash + 1) }
}

export type Authorize = (c: Context, permission: 'read' | 'push', target: Place) => Promise<void>

export const PULL = { needs: { read: nameInPath }, load: 'none', writesDisk: false } as const
export const LIST = { ...PULL, load: 'list' } as const
/** Only the content tells whether `attach` suffices. */
export const PUSH = {
  needs: { push: nameInPath, attach: nameInPath },
  load: 'push',
  writesDisk: true,
} as const
export const DELETE = { needs: { delete: nameInPath }, load: 'push', writesDisk: false } as const

/** What clients may read. */
export type Reading = {
  content: PublicContent
  readGuard: (c: Context) => ReadGuard | undefined
}

/** The blob that a POST wants mounted, and the repository that has it; undefined if it asks for no mount. */
export function mountQuery(c: Context): { digest: string; from: string } | undefined {
  const { mount, from } = c.req.query()
  if (mount === undefined || from === undefined || !isDigest(mount) || !isRepositoryName(from))
    return undefined
  return { digest: mount, from }
}

/** Returns the repository's name from the path. Throws NAME_INVALID. */
export function repositoryParam(c: Context): string {
  const name = c.req.param('name') ?? ''
  if (isRepositoryName(name)) return name
  throw new RegistryError('NAME_INVALID', `"${name.slice(0, 300)}" is not the name of a repository`)
}

/** Checks a digest from the path or the query. Throws DIGEST_INVALID. */
export function checkedDigest(text: string | undefined): string {
  if (text !== undefined && isDigest(text)) return text
  const shown =
    text === undefined
      ? 'the parameter digest is missing'
      : `"${text.slice(0, 200)}" is not a sha256 or sha512 digest`
  throw new RegistryError('DIGEST_INVALID', shown)
}

/** Returns the manifest's tag or digest from the path. Throws TAG_INVALID, MANIFEST_UNKNOWN or DIGEST_INVALID. */
export function referenceParam(c: Context): { tag: string } | { digest: string } {
  const reference = c.req.param('reference') ?? ''
  if (looksLikeDigest(reference)) return { digest: checkedDigest(reference) }
  if (isTag(reference)) return { tag: reference }
  const message = notATag(reference)
  // An invalid tag cannot exist, so reading it is a 404, as the conformance tests of the spec expect.
  throw c.req.method === 'PUT'
    ? new RegistryError('TAG_INVALID', message)
    : new RegistryError('MANIFEST_UNKNOWN', message)
}

/** Far more than a client needs in one request. */
const MAX_TAGS = 100

/**
 * Returns the tags to set on a manifest that is pushed by digest: `?tag=1.2&tag=1`, as on the main branch of the
 * distribution spec. Throws TAG_INVALID.
 */
export function tagQuery(c: Context): string[] {
  const tags = [...new Set(c.req.queries('tag') ?? [])]
  if (tags.length > MAX_TAGS) {
    throw new RegistryError('TAG_INVALID', `at most ${MAX_TAGS} tags can be set at once`, { status: 414 })
  }
  const fault = tags.find((tag) => !isTag(tag))
  if (fault !== undefined) throw new RegistryError('TAG_INVALID', notATag(fault))
  return tags
}

function notATag(text: string): string {
  return `"${text.slice(0, 200)}" is not a tag`
}
