/** HTTP as a registry's client needs it: one origin, errors in the words of the library, bounded metadata. */
import { type Content, readAll, type Stream, streamOf } from '../content.ts'
import { OciError, type OciErrorCode } from '../errors.ts'

/** More than this no document of a registry may have, be it a manifest, a list or an error. */
export const MAX_METADATA_BYTES = 4 * 1024 * 1024

export type Call = {
  method?: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  headers?: Record<string, string>
  body?: { content: Content; size: number }
}

/** The codes of the specification that say more than the status. */
const BY_CODE: Record<string, OciErrorCode> = {
  BLOB_UNKNOWN: 'not_found',
  DENIED: 'denied',
  DIGEST_INVALID: 'digest_mismatch',
  MANIFEST_BLOB_UNKNOWN: 'not_found',
  MANIFEST_INVALID: 'invalid_manifest',
  MANIFEST_UNKNOWN: 'not_found',
  NAME_INVALID: 'invalid_reference',
  NAME_UNKNOWN: 'not_found',
  SIZE_INVALID: 'size_mismatch',
  UNSUPPORTED: 'unsupported',
}

export class HttpClient {
  readonly #origin: string

  /** `base` is the registry's URL; only its origin counts. */
  constructor(base: URL) {
    this.#origin = base.origin
  }

  /** The answer, whose status is one of those expected. Throws an OciError for any other. */
  async send(target: string | URL, expected: readonly number[], call: Call = {}): Promise<Response> {
    const url = new URL(target, this.#origin)
    const response = await this.#fetch(url, call)
    if (expected.includes(response.status)) return response
    throw await errorOf(response, call.method ?? 'GET', url)
  }

  /**
   * The URL in a Location or Link header. It has to lead to the same origin: a registry that sends its clients
   * elsewhere could have them talk to hosts that only they can reach.
   */
  follow(response: Response, location: string | null): URL {
    const url =
      location !== null && URL.canParse(location, response.url) ? new URL(location, response.url) : undefined
    if (url?.origin === this.#origin) return url
    throw new OciError(
      'unsupported',
      `${response.url} leads to ${location ?? 'nowhere'}, which is not the registry`,
    )
  }

  async #fetch(url: URL, { method = 'GET', headers = {}, body }: Call): Promise<Response> {
    // A redirect could lead anywhere: it is an answer that nobody expects.
    const init: RequestInit & { duplex?: 'half' } = { method, headers, redirect: 'manual' }
    if (body) {
      init.headers = { ...headers, 'Content-Length': String(body.size) }
      init.body =
        body.content instanceof Uint8Array
          ? (body.content as Uint8Array<ArrayBuffer>)
          : (ReadableStream.from(streamOf(body.content)) as ReadableStream<Uint8Array>)
      init.duplex = 'half'
    }
    try {
      return await fetch(url, init)
    } catch (error) {
      // A body that is not what it should be fails the request: that is the cause to tell.
      const cause = (error as Error).cause
      if (cause instanceof OciError) throw cause
      throw new OciError(
        'unavailable',
        `${method} ${url}: ${cause instanceof Error ? cause.message : error}`,
        error,
      )
    }
  }
}

export async function readMetadata(response: Response): Promise<Uint8Array> {
  return readAll(bodyOf(response), MAX_METADATA_BYTES)
}

export async function readJson<T>(response: Response): Promise<T> {
  const bytes = await readMetadata(response)
  try {
    return JSON.parse(Buffer.from(bytes).toString())
  } catch (error) {
    throw new OciError('unavailable', `${response.url} answered with something that is not JSON`, error)
  }
}

export function bodyOf(response: Response): Stream {
  return (response.body as unknown as Stream | null) ?? nothing()
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function errorOf(response: Response, method: string, url: URL): Promise<OciError> {
  const { status } = response
  const { code, message } = await firstError(response)
  const text = `${method} ${url}: ${status}${message ? ` ${message}` : ''}`
  if (code !== undefined && BY_CODE[code]) return new OciError(BY_CODE[code], text)
  if (status === 404) return new OciError('not_found', text)
  if (status === 429 || status >= 500) return new OciError('unavailable', text)
  if (status === 401 || status === 403 || status === 409 || status === 412)
    return new OciError('denied', text)
  return new OciError('unsupported', text)
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes */
async function firstError(response: Response): Promise<{ code?: string; message?: string }> {
  try {
    const { errors } = await readJson<{ errors?: { code?: string; message?: string }[] }>(response)
    return errors?.[0] ?? {}
  } catch {
    return {}
  }
}
