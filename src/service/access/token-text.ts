/**
 * The texts of tokens: `pkgs`, the letter of the kind, `_`, 43 random characters, and 6 that are their checksum. Secret
 * scanners find them by their form, and a mistyped one is refused without a query.
 */
import { createHash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { TOKEN_LETTERS, type TokenKind } from '../../domain/access/token.ts'

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const SECRET_LENGTH = 43
const CHECKSUM_LENGTH = 6

const LETTERS = Object.values(TOKEN_LETTERS).join('')
const FORM = new RegExp(`^pkgs[${LETTERS}]_[0-9A-Za-z]{${SECRET_LENGTH + CHECKSUM_LENGTH}}$`)

/** Returns a new text with 256 random bits. */
export function newTokenText(kind: TokenKind): string {
  const secret = base62(BigInt(`0x${randomBytes(32).toString('hex')}`), SECRET_LENGTH)
  const text = `pkgs${TOKEN_LETTERS[kind]}_${secret}`
  return text + checksum(text)
}

/** Whether a text has the form of a token and its checksum is right. It may be unknown, revoked or expired. */
export function isTokenText(text: string): boolean {
  return FORM.test(text) && checksum(text.slice(0, -CHECKSUM_LENGTH)) === text.slice(-CHECKSUM_LENGTH)
}

/** What the index has of a text. With so many random bits, a slow hash would add nothing. */
export function tokenHash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function checksum(text: string): string {
  return base62(BigInt(crc32(text)), CHECKSUM_LENGTH)
}

function base62(value: bigint, length: number): string {
  let text = ''
  for (let rest = value; text.length < length; rest /= 62n) text = DIGITS[Number(rest % 62n)] + text
  return text
}
