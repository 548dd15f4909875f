/**
 * Continue tokens say where a page ended, which may be at a row that the caller does not see: clients can neither read
 * nor change them. Each is good for its query alone.
 */
import { createHash } from 'node:crypto'
import { AppError } from '../../core/errors.ts'
import { seal, unseal } from '../../core/seal.ts'

/** Returns a token that is only valid for the same `query`. */
export function writeToken(key: Buffer, query: unknown, cursor: unknown): string {
  return seal(key, [fingerprint(query), cursor])
}

/** Returns the cursor of a token. Throws `invalid` for a token that was changed, or belongs to another query. */
export function readToken<Cursor>(key: Buffer, query: unknown, token: string): Cursor {
  const found = unseal(key, token)
  if (found === undefined) {
    throw new AppError('invalid', 'the continue token is not from this server: start the list again')
  }
  const [from, cursor] = found as [string, Cursor]
  if (from !== fingerprint(query)) {
    throw new AppError(
      'invalid',
      'the continue token is from a list with other parameters: repeat those, or start the list again',
    )
  }
  return cursor
}

function fingerprint(query: unknown): string {
  return createHash('sha256').update(JSON.stringify(query)).digest('base64url').slice(0, 16)
}
