import { z } from '@hono/zod-openapi'
import { decodeUtf8 } from '../../../core/utf8.ts'

const FILES = {
  type: 'object',
  description: 'The files: path relative to the root of the package, and content.',
  additionalProperties: {
    oneOf: [
      { type: 'string', description: 'Text of the file, stored as UTF-8.' },
      {
        type: 'object',
        description: 'A file that is not text.',
        properties: {
          base64: { type: 'string', format: 'byte', description: 'Bytes of the file in base64.' },
        },
        required: ['base64'],
        additionalProperties: false,
      },
    ],
  },
  example: {
    'upf.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: upf\n',
    'logo.png': { base64: 'iVBORw0KGgo=' },
  },
} as const

const PATCH_FILES = {
  ...FILES,
  description: 'Files to add or replace; null deletes a file.',
  additionalProperties: {
    oneOf: [...FILES.additionalProperties.oneOf, { type: 'null', description: 'Deletes the file.' }],
  },
  example: { 'upf.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: upf\n', 'old.yaml': null },
} as const

/** Files by path, as a Map: in an object, a file called `__proto__` would get lost. */
function files<Other>(document: object, other: (value: unknown) => Other | undefined) {
  return z
    .custom<Record<string, unknown>>(
      (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
      'must be an object: path of each file, and its content',
    )
    .transform((value, ctx) => {
      const map = new Map<string, Uint8Array | Other>()
      for (const [path, content] of Object.entries(value)) {
        const bytes = toBytes(content) ?? other(content)
        if (bytes !== undefined) map.set(path, bytes)
        else {
          const message = 'must be text without lone surrogates, or {"base64": "…"} with valid base64'
          ctx.addIssue({ code: 'custom', path: [path], message })
        }
      }
      return map
    })
    .openapi(document)
}

export const filesSchema = files<never>(FILES, () => undefined)
const filesPatchSchema = files<null>(PATCH_FILES, (value) => (value === null ? null : undefined))

export const resourcesSchema = z.strictObject({ resources: filesSchema }).openapi('Resources')
export const resourcesPatchSchema = z.strictObject({ resources: filesPatchSchema }).openapi('ResourcesPatch')

/** Valid UTF-8, but no text: ASCII control characters, except for tab, line feed and carriage return. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const BINARY = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/

/** Whether text has characters that only binary files have. */
export function hasBinary(text: string): boolean {
  return BINARY.test(text)
}

/** The content of a file in JSON: a string if it is text, so that people can read and edit it. */
export function toJsonContent(bytes: Uint8Array): string | { base64: string } {
  const text = decodeUtf8(bytes)
  return text === undefined || hasBinary(text) ? { base64: Buffer.from(bytes).toString('base64') } : text
}

function toBytes(content: unknown): Uint8Array | undefined {
  if (typeof content === 'string') return content.isWellFormed() ? Buffer.from(content) : undefined
  const { base64, ...others } = Object(content) as { base64?: unknown }
  if (typeof base64 !== 'string' || Object.keys(others).length > 0) return undefined
  const bytes = Buffer.from(base64, 'base64')
  return bytes.toString('base64') === base64 ? bytes : undefined
}
