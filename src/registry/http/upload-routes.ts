import { type Context, Hono } from 'hono'
import { register } from '../../http/operation.ts'
import { passingRequestBody } from '../../http/request-body.ts'
import type { EmbeddedRegistry } from '../embedded-registry.ts'
import { RegistryError } from '../errors.ts'
import { parseChunkRange } from './range.ts'
import { checkedDigest, mountQuery, PUSH, type Reading, repositoryParam } from './request.ts'

const UPLOADS = ['/:name/blobs/uploads/', '/:name/blobs/uploads']
const UPLOAD = '/:name/blobs/uploads/:id'

const STATUS = { ...PUSH, load: 'none', writesDisk: false } as const
export type MayMount = (c: Context, from: string) => Promise<boolean>

/** Cancelling is no deletion: a client that may push may also cancel. */
const CANCEL = { ...PUSH, writesDisk: false } as const

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-blobs */
export function uploadRoutes(
  { blobs, uploads }: EmbeddedRegistry,
  { content, readGuard }: Reading,
  mayMount: MayMount = async () => true,
): Hono {
  const app = new Hono()

  register(app, 'POST', UPLOADS, { id: 'startUpload', ...PUSH }, async (c) => {
    const repository = repositoryParam(c)
    const mount = mountQuery(c)
    // A client that may not read the other repository uploads the blob, and learns nothing of it.
    const hides = readGuard(c)
    const mounts =
      mount !== undefined &&
      (await mayMount(c, mount.from)) &&
      (!hides || (await content.hasBlob(hides, mount.from, mount.digest)))
    if (mounts && (await blobs.mount(repository, mount.digest, mount.from, { sent: true }))) {
      return created(c, repository, mount.digest)
    }
    const { digest } = c.req.query()
    const expected = digest === undefined ? undefined : checkedDigest(digest)
    const id = await uploads.start(repository, algorithmQuery(c))
    if (expected === undefined) return accepted(c, repository, id, 0)
    try {
      await uploads.append(repository, id, passingRequestBody(c))
    } catch (error) {
      await uploads.cancel(repository, id)
      throw error
    }
    await uploads.finish(repository, id, expected)
    return created(c, repository, expected)
  })

  register(app, 'GET', UPLOAD, { id: 'getUpload', ...STATUS }, (c) => {
    const repository = repositoryParam(c)
    const id = c.req.param('id')
    return c.body(null, 204, progress(repository, id, uploads.status(repository, id)))
  })

  register(app, 'PATCH', UPLOAD, { id: 'continueUpload', ...PUSH }, async (c) => {
    const repository = repositoryParam(c)
    const id = c.req.param('id')
    const size = await takeChunk(c, repository, id)
    return accepted(c, repository, id, size)
  })

  register(app, 'PUT', UPLOAD, { id: 'finishUpload', ...PUSH }, async (c) => {
    const repository = repositoryParam(c)
    const id = c.req.param('id')
    const digest = checkedDigest(c.req.query('digest'))
    await takeChunk(c, repository, id)
    await uploads.finish(repository, id, digest)
    return created(c, repository, digest)
  })

  register(app, 'DELETE', UPLOAD, { id: 'cancelUpload', ...CANCEL }, async (c) => {
    await uploads.cancel(repositoryParam(c), c.req.param('id'))
    return c.body(null, 204)
  })

  /** Appends the chunk in the request. If it is not the next one, the error's headers say where to continue. */
  async function takeChunk(c: Context, repository: string, id: string): Promise<number> {
    const range = parseChunkRange(c.req.header('Content-Range'))
    try {
      return await uploads.append(repository, id, passingRequestBody(c), range)
    } catch (error) {
      if (!(error instanceof RegistryError && error.status === 416)) throw error
      const headers = progress(repository, id, uploads.status(repository, id))
      throw new RegistryError(error.code, error.message, { status: 416, headers })
    }
  }

  return app
}

function algorithmQuery(c: Context): 'sha256' | 'sha512' {
  const algorithm = c.req.query('digest-algorithm') ?? 'sha256'
  if (algorithm === 'sha256' || algorithm === 'sha512') return algorithm
  throw new RegistryError(
    'DIGEST_INVALID',
    `the digest algorithm "${algorithm.slice(0, 50)}" is not supported`,
  )
}

function progress(repository: string, id: string, size: number): Record<string, string> {
  return {
    Location: `/v2/${repository}/blobs/uploads/${id}`,
    Range: `0-${Math.max(0, size - 1)}`,
    'Docker-Upload-UUID': id,
  }
}

function accepted(c: Context, repository: string, id: string, size: number): Response {
  return c.body(null, 202, { ...progress(repository, id, size), 'Content-Length': '0' })
}

function created(c: Context, repository: string, digest: string): Response {
  return c.body(null, 201, {
    Location: `/v2/${repository}/blobs/${digest}`,
    'Docker-Content-Digest': digest,
    'Content-Length': '0',
  })
}
