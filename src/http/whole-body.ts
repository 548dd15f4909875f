import type { Context } from 'hono'
import { GrowingBuffer } from '../core/growing-buffer.ts'
import { passingRequestBody } from './request-body.ts'

type Limits = {
  maxBytes: number
  /** Called with the bytes of each piece; throws if there is no memory for them, which frees all of them. */
  take: (bytes: number) => void
  tooLarge: () => Error
}

/** The size to begin with where the client does not announce one. */
const UNKNOWN = 16 * 1024

/** Receives a body in one buffer: the pieces in which it comes take several times its size. */
export async function wholeBody(
  c: Context,
  { maxBytes, take, tooLarge }: Limits,
): Promise<Buffer<ArrayBuffer>> {
  const announced = Number(c.req.header('Content-Length') ?? UNKNOWN)
  if (!(announced <= maxBytes)) throw tooLarge()
  const received = new GrowingBuffer(announced, maxBytes)
  try {
    for await (const piece of passingRequestBody(c)) {
      if (!received.add(piece)) throw tooLarge()
      take(piece.byteLength)
    }
  } catch (error) {
    received.free()
    throw error
  }
  return received.bytes
}
