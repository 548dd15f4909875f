import { isUtf8 } from 'node:buffer'
import type { z } from '@hono/zod-openapi'
import type { Context, MiddlewareHandler } from 'hono'
import { AppError } from '../../errors.ts'
import type { Resources } from '../../package/resources.ts'
import { mediaType, requestBody } from '../../request-body.ts'
import { unpackArchive } from '../../service/resources.ts'
import type { Api } from './api.ts'
import { GZIP } from './schemas/exchange.ts'

/**
 * A body may be this many times as large as the files in it: base64 needs four thirds, and the escapes of JSON
 * something on top.
 */
const BODY_FACTOR = 2

export function maxBodyBytes({ ctx }: Api): number {
  return ctx.limits.maxBytes * BODY_FACTOR
}

/** Takes in bodies of a bounded size, but for archives, which are read as they come (`archiveOf`). */
export function boundedBody(maxBytes: number): MiddlewareHandler {
  return async function boundedBody(c, next) {
    if (Number(c.req.header('Content-Length')) > maxBytes) throw tooLarge(maxBytes)
    if (c.req.raw.body !== null && mediaType(c) !== GZIP) {
      const body = Buffer.concat(await Array.fromAsync(upTo(maxBytes, requestBody(c))))
      // RFC 8259, 8.1. Whoever sends other bytes would get them replaced, and not know it.
      if (mediaType(c)?.endsWith('json') && !isUtf8(body)) {
        throw new AppError(
          'invalid',
          'the body is not UTF-8; send files that are not text as {"base64": "…"}',
        )
      }
      c.req.raw = new Request(c.req.raw, { body })
    }
    await next()
  }
}

/** Whether the body of a route that takes both is an archive, and not JSON. Throws `invalid` without a body. */
export function isArchive(c: Context): boolean {
  if (mediaType(c) !== undefined) return mediaType(c) === GZIP
  throw new AppError('invalid', 'the body is missing: send JSON or a tar.gz')
}

/** The files of the archive in the body. Throws `invalid_archive`, and `too_large` in mid-stream. */
export async function archiveOf(c: Context, api: Api): Promise<Resources> {
  return unpackArchive(api.ctx, upTo(maxBodyBytes(api), requestBody(c)))
}

async function* upTo(maxBytes: number, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of body) {
    size += chunk.byteLength
    if (size > maxBytes) throw tooLarge(maxBytes)
    yield chunk
  }
}

function tooLarge(maxBytes: number): AppError {
  return new AppError('too_large', `the body has more than ${maxBytes} bytes`)
}

/**
 * The validated JSON body of a route that takes other content types too. The library validates it like any other,
 * but types it only where JSON is the only one.
 */
export function jsonOf<Schema extends z.ZodType>(c: Context, _schema: Schema): z.output<Schema> {
  return c.req.valid('json' as never) as z.output<Schema>
}
