/** The parts that the routes' descriptions are made of: bodies, answers and headers. */
import { z } from '@hono/zod-openapi'

const HEADERS = {
  ETag: {
    description: 'The resourceVersion in quotes: for If-Match and If-None-Match.',
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

/** A JSON body that must be there. */
export function jsonBody<Schema extends z.ZodType>(schema: Schema) {
  return { required: true, content: { 'application/json': { schema } } }
}

/** The same for a merge patch, which may say so in its Content-Type. `name` is the schema's in the document. */
export function mergePatchBody<Schema extends z.ZodType>(schema: Schema, name: string) {
  return {
    required: true,
    content: {
      'application/json': { schema },
      // By reference: one body is to be validated once.
      'application/merge-patch+json': { schema: { $ref: `#/components/schemas/${name}` } },
    },
  }
}

export const archive = {
  schema: {
    type: 'string' as const,
    format: 'binary',
    description:
      'A tar.gz of the files, at its root. Only files and directories: an archive with links, devices, duplicate names or names that leave the package is refused.',
  },
}

export const notModified = { description: 'The client has this version already (If-None-Match).' }
export const deleted = { description: 'Deleted.' }

export const ifMatch = z.object({
  'If-Match': z.string().optional().openapi({
    description:
      'ETag of the object as the client has seen it, or `*`. Without it the call is refused with 428.',
    example: '"42"',
  }),
})

export const ifNoneMatch = z.object({
  'If-None-Match': z.string().optional().openapi({
    description: 'ETag of the object as the client has it: as long as that is right, the answer is 304.',
    example: '"42"',
  }),
})

export const optionalIfMatch = z.object({
  'If-Match': z.string().optional().openapi({
    description: 'ETag of the object as the client has seen it: another one is left alone (412).',
    example: '"42"',
  }),
})
