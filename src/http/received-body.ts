/** Bodies that are received as a whole before they are handled. */
import { isUtf8 } from 'node:buffer'
import type { MiddlewareHandler } from 'hono'
import { AppError } from '../core/errors.ts'
import type { ByteBudget } from './byte-budget.ts'
import { mediaType, requestBody } from './request-body.ts'

declare module 'hono' {
  interface ContextVariableMap {
    /** Undefined if the request has no body. */
    receivedBody: { bytes: Uint8Array; archive: boolean } | undefined
  }
}

export const GZIP = 'application/gzip'

/** Receives bodies of at most `maxBytes`, and no more of them at once than the budget allows. */
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
      // RFC 8259, 8.1. Decoding would silently replace other bytes.
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

/** The library takes a missing body for an empty object, so this refuses it. */
export const requiredBody: MiddlewareHandler = (c, next) => {
  if (!c.get('receivedBody')?.bytes.byteLength && c.get('operation')?.bodyRequired) {
    throw new AppError('invalid', 'the body is missing')
  }
  return next()
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
