/** Continue tokens say where a page ended. The signature binds them to their query, and clients cannot change them. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { AppError } from '../../core/errors.ts'

const SIGNATURE_BYTES = 16

/** Returns a token that is only valid for the same `query`. */
export function writeToken(key: Buffer, query: unknown, cursor: unknown): string {
  const body = Buffer.from(JSON.stringify([fingerprint(query), cursor]))
  return Buffer.concat([sign(key, body), body]).toString('base64url')
}

/** Returns the cursor of a token. Throws `invalid` for a token that was changed, or belongs to another query. */
export function readToken<Cursor>(key: Buffer, query: unknown, token: string): Cursor {
  const bytes = Buffer.from(token, 'base64url')
  const body = bytes.subarray(SIGNATURE_BYTES)
  const signature = bytes.subarray(0, SIGNATURE_BYTES)
  if (signature.length !== SIGNATURE_BYTES || !timingSafeEqual(signature, sign(key, body))) {
    throw new AppError('invalid', 'the continue token is not from this server: start the list again')
  }
  const [from, cursor] = JSON.parse(body.toString()) as [string, Cursor]
  if (from !== fingerprint(query)) {
    throw new AppError(
      'invalid',
      'the continue token is from a list with other parameters: repeat those, or start the list again',
    )
  }
  return cursor
}

function sign(key: Buffer, body: Buffer): Buffer {
  return createHmac('sha256', key).update(body).digest().subarray(0, SIGNATURE_BYTES)
}

function fingerprint(query: unknown): string {
  return createHash('sha256').update(JSON.stringify(query)).digest('base64url').slice(0, 16)
}
