/** Reading what a registry answers, within bounds. */
import { readAll } from '../content.ts'
import { algorithmOf, isDigest } from '../digest.ts'
import { OciError } from '../errors.ts'
import { type Answer, shown } from './transport.ts'

/** More than this no document of a registry may have, be it a manifest, a list, a token or an error. */
export const MAX_METADATA_BYTES = 4 * 1024 * 1024

/** The whole body; its connection can be used again. */
export async function readMetadata(answer: Answer): Promise<Uint8Array> {
  return readAll(answer.body, MAX_METADATA_BYTES)
}

export async function readJson(answer: Answer): Promise<unknown> {
  const bytes = await readMetadata(answer)
  try {
    return JSON.parse(Buffer.from(bytes).toString())
  } catch {
    // The parser's own words quote the document, which may be a secret.
    throw new OciError('unavailable', `${shown(answer.url)} answered with something that is not JSON`)
  }
}

/** Lets go of an answer whose body nobody needs. */
export async function discard(answer: Answer): Promise<void> {
  try {
    await readMetadata(answer)
  } catch {
    // Then the connection is closed, which is as good.
  }
}

/** The type in Content-Type, without its parameters. */
export function mediaTypeOf(answer: Answer): string | undefined {
  return answer.headers.get('Content-Type')?.split(';')[0]?.trim() || undefined
}

/** The digest that a registry states, where it is one. */
export function statedDigest(answer: Answer): string | undefined {
  const stated = answer.headers.get('Docker-Content-Digest')
  return stated !== null && isDigest(stated) ? stated : undefined
}

/** Throws `digest_mismatch` where a registry states another digest than that of what was asked or pushed. */
export function checkStated(answer: Answer, digest: string): void {
  const stated = statedDigest(answer)
  // A registry may know the same content by a digest of its own algorithm.
  if (stated === undefined || algorithmOf(stated) !== algorithmOf(digest) || stated === digest) return
  throw new OciError(
    'digest_mismatch',
    `${answer.method} ${shown(answer.url)}: the registry says it is ${stated}, not ${digest}`,
  )
}
