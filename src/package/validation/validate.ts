/** Validates the resources of a package: the rules of design section 2 for what may be proposed. */
import type { ErrorDetail } from '../../errors.ts'
import type { Condition } from '../conditions.ts'
import type { Resources } from '../resources.ts'
import { krmIgnore } from './krm-ignore.ts'
import { type KrmObject, readYamlFile, type YamlFile } from './yaml-file.ts'

export type Findings = {
  /** Why the package cannot be proposed. */
  errors: ErrorDetail[]
  /** What looks wrong and stops nobody. */
  warnings: ErrorDetail[]
}

/** `read` may be a cache before `readYamlFile`: what is in a file depends on its content alone. */
export function validateResources(
  resources: Resources,
  read: (content: Uint8Array) => YamlFile = readYamlFile,
): Findings {
  const ignored = krmIgnore(resources)
  const findings: Findings = { errors: [], warnings: [] }
  const seen = new Map<string, string>()
  for (const [path, content] of resources) {
    if (!isChecked(path) || ignored(path)) continue
    const file = read(content)
    findings.errors.push(...file.errors.map((error) => ({ path, ...error })))
    findings.warnings.push(...file.warnings.map((warning) => ({ path, ...warning })))
    for (const object of file.objects) findings.warnings.push(...objectWarnings(path, object, seen))
  }
  return findings
}

/** `.yaml` and `.yml` files and each Kptfile, of the package and of its subpackages. */
function isChecked(path: string): boolean {
  return /\.ya?ml$/i.test(path) || path === 'Kptfile' || path.endsWith('/Kptfile')
}

function objectWarnings(path: string, object: KrmObject, seen: Map<string, string>): ErrorDetail[] {
  const { apiVersion, kind, namespace, name, line } = object
  // A Kustomization is an object without a name by design.
  const nameless = apiVersion?.startsWith('kustomize.config.k8s.io/') ?? false
  const missing = [
    !apiVersion && 'apiVersion',
    !kind && 'kind',
    !name && !nameless && 'metadata.name',
  ].filter(Boolean)
  if (missing.length > 0) return [{ path, line, message: `the object has no ${missing.join(', no ')}` }]
  if (!name) return []

  const group = apiVersion?.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
  const identity = JSON.stringify([group, kind, namespace ?? '', name])
  const first = seen.get(identity)
  if (first === undefined) {
    seen.set(identity, `${path}:${line}`)
    return []
  }
  const shown = `${kind} ${namespace ? `${namespace}/` : ''}${name}`
  return [{ path, line, message: `${shown} is also in ${first}` }]
}

const SHOWN = 5

/** The findings as the condition `Valid` of the revision. */
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
  const lines = found.slice(0, SHOWN).map(({ path, line, message }) => `${path}:${line}: ${message}`)
  const more = found.length > SHOWN ? ` and ${found.length - SHOWN} more` : ''
  return `${found.length} ${noun}${found.length === 1 ? '' : 's'}: ${lines.join('; ')}${more}`
}
