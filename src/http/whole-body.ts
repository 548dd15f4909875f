import type { Context } from 'hono'
import { free, passingRequestBody } from './request-body.ts'

type Limits = {
  maxBytes: number
  /** Called before bytes are kept; throws if there is no memory for them. */
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
  // The system provides memory as it is written to, so a size that is only announced takes none.
  let bytes = Buffer.allocUnsafeSlow(announced)
  let size = 0
  try {
    for await (const piece of passingRequestBody(c)) {
      const end = size + piece.byteLength
      if (end > maxBytes) throw tooLarge()
      take(piece.byteLength)
      if (end > bytes.byteLength) bytes = enlarged(bytes, Math.min(maxBytes, 2 * end))
      bytes.set(piece, size)
      size = end
    }
  } catch (error) {
    free(bytes)
    throw error
  }
  return bytes.subarray(0, size)
}

function enlarged(bytes: Buffer, size: number): Buffer<ArrayBuffer> {
  const larger = Buffer.allocUnsafeSlow(size)
  bytes.copy(larger)
  free(bytes)
  return larger
}
