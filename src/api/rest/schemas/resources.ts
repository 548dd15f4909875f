import { z } from '@hono/zod-openapi'
import { decodeUtf8 } from '../../../core/utf8.ts'
import { type FileChange, NO_FILES, type PackageFiles, patchFiles } from '../../../domain/package-files.ts'

const executable = (description: string) => ({ type: 'boolean', description }) as const

const text = { type: 'string', description: 'Text of the file, stored as UTF-8.' } as const
const base64 = { type: 'string', format: 'byte', description: 'Bytes of the file in base64.' } as const

/** A file in JSON as an object. */
const fileObject = <Properties extends object>(
  description: string,
  properties: Properties,
  ...required: (keyof Properties)[]
) => ({ type: 'object', description, properties, required, additionalProperties: false }) as const

const contents = (bit: ReturnType<typeof executable>) => [
  text,
  fileObject('A text file with its mode.', { text, executable: bit }, 'text'),
  fileObject('A file that is not text.', { base64, executable: bit }, 'base64'),
]

const EXAMPLE = {
  'upf.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: upf\n',
  'bin/generate.sh': { text: '#!/bin/sh\nexec kpt fn render\n', executable: true },
} as const

const FILES = {
  type: 'object',
  description: 'The files: path relative to the root of the package, and content.',
  additionalProperties: {
    oneOf: contents(executable('True for mode 0755, otherwise 0644. Defaults to false.')),
  },
  example: { ...EXAMPLE, 'logo.png': { base64: 'iVBORw0KGgo=' } },
} as const

const KEPT = 'True for mode 0755, false for 0644. By default a file keeps its mode, and a new one has 0644.'

const PATCH_FILES: object = {
  ...FILES,
  description: 'Files to add, replace or change; null deletes a file.',
  additionalProperties: {
    oneOf: [
      ...contents(executable(KEPT)),
      fileObject('Changes the mode alone.', { executable: executable(KEPT) }, 'executable'),
      { type: 'null', description: 'Deletes the file.' },
    ],
  },
  example: { ...EXAMPLE, 'old.yaml': null },
}

/** Files by path, as a Map: in an object, a file called `__proto__` would get lost. */
function files<Change>(message: string, read: (value: unknown) => Change | undefined) {
  return z
    .custom<Record<string, unknown>>(
      (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
      'must be an object: path of each file, and its content',
    )
    .transform((value, ctx) => {
      const map = new Map<string, Change>()
      for (const [path, content] of Object.entries(value)) {
        const change = read(content)
        if (change !== undefined) map.set(path, change)
        else ctx.addIssue({ code: 'custom', path: [path], message })
      }
      return map
    })
}

const CONTENT =
  'text without lone surrogates, {"text": "…"}, or {"base64": "…"} with valid base64; the objects may have "executable", true or false'

export const filesSchema = files(`must be ${CONTENT}`, (value) => {
  const change = toChange(value)
  return change?.content && change
})
  .transform((changes): PackageFiles => patchFiles(NO_FILES, { changes }))
  .openapi(FILES)

const filesPatchSchema = files<FileChange | null>(`must be null, {"executable": …}, ${CONTENT}`, (value) =>
  value === null ? null : toChange(value),
).openapi(PATCH_FILES)

export const resourcesSchema = z.strictObject({ resources: filesSchema }).openapi('Resources')
export const resourcesPatchSchema = z.strictObject({ resources: filesPatchSchema }).openapi('ResourcesPatch')

/** Valid UTF-8, but no text: ASCII control characters, except for tab, line feed and carriage return. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const BINARY = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/

/** Whether text has characters that only binary files have. */
export function hasBinary(text: string): boolean {
  return BINARY.test(text)
}

/** A file in JSON: a string if it is text and not executable, so that people can read and edit it. */
export function toJsonContent(
  bytes: Uint8Array,
  executable: boolean,
): string | { text: string; executable: true } | { base64: string; executable?: true } {
  const text = decodeUtf8(bytes)
  if (text === undefined || hasBinary(text)) {
    return { base64: Buffer.from(bytes).toString('base64'), ...(executable && { executable }) }
  }
  return executable ? { text, executable } : text
}

/** Returns undefined for what is no file. */
function toChange(value: unknown): FileChange | undefined {
  if (typeof value === 'string') return toChange({ text: value })
  const { text, base64, executable, ...others } = Object(value) as Record<string, unknown>
  if (Object.keys(others).length > 0 || (text !== undefined && base64 !== undefined)) return undefined
  if (executable !== undefined && typeof executable !== 'boolean') return undefined
  const content = text === undefined ? fromBase64(base64) : fromText(text)
  if (!content && (executable === undefined || text !== undefined || base64 !== undefined)) return undefined
  return { ...(content && { content }), ...(executable !== undefined && { executable }) }
}

function fromText(text: unknown): Uint8Array | undefined {
  return typeof text === 'string' && text.isWellFormed() ? Buffer.from(text) : undefined
}

function fromBase64(base64: unknown): Uint8Array | undefined {
  if (typeof base64 !== 'string') return undefined
  const bytes = Buffer.from(base64, 'base64')
  return bytes.toString('base64') === base64 ? bytes : undefined
}
