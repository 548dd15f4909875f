/**
 * The fields of package.yaml, by the rules of https://glasskube.dev/schemas/v1/package-manifest.json and of the resources
 * that clients make of it. Messages follow the path of a field.
 */
import { z } from 'zod'
import { isJsonObject, type JsonObject, type JsonValue } from '../krm/json-value.ts'

type Issue = { readonly input?: unknown }

function must(be: string, advice: (input: unknown) => string = () => '') {
  return ({ input }: Issue): string => {
    if (input === undefined) return `is missing: it must be ${be}`
    if (input === null) return `has no value: it must be ${be}`
    return `must be ${be}${advice(input)}`
  }
}

/** YAML reads 1.10 as the number 1.1, and n as false. */
function quoting(input: unknown): string {
  return typeof input === 'object' ? '' : `, and is read as ${input}: quote it`
}

function unquoting(input: unknown): string {
  return typeof input === 'string' ? ' without quotes' : ''
}

const text = z.string({ error: must('a text', quoting) })
// Unlike zod's own check of the length, it leaves out what is no text.
const filled = text.refine((value) => value !== '', 'must not be empty')
const flag = z.boolean({ error: must('true or false', unquoting) })

function list<T extends z.ZodType>(item: T) {
  return z.array(item, { error: must('a list') })
}

function map<T extends z.ZodType>(value: T) {
  return z.record(z.string(), value, { error: must('a map') })
}

function fields<T extends z.ZodRawShape>(shape: T) {
  return z.object(shape, { error: must('a map') })
}

function oneOf<const T extends readonly string[]>(words: T) {
  return z.enum(words, { error: must(`one of ${words.join(', ')}`) })
}

/** By default any of Go's int. A number is a bigint only where a double would round it. */
function integer(least: number | bigint = -(2n ** 63n), most: number | bigint = 2n ** 63n - 1n) {
  const fits = (input: unknown) =>
    (typeof input === 'bigint' || Number.isInteger(input)) &&
    (input as number | bigint) >= least &&
    (input as number | bigint) <= most
  return z.custom<number | bigint>(fits, {
    error: must(`a whole number from ${least} to ${most}`, unquoting),
  })
}

const jsonObject = z.custom<JsonObject>((input) => isJsonObject(input as JsonValue | undefined), {
  error: must('a map'),
})

const localReference = fields({ apiGroup: text, kind: filled, name: filled })

/** JSON pointers (RFC 6901). */
const POINTER = /^(?:\/(?:[^~/]|~[01])*)*$/

/** Of RFC 6902, without the two that take a second path instead of a value. */
const OPERATIONS = ['add', 'replace', 'remove', 'test'] as const

const target = fields({
  resource: localReference.extend({ namespace: text.optional() }).optional(),
  chartName: text.optional(),
  patch: fields({
    op: oneOf(OPERATIONS),
    path: text.regex(POINTER, 'must be a JSON pointer such as /spec/replicas'),
  }),
  valueTemplate: text.optional(),
}).refine(({ resource, chartName }) => (resource === undefined) !== (chartName === undefined), {
  error: 'must have either a resource or a chartName',
})

const valueDefinition = fields({
  type: oneOf(['boolean', 'text', 'number', 'options']),
  metadata: fields({
    label: text.optional(),
    description: text.optional(),
    hints: list(text).optional(),
  }).optional(),
  defaultValue: text.optional(),
  options: list(text).optional(),
  constraints: fields({
    required: flag.optional(),
    min: integer().optional(),
    max: integer().optional(),
    minLength: integer().optional(),
    maxLength: integer().optional(),
    pattern: text.optional(),
  }).optional(),
  targets: list(target),
})

const release = fields({ chartName: filled, chartVersion: filled, values: jsonObject.optional() })

const helm = fields({
  repositoryUrl: filled,
  ...release.partial().shape,
  releases: list(release)
    .refine(({ length }) => length > 0, 'must not be empty')
    .optional(),
}).superRefine(({ releases, chartName, chartVersion }, context) => {
  const refuse = (message: string) => context.addIssue({ code: 'custom', message })
  const isSingle = chartName !== undefined && chartVersion !== undefined
  if (releases && isSingle) refuse('must have either releases, or chartName and chartVersion')
  if (!releases && !isSingle) refuse('needs chartName and chartVersion, or releases')
})

const MAX_PORT = 65_535

export const packageManifestSchema = fields({
  name: text,
  defaultNamespace: text,
  scope: oneOf(['Cluster', 'Namespaced']).optional(),
  shortDescription: text.optional(),
  longDescription: text.optional(),
  iconUrl: text.optional(),
  references: list(fields({ label: text, url: text })).optional(),
  helm: helm.optional(),
  kustomize: fields({}).optional(),
  manifests: list(fields({ url: filled, defaultNamespace: text.optional() })).optional(),
  valueDefinitions: map(valueDefinition).optional(),
  transformations: list(
    fields({
      source: fields({ resource: localReference.optional(), path: filled }),
      targets: list(target),
    }),
  ).optional(),
  transitiveResources: list(localReference).optional(),
  entrypoints: list(
    fields({
      name: text.optional(),
      serviceName: filled,
      port: integer(1, MAX_PORT),
      localPort: integer(0, MAX_PORT).optional(),
      scheme: text.optional(),
    }),
  ).optional(),
  dependencies: list(fields({ name: text, version: text.optional() })).optional(),
  components: list(
    fields({
      name: text,
      installedName: text.optional(),
      version: text.optional(),
      values: map(fields({ value: text.optional() })).optional(),
    }),
  ).optional(),
})

/** Unknown fields stay, and are in none of these types. */
export type PackageManifest = z.infer<typeof packageManifestSchema>
export type ValueDefinition = z.infer<typeof valueDefinition>
/** By the names of the values. */
export type ValueDefinitions = Readonly<Record<string, ValueDefinition>>
