import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const ALGORITHM = 'aes-256-gcm'
const IV_LENGTH = 12
const TAG_LENGTH = 16

/** Returns a text that only `unseal` with the same key can read, and no one else can make. */
export function seal(key: Buffer, value: unknown): string {
  const iv = randomBytes(IV_LENGTH)
  const cipher = createCipheriv(ALGORITHM, key, iv)
  const sealed = Buffer.concat([cipher.update(JSON.stringify(value)), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url')
}

/** Returns what was sealed; undefined for any other text. */
export function unseal(key: Buffer, text: string): unknown {
  const bytes = Buffer.from(text, 'base64url')
  // Buffer ignores what is not base64url, and the bits that the last character has over.
  if (bytes.toString('base64url') !== text || bytes.length < IV_LENGTH + TAG_LENGTH) return undefined
  const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, IV_LENGTH), {
    authTagLength: TAG_LENGTH,
  })
  decipher.setAuthTag(bytes.subarray(IV_LENGTH, IV_LENGTH + TAG_LENGTH))
  try {
    const opened = decipher.update(bytes.subarray(IV_LENGTH + TAG_LENGTH))
    return JSON.parse(Buffer.concat([opened, decipher.final()]).toString())
  } catch {
    return undefined
  }
}
