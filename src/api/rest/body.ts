import { isUtf8 } from 'node:buffer'
import type { z } from '@hono/zod-openapi'
import type { Context, MiddlewareHandler } from 'hono'
import { AppError } from '../../core/errors.ts'
import type { Resources } from '../../domain/resources.ts'
import type { ByteBudget } from '../../http/byte-budget.ts'
import { mediaType, requestBody } from '../../http/request-body.ts'
import { unpackArchive } from '../../service/queries/resources.ts'
import type { Api } from './api.ts'
import { GZIP } from './schemas/exchange.ts'

declare module 'hono' {
  interface ContextVariableMap {
    /** The body of a REST call; undefined where it has none. */
    receivedBody: { bytes: Uint8Array; archive: boolean } | undefined
  }
}

/**
 * A body may be this many times as large as the files in it: base64 needs four thirds, and the escapes of JSON
 * something on top.
 */
const BODY_FACTOR = 2

export function maxBodyBytes({ ctx }: Api): number {
  return ctx.limits.maxBytes * BODY_FACTOR
}

/** Takes in bodies of a bounded size, and no more of them at once than there is memory for. */
export function boundedBody(maxBytes: number, budget: ByteBudget): MiddlewareHandler {
  return async function boundedBody(c, next) {
    const announced = Number(c.req.header('Content-Length'))
    if (announced > maxBytes) throw tooLarge(maxBytes)
    if (c.req.raw.body === null) return next()
    if (announced > 0) budget.check(announced)
    const share = budget.share()
    try {
      const bytes = Buffer.concat(await Array.fromAsync(upTo(maxBytes, requestBody(c), share.take)))
      const type = mediaType(c)
      // RFC 8259, 8.1. Whoever sends other bytes would get them replaced, and not know it.
      if (type?.endsWith('json') && !isUtf8(bytes)) {
        throw new AppError(
          'invalid',
          'the body is not UTF-8; send files that are not text as {"base64": "…"}',
        )
      }
      c.set('receivedBody', { bytes, archive: type === GZIP })
      if (type !== GZIP) c.req.raw = new Request(c.req.raw, { body: bytes })
      await next()
    } finally {
      share.giveBack()
    }
  }
}

/** Whether the body of a route that takes both is an archive, and not JSON. Throws `invalid` without a body. */
export function isArchive(c: Context): boolean {
  if (mediaType(c) !== undefined) return mediaType(c) === GZIP
  throw new AppError('invalid', 'the body is missing: send JSON or a tar.gz')
}

/** The files of the archive in the body. Throws `invalid_archive` and `too_large`. */
export async function archiveOf(c: Context, { ctx }: Api): Promise<Resources> {
  return unpackArchive(ctx, c.var.receivedBody?.bytes ?? new Uint8Array(0))
}

async function* upTo(
  maxBytes: number,
  body: AsyncIterable<Uint8Array>,
  take: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of body) {
    size += chunk.byteLength
    if (size > maxBytes) throw tooLarge(maxBytes)
    take(chunk.byteLength)
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
