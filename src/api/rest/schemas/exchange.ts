/** Bodies, responses and headers that the descriptions of the routes share. */
import { z } from '@hono/zod-openapi'

const HEADERS = {
  ETag: {
    description: 'The resourceVersion in quotes, for If-Match and If-None-Match.',
    schema: { type: 'string' as const, example: '"42"' },
  },
  Location: {
    description: 'Path of the object.',
    schema: { type: 'string' as const, example: '/api/v1/packagerevisions/blueprints.nf.upf.ws1' },
  },
}

export function json<Schema extends z.ZodType>(
  schema: Schema,
  description: string,
  ...names: (keyof typeof HEADERS)[]
) {
  return { description, content: { 'application/json': { schema } }, headers: headers(...names) }
}

export function headers(...names: (keyof typeof HEADERS)[]) {
  return Object.fromEntries(names.map((name) => [name, HEADERS[name]]))
}

/** A required JSON body. */
export function jsonBody<Schema extends z.ZodType>(schema: Schema) {
  return { required: true, content: { 'application/json': { schema } } }
}

/** A required merge patch, with either Content-Type. `name`: name of the schema in the document. */
export function mergePatchBody<Schema extends z.ZodType>(schema: Schema, name: string) {
  return {
    required: true,
    content: {
      'application/json': { schema },
      // A reference, not a schema: the library must validate the body only once.
      'application/merge-patch+json': { schema: { $ref: `#/components/schemas/${name}` } },
    },
  }
}

export const archive = {
  schema: {
    type: 'string' as const,
    format: 'binary',
    description:
      'A tar.gz with the files at its root. Archives with links, devices, duplicate names or paths that leave the package are refused. Of modes only the executable bit is kept. Empty folders are not kept, and files that macOS adds (`._*`, `.DS_Store`) are left out, with a warning in the condition `Valid`.',
  },
}

export const notModified = { description: 'The version of the client is current (If-None-Match).' }

export const ifMatch = z.object({
  'If-Match': z.string().optional().openapi({
    description:
      'ETag of the version of the object that the change is based on, or `*`. Required: without it the response is 428.',
    example: '"42"',
  }),
})

export const ifNoneMatch = z.object({
  'If-None-Match': z.string().optional().openapi({
    description: 'ETag of the version that the client has. If it is current, the response is 304.',
    example: '"42"',
  }),
})

export const optionalIfMatch = z.object({
  'If-Match': z.string().optional().openapi({
    description:
      'ETag of the version of the object that the decision is based on. If it is not current, the response is 412.',
    example: '"42"',
  }),
})
