import { z } from '@hono/zod-openapi'
import { PROBLEMS, type ProblemCode } from '../problem.ts'

const CODES = Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]

const problemSchema = z
  .strictObject({
    type: z.string().openapi({
      description: 'The kind of error as a URI: a prefix, and `code`.',
      example: 'urn:pkgserver:problem:not_ready',
    }),
    title: z
      .string()
      .openapi({ description: 'The kind of error in words.', example: 'The package is not ready' }),
    status: z.int().openapi({ description: 'The status of the answer.', example: 409 }),
    detail: z.string().openapi({
      description: 'What is wrong, and what to do about it.',
      example: 'blueprints.nf.upf.ws1 cannot be proposed: 1 error: upf.yaml:3: …',
    }),
    code: z.enum(CODES).openapi({ description: 'The kind of error, for programs.', example: 'not_ready' }),
    errors: z
      .array(
        z.strictObject({
          path: z.string().openapi({
            description: 'The file of the package, or the field of the request, that is at fault.',
            example: 'upf.yaml',
          }),
          line: z.int().optional().openapi({ description: 'Line in that file, from 1.', example: 3 }),
          column: z.int().optional().openapi({ description: 'Column in that line, from 1.', example: 7 }),
          message: z.string().openapi({
            description: 'What is wrong there.',
            example: 'Nested mappings are not allowed in compact mappings',
          }),
        }),
      )
      .optional()
      .openapi({ description: 'Each fault, where there can be several.' }),
  })
  .openapi('Problem', { description: 'An error, RFC 9457.' })

const DESCRIPTIONS: Record<number, string> = {
  400: 'The request is not valid.',
  403: 'Not allowed; or a page of another site asks for it.',
  404: 'There is no such object.',
  406: 'The content is not available in the type that Accept asks for.',
  409: 'It conflicts with what is there; `code` says how.',
  410: 'The changes since then are no longer kept: list again.',
  412: 'The object has changed since: nothing was done.',
  413: 'Too large.',
  415: 'The Content-Type is not supported.',
  422: 'The archive has an entry that cannot be accepted; the error names it.',
  428: 'If-Match is missing.',
  500: 'The server failed.',
  503: 'The registry or the database does not answer; or the server has too much to do, and says in Retry-After when to come again.',
  507: 'The disk of the server is full, or nearly.',
}

const RETRY_AFTER = {
  'Retry-After': {
    description: 'With the code `overloaded`: after so many seconds it is worth trying again.',
    schema: { type: 'string' as const, example: '2' },
  },
}

/** Errors that any call can have. */
const ALWAYS = [400, 500, 503]
/** Errors that any call can have that writes. */
const ON_WRITE = [...ALWAYS, 403, 413, 507]

type ProblemResponse = {
  description: string
  headers?: Record<string, object>
  content: { 'application/problem+json': { schema: typeof problemSchema } }
}

/** The error answers of a call that reads, for its route. */
export function readErrors(...statuses: number[]): Record<number, ProblemResponse> {
  return responses([...ALWAYS, ...statuses])
}

/** The error answers of a call that writes, for its route. */
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
