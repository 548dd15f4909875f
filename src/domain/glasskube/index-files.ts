/** The files index.yaml and versions.yaml, as others have written them. */
import { z } from 'zod'
import { AppError } from '../../core/errors.ts'
import { type Finding, yamlDocuments } from '../validation/yaml-documents.ts'

/** Bytes; 4 MiB list 20,000 packages, and take two seconds to parse at worst. */
export const MAX_INDEX_BYTES = 4 * 1024 * 1024

export type IndexedPackage = { name: string; latestVersion: string | undefined }

/** Names and versions; longer ones are none. */
const text = z.string().max(255)
const optionalText = text.nullish().transform((value) => value ?? undefined)

/** YAML has null for a list without items. */
const listOf = <Item extends z.ZodType>(item: Item) =>
  z
    .array(item)
    .nullish()
    .transform((items) => items ?? [])

const repositoryIndexSchema = z.looseObject({
  packages: listOf(z.looseObject({ name: text, latestVersion: optionalText })),
})

const packageIndexSchema = z.looseObject({
  latestVersion: optionalText,
  versions: listOf(z.looseObject({ version: text })),
})

/** Reads the index.yaml of a repository. `path` names it in the `invalid` that this throws. */
export function readRepositoryIndex(content: Uint8Array, path: string): IndexedPackage[] {
  const { packages } = parsed(repositoryIndexSchema, content, path)
  return packages.map(({ name, latestVersion }) => ({ name, latestVersion }))
}

/** Reads the versions.yaml of a package. `path` names it in the `invalid` that this throws. */
export function readPackageIndex(
  content: Uint8Array,
  path: string,
): { latestVersion: string | undefined; versions: string[] } {
  const { latestVersion, versions } = parsed(packageIndexSchema, content, path)
  return { latestVersion, versions: versions.map(({ version }) => version) }
}

function parsed<Schema extends z.ZodType>(
  schema: Schema,
  content: Uint8Array,
  path: string,
): z.output<Schema> {
  if (content.byteLength > MAX_INDEX_BYTES) {
    throw new AppError('too_large', `${path} has more than ${MAX_INDEX_BYTES} bytes`)
  }
  const errors: Finding[] = []
  const [document] = [...yamlDocuments(content, errors)]
  const [error] = errors
  if (error) throw new AppError('invalid', `${path}:${error.line}:${error.column ?? 1}: ${error.message}`)
  const result = schema.safeParse(document?.value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const field = issue?.path.join('.') ?? ''
  throw new AppError(
    'invalid',
    `${path}: ${field === '' ? '' : `${field}: `}${issue?.message ?? 'is invalid'}`,
  )
}
