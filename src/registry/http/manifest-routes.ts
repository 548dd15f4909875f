import { type Context, Hono } from 'hono'
import { currentClient } from '../../core/client.ts'
import type { ByteBudget } from '../../http/byte-budget.ts'
import { etag } from '../../http/etag.ts'
import { register } from '../../http/operation.ts'
import { mediaType } from '../../http/request-body.ts'
import { wholeBody } from '../../http/whole-body.ts'
import { MAX_MANIFEST_BYTES } from '../../oci/manifest.ts'
import { isAttachment } from '../attachment.ts'
import type { EmbeddedRegistry } from '../embedded-registry.ts'
import { RegistryError } from '../errors.ts'
import { unknownManifest, unknownTag } from '../manifests.ts'
import type { ReadGuard } from '../read-guard.ts'
import type { WriteGuard } from '../write-guard.ts'
import { checkTagCondition, isNotModified } from './conditional.ts'
import {
  type Authorize,
  DELETE,
  PULL,
  PUSH,
  type Reading,
  referenceParam,
  repositoryParam,
  tagQuery,
  targetOf,
} from './request.ts'

const MANIFEST = '/:name/manifests/:reference'

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests */
export function manifestRoutes(
  { manifests }: EmbeddedRegistry,
  {
    guard,
    authorize,
    reading: { content, readGuard },
    bodies,
  }: { guard: WriteGuard; authorize: Authorize; reading: Reading; bodies?: ByteBudget | undefined },
): Hono {
  const app = new Hono()

  register(app, 'GET', MANIFEST, { id: 'getManifest', ...PULL }, async (c) => {
    const repository = repositoryParam(c)
    const reference = referenceParam(c)
    const hides = readGuard(c)
    if (hides) await checkVisible(hides, repository, reference)
    const { descriptor, bytes } =
      'tag' in reference
        ? await manifests.getTagged(repository, reference.tag)
        : await manifests.get(repository, reference.digest)
    const { digest } = descriptor
    if (isNotModified(c, digest)) {
      return c.body(null, 304, { ETag: etag(digest), 'Docker-Content-Digest': digest })
    }
    return c.body(bytes as Uint8Array<ArrayBuffer>, 200, {
      ETag: etag(digest),
      'Content-Type': descriptor.mediaType,
      'Content-Length': String(bytes.byteLength),
      'Docker-Content-Digest': digest,
    })
  })

  register(app, 'PUT', MANIFEST, { id: 'putManifest', ...PUSH }, async (c) => {
    const repository = repositoryParam(c)
    const reference = referenceParam(c)
    const tags = 'tag' in reference ? [reference.tag] : tagQuery(c)
    const put = await withBody(c, async (bytes) => {
      // The caller may push this or other content. Asking for more than is needed would record a refusal.
      if (!isAttachment(bytes, tags)) await authorize(c, 'push', targetOf(repository))
      const hides = readGuard(c)
      if (hides) await content.checkBlobs(hides, repository, bytes)
      return manifests.put(repository, bytes, {
        contentType: mediaType(c),
        digest: 'digest' in reference ? reference.digest : undefined,
        tags,
        maySetTag: async (tag, { from, to }) => {
          if (from !== to) refuse(await guard.setTag(repository, tag, bytes))
          checkTagCondition(c, tag, from)
        },
      })
    })
    return c.body(null, 201, {
      Location: `/v2/${repository}/manifests/${put.descriptor.digest}`,
      'Docker-Content-Digest': put.descriptor.digest,
      'Content-Length': '0',
      ...(put.subject !== undefined && { 'OCI-Subject': put.subject }),
      ...('digest' in reference && tags.length > 0 && { 'OCI-Tag': tags.join(', ') }),
    })
  })

  register(app, 'DELETE', MANIFEST, { id: 'deleteManifest', ...DELETE }, async (c) => {
    const repository = repositoryParam(c)
    const reference = referenceParam(c)
    if ('tag' in reference) {
      await manifests.untag(repository, reference.tag, async (tag, digest) => {
        refuse(await guard.deleteTag(repository, tag))
        checkTagCondition(c, tag, digest)
      })
    } else {
      await manifests.delete(repository, reference.digest, async (manifest) =>
        refuse(await guard.deleteManifest(repository, manifest)),
      )
    }
    return c.body(null, 202, { 'Content-Length': '0' })
  })

  return app

  /** Throws as for what does not exist. */
  async function checkVisible(
    hides: ReadGuard,
    repository: string,
    reference: ReturnType<typeof referenceParam>,
  ): Promise<void> {
    if ('tag' in reference) {
      if (await content.hasTag(hides, repository, reference.tag)) return
      throw unknownTag(repository, reference.tag)
    }
    if (await content.hasManifest(hides, repository, reference.digest)) return
    throw unknownManifest(repository, reference.digest)
  }

  /** Receives a manifest, and counts its bytes until it is stored. */
  async function withBody<T>(c: Context, work: (bytes: Uint8Array) => Promise<T>): Promise<T> {
    const share = bodies?.share(currentClient())
    try {
      const take = (more: number) => share?.take(more)
      return await work(await wholeBody(c, { maxBytes: MAX_MANIFEST_BYTES, take, tooLarge }))
    } finally {
      share?.giveBack()
    }
  }
}

function tooLarge(): RegistryError {
  const message = `a manifest has at most ${MAX_MANIFEST_BYTES} bytes`
  return new RegistryError('MANIFEST_INVALID', message, { status: 413 })
}

function refuse(refusal: string | undefined): void {
  if (refusal !== undefined) throw new RegistryError('DENIED', refusal, { status: 409 })
}
