/**
 * Validates the resources of a package. A YAML file or Kptfile that kubectl, Flux or kustomize refuse to read is an error,
 * unless `.krmignore` excludes it, or a generator such as Helm reads it. An object without apiVersion, kind or name, or with the identity of another one, is a warning.
 */
import { type ErrorDetail, shortened } from '../../core/errors.ts'
import { type Condition, joinFirst } from '../conditions.ts'
import { groupOf, identityKey } from '../krm/identity.ts'
import { isKptfile, isKrmPath } from '../krm/krm-file.ts'
import { MAX_PACKAGE_TOKENS } from '../krm/yaml-limits.ts'
import type { PackageFiles } from '../package-files.ts'
import type { Resources } from '../resources.ts'
import { usesOf } from './generators.ts'
import { krmIgnore } from './krm-ignore.ts'
import { type Finding, type KrmObject, readYamlFile, type YamlFile } from './yaml-file.ts'

export type Findings = {
  /** Problems that prevent a proposal. */
  errors: ErrorDetail[]
  /** Problems that do not. */
  warnings: ErrorDetail[]
}

/**
 * `read` may be a cache in front of `readYamlFile`, whose result depends on the content alone. `onFile` is called for
 * each file that was read.
 */
export function validateResources(
  resources: Resources,
  read: (content: Uint8Array) => YamlFile = readYamlFile,
  onFile: (path: string, file: YamlFile) => void = () => undefined,
): Findings {
  const { ignores, errors } = krmIgnore(resources)
  const useOf = usesOf(resources)
  const findings: Findings = { errors, warnings: [] }
  const seen = new Map<string, string>()
  let tokens = 0
  for (const [path, content] of resources) {
    const use = isKrmPath(path) ? useOf(path) : 'template'
    if (use === 'template' || ignores(path)) continue
    if (tokens > MAX_PACKAGE_TOKENS) {
      add(findings.errors, path, [{ line: 1, message: TOO_MUCH }])
      break
    }
    const file = read(content)
    tokens += file.tokens
    onFile(path, file)
    add(findings.errors, path, withWayOut(content, file.errors))
    if (use === 'input') continue
    // A Kptfile is meant to be an object.
    add(isKptfile(path) ? findings.errors : findings.warnings, path, file.warnings)
    for (const object of file.objects) add(findings.warnings, path, objectWarnings(path, object, seen))
  }
  return findings
}

const TOO_MUCH = `the YAML files of the package have more than ${MAX_PACKAGE_TOKENS} tokens together, so this and further ones were not checked: split the package, or exclude files with .krmignore`

/** Returns a warning for each file of an upload that was left out. */
export function leftOutWarnings({ leftOut = [] }: PackageFiles): ErrorDetail[] {
  const message =
    'left out, since macOS writes files of this name beside others: give it another name if it belongs to the package'
  return leftOut.slice(0, MAX_FINDINGS).map((path) => ({ path, message }))
}

/** Marks of common templates, which YAML may have too. */
const TEMPLATE = ['{{', '{%', '<%']

/** Tells authors of templates how to exclude them. */
function withWayOut(content: Uint8Array, errors: readonly Finding[]): readonly Finding[] {
  const [first, ...others] = errors
  if (!first || !TEMPLATE.some((mark) => Buffer.from(content).includes(mark))) return errors
  const message = `${first.message} (if the file is a template and no YAML, exclude it with .krmignore)`
  return [{ ...first, message }, ...others]
}

/** The limit for errors, and for warnings; more of them mostly have one cause. */
const MAX_FINDINGS = 200

function add(to: ErrorDetail[], path: string, findings: readonly Finding[]): void {
  for (const finding of findings.slice(0, Math.max(0, MAX_FINDINGS - to.length)))
    to.push({ path, ...finding, message: shortened(finding.message) })
}

function objectWarnings(path: string, object: KrmObject, seen: Map<string, string>): Finding[] {
  const { apiVersion, kind, namespace, name, isNameless, line } = object
  const missing = [
    !apiVersion && 'apiVersion',
    !kind && 'kind',
    !name && !isNameless && 'metadata.name',
  ].filter(Boolean)
  if (missing.length > 0) return [{ line, message: `the object has no ${missing.join(', no ')}` }]
  if (!name) return []

  const group = groupOf(apiVersion ?? '')
  const identity = identityKey({ group, kind: kind ?? '', namespace: namespace ?? '', name })
  const first = seen.get(identity)
  if (first === undefined) {
    seen.set(identity, `${path}:${line}`)
    return []
  }
  const shown = `${kind} ${namespace ? `${namespace}/` : ''}${name}`
  return [{ line, message: `${shown} is also in ${first}` }]
}

/** Returns the condition `Valid` of a revision with these findings. */
export function validCondition({ errors, warnings }: Findings): Condition {
  if (errors.length > 0) {
    return { type: 'Valid', status: 'False', reason: 'Invalid', message: summary('error', errors) }
  }
  if (warnings.length > 0) {
    return { type: 'Valid', status: 'True', reason: 'Warnings', message: summary('warning', warnings) }
  }
  return { type: 'Valid', status: 'True', reason: 'Valid', message: 'every file parses' }
}

function summary(noun: string, found: ErrorDetail[]): string {
  const lines = found.map(
    ({ path, line, message }) => `${path}${line === undefined ? '' : `:${line}`}: ${message}`,
  )
  return `${found.length} ${noun}${found.length === 1 ? '' : 's'}: ${joinFirst(lines)}`
}
