import type { z } from '@hono/zod-openapi'
import type { Context, TypedResponse } from 'hono'
import type { JSONParsed } from 'hono/utils/types'
import { AppError } from '../../core/errors.ts'
import { parseExact, stringifyExact } from '../../core/exact-json.ts'
import type { PackageFiles } from '../../domain/package-files.ts'
import { GZIP } from '../../http/received-body.ts'
import { mediaType } from '../../http/request-body.ts'
import { unpackArchive } from '../../service/queries/resources.ts'
import type { Api } from './api.ts'

/** A body may be this many times as large as its files: base64 needs four thirds, JSON escapes some more. */
const BODY_FACTOR = 2

export function maxBodyBytes({ ctx }: Api): number {
  return ctx.limits.maxBytes * BODY_FACTOR
}

/** Returns true for an archive, and false for JSON, on a route that takes both. Throws `invalid` without a body. */
export function isArchive(c: Context): boolean {
  if (mediaType(c) !== undefined) return mediaType(c) === GZIP
  throw new AppError('invalid', 'the body is missing: send JSON or a tar.gz')
}

/** The files of the archive in the body. Throws `invalid_archive` and `too_large`. */
export async function archiveOf(c: Context, { ctx }: Api): Promise<PackageFiles> {
  return unpackArchive(ctx, c.get('receivedBody')?.bytes ?? new Uint8Array(0))
}

/**
 * The validated JSON body of a route that takes other content types too. The library validates it like any other,
 * but types it only where JSON is the only one.
 */
export function jsonOf<Schema extends z.ZodType>(c: Context, _schema: Schema): z.output<Schema> {
  return c.req.valid('json' as never) as z.output<Schema>
}

/** Returns the value of a field of the JSON body, with the integers that JSON.parse rounds. */
export function exactField(c: Context, name: string): unknown {
  const body = parseExact(Buffer.from(c.get('receivedBody')?.bytes ?? []).toString())
  return typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined
}

/** Responds as c.json does, which fails for integers that a double would round. */
export function exactJson<T>(c: Context, body: T): TypedResponse<JSONParsed<T>, 200, 'json'> {
  return countedJson(c, body, stringifyExact(body))
}

/** Responds as c.json does, and counts the answer against the memory for answers. Throws `overloaded`. */
export function countedJson<T>(
  c: Context,
  body: T,
  text = JSON.stringify(body),
): TypedResponse<JSONParsed<T>, 200, 'json'> {
  // A text would take its memory twice until it is sent.
  const bytes = Buffer.from(text)
  c.get('answerMemory')?.keepOnly(bytes.byteLength)
  return c.body(bytes, 200, { 'Content-Type': 'application/json' }) as unknown as TypedResponse<
    JSONParsed<T>,
    200,
    'json'
  >
}
