/** Reads the responses of a registry, within bounds. */
import { inTime, readAll } from '../content.ts'
import { algorithmOf, isDigest } from '../digest.ts'
import { OciError } from '../errors.ts'
import { asRecord } from '../json.ts'
import { type HttpResponse, redacted } from './transport.ts'

/** The largest document accepted from a registry, be it a manifest or a page of a list. */
export const MAX_METADATA_BYTES = 4 * 1024 * 1024
/** The largest token or error, which are parsed at once, whatever is in them. */
const MAX_JSON_BYTES = 256 * 1024

/** Reads the whole body, after which its connection can be reused. Throws `size_exceeded`, or `unavailable` if it is slow. */
export async function readMetadata(
  { body, timeouts }: HttpResponse,
  limit = MAX_METADATA_BYTES,
): Promise<Uint8Array> {
  return readAll(inTime(body, Date.now() + timeouts.document), limit)
}

/** Reads a token or an error: see `parseObject`. */
export async function readJson(response: HttpResponse): Promise<Record<string, unknown>> {
  return parseObject(response, await readMetadata(response, MAX_JSON_BYTES))
}

/** Parses a JSON object; any other JSON value counts as an empty one. Throws `unavailable` if it is not JSON. */
export function parseObject({ url }: Pick<HttpResponse, 'url'>, bytes: Uint8Array): Record<string, unknown> {
  try {
    return asRecord(JSON.parse(Buffer.from(bytes).toString()))
  } catch {
    // The parser's message would quote the document, which may be secret.
    throw new OciError('unavailable', `${redacted(url)} returned invalid JSON`)
  }
}

/** Drains the body, so that the connection can be reused. */
export async function discard(response: HttpResponse): Promise<void> {
  try {
    await readMetadata(response)
  } catch {
    // The connection is closed, which releases it as well.
  }
}

/** Returns the Content-Type without its parameters. */
export function mediaTypeOf(response: HttpResponse): string | undefined {
  return response.headers.get('Content-Type')?.split(';')[0]?.trim() || undefined
}

/** Returns the digest in Docker-Content-Digest, or undefined if it is missing or malformed. */
export function digestHeader(response: HttpResponse): string | undefined {
  const stated = response.headers.get('Docker-Content-Digest')
  return stated !== null && isDigest(stated) ? stated : undefined
}

/** Throws `digest_mismatch` if the registry states another digest than the one of the request. */
export function checkDigestHeader(response: HttpResponse, digest: string): void {
  const stated = digestHeader(response)
  // A registry may state the digest of the same content by another algorithm.
  if (stated === undefined || algorithmOf(stated) !== algorithmOf(digest) || stated === digest) return
  throw new OciError(
    'digest_mismatch',
    `${response.method} ${redacted(response.url)}: the registry states the digest ${stated} instead of ${digest}`,
  )
}
