/** Bodies that are received as a whole before they are handled. */
import { isUtf8 } from 'node:buffer'
import type { MiddlewareHandler } from 'hono'
import { currentClient } from '../core/client.ts'
import { AppError } from '../core/errors.ts'
import type { ByteBudget } from './byte-budget.ts'
import { hasMoreValues } from './json-size.ts'
import { hasBody, mediaType } from './request-body.ts'
import { wholeBody } from './whole-body.ts'

declare module 'hono' {
  interface ContextVariableMap {
    /** Undefined if the request has no body. */
    receivedBody: { bytes: Uint8Array } | undefined
  }
}

export const GZIP = 'application/gzip'

/** Other names of the same, and those that say nothing of the content. */
const GZIP_NAMES = [
  'application/x-gzip',
  'application/x-tar+gzip',
  'application/tar+gzip',
  'application/x-tgz',
]
const UNKNOWN = [undefined, 'application/octet-stream']

/** Bodies are small unless files come in. */
const SMALL_BODY = 1024 * 1024

/** Values of a JSON body, which is parsed in one go: they take some ten milliseconds. */
const MAX_VALUES = 100_000

/** Receives bodies, of at most `large` bytes where files come in, and no more of them at once than the budget allows. */
export function boundedBody(large: number, budget: ByteBudget): MiddlewareHandler {
  return async function boundedBody(c, next) {
    const operation = c.get('operation')
    const maxBytes = operation?.largeBody ? large : SMALL_BODY
    const announced = Number(c.req.header('Content-Length'))
    if (announced > maxBytes) throw tooLarge(maxBytes)
    // Without an operation, the answer does not depend on the body.
    if (!operation || !hasBody(c)) return next()
    if (announced > 0) budget.check(announced)
    const share = budget.share(currentClient())
    try {
      const bytes = await wholeBody(c, { maxBytes, take: share.take, tooLarge: () => tooLarge(maxBytes) })
      const archive = operation?.bodyTypes?.includes(GZIP) === true && isGzip(mediaType(c), bytes)
      const type = archive ? GZIP : mediaType(c)
      // RFC 8259, 8.1. Decoding would silently replace other bytes.
      if (type?.endsWith('json') && !isUtf8(bytes)) {
        throw new AppError(
          'invalid',
          'the body is not UTF-8; send files that are not text as {"base64": "…"}',
        )
      }
      if (type?.endsWith('json') && hasMoreValues(bytes, MAX_VALUES)) {
        throw new AppError('too_large', `the body has more than ${MAX_VALUES} values: use several requests`)
      }
      c.set('receivedBody', { bytes })
      c.req.raw = archive ? withType(c.req.raw, GZIP) : withText(c.req.raw, bytes)
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

function isGzip(type: string | undefined, bytes: Uint8Array): boolean {
  if (type === GZIP || (type !== undefined && GZIP_NAMES.includes(type))) return true
  return UNKNOWN.includes(type) && bytes[0] === 0x1f && bytes[1] === 0x8b
}

/** The same request, with a text that is made when it is asked for: a body would be a copy of the bytes. */
function withText({ url, method, headers, signal }: Request, bytes: Buffer<ArrayBuffer>): Request {
  const text = async () => bytes.toString().replace(/^\uFEFF/, '')
  // The library looks for a body only where there is no type, to refuse it.
  const body = headers.has('Content-Type') ? null : bytes.subarray(0, 1)
  return Object.assign(new Request(url, { method, headers, signal, body }), { text })
}

/** The same request without its body, which has been received, and with another Content-Type. */
function withType({ url, method, headers, signal }: Request, type: string): Request {
  const changed = new Headers(headers)
  changed.set('Content-Type', type)
  return new Request(url, { method, headers: changed, signal })
}

function tooLarge(maxBytes: number): AppError {
  return new AppError('too_large', `the body has more than ${maxBytes} bytes`)
}
