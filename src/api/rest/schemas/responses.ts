/** The responses of the usual calls. `errors`: statuses beside those that every such call can have. */
import type { z } from '@hono/zod-openapi'
import { json, notModified } from './exchange.ts'
import { readErrors, writeErrors } from './problem.ts'

/** `items`: plural of what the list contains. */
export function listed<Schema extends z.ZodType>(schema: Schema, items: string, ...errors: number[]) {
  return { 200: json(schema, `A page of ${items}.`), ...readErrors(...errors) }
}

export function found<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { 200: json(schema, description, 'ETag'), 304: notModified, ...readErrors(404) }
}

export function created<Schema extends z.ZodType>(schema: Schema, ...errors: number[]) {
  return { 201: json(schema, 'Created.', 'ETag', 'Location'), ...writeErrors(...errors) }
}

export function changed<Schema extends z.ZodType>(schema: Schema, description: string, ...errors: number[]) {
  return { 200: json(schema, description, 'ETag'), ...writeErrors(404, ...errors) }
}

export function deleted(...errors: number[]) {
  return { 204: { description: 'Deleted.' }, ...writeErrors(404, 412, 428, ...errors) }
}
