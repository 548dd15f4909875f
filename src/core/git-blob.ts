import { createHash } from 'node:crypto'

/** Returns the ID that git gives to the content of a file: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects */
export function gitBlobId(content: Uint8Array): string {
  return createHash('sha1').update(`blob ${content.byteLength}\0`).update(content).digest('hex')
}
