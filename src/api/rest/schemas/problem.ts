import { z } from '@hono/zod-openapi'
import { PROBLEMS, type ProblemCode } from '../problem.ts'

const CODES = Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]

const problemSchema = z
  .strictObject({
    type: z.string().openapi({
      description: 'Kind of the error as a URI: a prefix and `code`.',
      example: 'urn:pkgserver:problem:not_ready',
    }),
    title: z
      .string()
      .openapi({ description: 'Kind of the error in words.', example: 'The package is not ready' }),
    status: z.int().openapi({ description: 'Status of the response.', example: 409 }),
    detail: z.string().openapi({
      description: 'What went wrong, and what to do about it.',
      example: 'blueprints.nf.upf.ws1 cannot be proposed: 1 error: upf.yaml:3: …',
    }),
    code: z.enum(CODES).openapi({ description: 'Machine-readable kind of the error.', example: 'not_ready' }),
    errors: z
      .array(
        z.strictObject({
          path: z.string().openapi({
            description: 'File of the package, or field of the request, with the error.',
            example: 'upf.yaml',
          }),
          line: z.int().optional().openapi({ description: 'Line in the file, from 1.', example: 3 }),
          column: z.int().optional().openapi({ description: 'Column in the line, from 1.', example: 7 }),
          message: z.string().openapi({
            description: 'What is wrong.',
            example: 'Nested mappings are not allowed in compact mappings',
          }),
        }),
      )
      .optional()
      .openapi({ description: 'Each single error, if there can be several.' }),
  })
  .openapi('Problem', { description: 'An error, RFC 9457.' })

const DESCRIPTIONS: Record<number, string> = {
  400: 'The request is not valid.',
  401: 'The server requires rights, and the caller has none: log in, or send a token.',
  403: 'Not allowed, requested by a page of another site, or with a host name that the server does not know.',
  404: 'The object does not exist.',
  406: 'The content is not available in the type that Accept requires.',
  409: 'The request conflicts with the current state; `code` says how.',
  410: 'The changes since then are no longer kept: list again.',
  412: 'The object has changed in the meantime: nothing was done.',
  413: 'The content is too large.',
  414: 'The path is too long.',
  415: 'The Content-Type is not supported.',
  422: 'The archive has an entry that is not accepted; the error names it.',
  428: 'If-Match is missing.',
  500: 'The server failed.',
  503: 'The registry or the database does not respond; or the server is overloaded, and Retry-After says when to retry.',
  507: 'The disk of the server is full or nearly full.',
}

const RETRY_AFTER = {
  'Retry-After': {
    description: 'Seconds to wait before a retry, if the code is `overloaded`.',
    schema: { type: 'string' as const, example: '2' },
  },
}

/** Possible for every call. */
const ALWAYS = [400, 401, 403, 414, 500, 503]
/** Possible for every call that writes. */
const ON_WRITE = [...ALWAYS, 413, 507]

type ProblemResponse = {
  description: string
  headers?: Record<string, object>
  content: { 'application/problem+json': { schema: typeof problemSchema } }
}

/** Error responses of a call that reads. */
export function readErrors(...statuses: number[]): Record<number, ProblemResponse> {
  return responses([...ALWAYS, ...statuses])
}

/** Error responses of a call that writes. */
export function writeErrors(...statuses: number[]): Record<number, ProblemResponse> {
  return responses([...ON_WRITE, ...statuses])
}

function responses(statuses: number[]): Record<number, ProblemResponse> {
  return Object.fromEntries(
    statuses
      .sort((a, b) => a - b)
      .map((status) => [
        status,
        {
          description: DESCRIPTIONS[status] ?? '',
          ...(status === 503 && { headers: RETRY_AFTER }),
          content: { 'application/problem+json': { schema: problemSchema } },
        },
      ]),
  )
}
