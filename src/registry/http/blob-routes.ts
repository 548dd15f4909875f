import { Hono } from 'hono'
import { register } from '../../http/operation.ts'
import { respondStream } from '../../http/stream-response.ts'
import { SMALL_BLOB_BYTES, unknownBlob } from '../blobs.ts'
import type { EmbeddedRegistry } from '../embedded-registry.ts'
import { RegistryError } from '../errors.ts'
import type { WriteGuard } from '../write-guard.ts'
import { parseRange } from './range.ts'
import { checkedDigest, DELETE, PULL, type Reading, repositoryParam } from './request.ts'

const BLOB = '/:name/blobs/:digest{[^/]+:[^/]+}'

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-blobs */
export function blobRoutes(
  { blobs }: EmbeddedRegistry,
  guard: WriteGuard,
  { content, readGuard }: Reading,
): Hono {
  const app = new Hono()

  register(app, 'GET', BLOB, { id: 'getBlob', ...PULL }, async (c) => {
    const repository = repositoryParam(c)
    const digest = checkedDigest(c.req.param('digest'))
    const hides = readGuard(c)
    if (hides && !(await content.hasBlob(hides, repository, digest))) throw unknownBlob(repository, digest)
    const size = await blobs.size(repository, digest)
    const range = c.req.method === 'HEAD' ? undefined : parseRange(c.req.header('Range'), size)
    // Small blobs are cached in memory, so a redirect would only be slower.
    const elsewhere =
      c.req.method === 'GET' && size > SMALL_BLOB_BYTES ? await blobs.downloadUrl(digest) : undefined
    if (elsewhere) return c.body(null, 307, { Location: elsewhere.href, 'Content-Length': '0' })
    c.header('Accept-Ranges', 'bytes')
    c.header('Content-Type', 'application/octet-stream')
    c.header('Docker-Content-Digest', digest)
    c.header('Content-Length', String(range ? range.end - range.start + 1 : size))
    if (range) c.header('Content-Range', `bytes ${range.start}-${range.end}/${size}`)
    if (c.req.method === 'HEAD') return c.body(null)
    c.status(range ? 206 : 200)
    if (size <= SMALL_BLOB_BYTES) {
      const bytes = await blobs.openSmall(repository, digest)
      const part = range ? bytes.subarray(range.start, range.end + 1) : bytes
      return c.body(part as Uint8Array<ArrayBuffer>)
    }
    return respondStream(c, await blobs.open(repository, digest, range))
  })

  register(app, 'DELETE', BLOB, { id: 'deleteBlob', ...DELETE }, async (c) => {
    const repository = repositoryParam(c)
    const digest = checkedDigest(c.req.param('digest'))
    await blobs.delete(repository, digest, async () => {
      const refusal = await guard.deleteBlobs(repository)
      if (refusal) throw new RegistryError('DENIED', refusal)
    })
    return c.body(null, 202, { 'Content-Length': '0' })
  })

  return app
}
