/** The rules of package.yaml that concern several fields, or what stands in a text. */
import { labelProblem } from '../names.ts'
import { error, type Fault, type FieldPath, warning } from './manifest-fault.ts'
import { MAX_LINKS, manifestLinks } from './manifest-links.ts'
import type { PackageManifest, ValueDefinition } from './manifest-schema.ts'
import { namesBuild, parseRange } from './range.ts'
import { Re2Patterns } from './re2-pattern.ts'
import { valueFaults } from './values.ts'

/** Checks a manifest that the schema accepts. */
export function* manifestFaults(
  manifest: PackageManifest,
  packageName: string | undefined,
): Generator<Fault> {
  if (packageName !== undefined && manifest.name !== packageName) {
    yield error(['name'], `must be ${packageName}, the name of the package, and is ${quoted(manifest.name)}`)
  }
  yield* sizeFaults(manifest)
  yield* urlFaults(manifest)
  if (manifest.kustomize)
    yield warning(['kustomize'], 'makes clients fail, as they do not support it: use helm or manifests')
  yield* dependencyFaults(manifest)
  yield* componentFaults(manifest)
  const patterns = new Re2Patterns()
  for (const [name, definition] of Object.entries(manifest.valueDefinitions ?? {})) {
    for (const { path, ...fault } of definitionFaults(definition, patterns)) {
      yield { path: ['valueDefinitions', name, ...path], ...fault }
    }
  }
}

function* sizeFaults(manifest: PackageManifest): Generator<Fault> {
  if (JSON.stringify(manifestLinks(manifest)).length <= MAX_LINKS) return
  const fields = 'dependencies, components, shortDescription, iconUrl and defaultNamespace'
  yield error([], `${fields} have more than ${MAX_LINKS} characters together: shorten them`)
}

function* urlFaults({ iconUrl, helm }: PackageManifest): Generator<Fault> {
  if (iconUrl && !URL.canParse(iconUrl)) yield warning(['iconUrl'], 'must be an absolute URL')
  if (helm && !/^(?:https?|oci):\/\/./.test(helm.repositoryUrl)) {
    yield warning(['helm', 'repositoryUrl'], 'must begin with https://, http:// or oci://')
  }
}

type Reference = { name: string; version?: string | undefined }

function* dependencyFaults({ name: own, dependencies = [] }: PackageManifest): Generator<Fault> {
  const seen = new Set<string>()
  for (const [at, dependency] of dependencies.entries()) {
    const path = ['dependencies', at]
    yield* referenceFaults(dependency, path)
    if (dependency.name === own) yield error([...path, 'name'], 'is the package itself: remove it')
    if (seen.has(dependency.name)) {
      yield error([...path, 'name'], `names ${quoted(dependency.name)} again: write one range for both`)
    }
    seen.add(dependency.name)
  }
}

function* componentFaults({ name: own, components = [] }: PackageManifest): Generator<Fault> {
  const seen = new Set<string>()
  for (const [at, component] of components.entries()) {
    const path = ['components', at]
    yield* referenceFaults(component, path)
    if (component.name === own) yield error([...path, 'name'], 'is the package itself: remove it')
    // Clients take an empty name for none.
    const instance = component.installedName || component.name
    const problem = component.installedName ? labelProblem(component.installedName) : undefined
    if (problem) yield error([...path, 'installedName'], problem)
    if (seen.has(instance)) {
      yield error(path, `gives the instance ${own}-${instance} again: set another installedName`)
    }
    seen.add(instance)
  }
}

function* referenceFaults({ name, version }: Reference, path: FieldPath): Generator<Fault> {
  const problem = labelProblem(name)
  if (problem) yield error([...path, 'name'], problem)
  // Clients take an empty range for none.
  if (!version) return
  const range = parseRange(version)
  if ('problem' in range) yield error([...path, 'version'], range.problem)
  else if (namesBuild(range)) {
    yield warning([...path, 'version'], 'names a build number, which clients ignore: remove it')
  }
}

type Constraints = NonNullable<ValueDefinition['constraints']>

/** The constraints that clients check for each type. */
const EFFECTIVE: Readonly<Record<ValueDefinition['type'], readonly (keyof Constraints)[]>> = {
  text: ['minLength', 'maxLength', 'pattern'],
  number: ['min', 'max', 'pattern'],
  boolean: [],
  options: [],
}

function* definitionFaults(definition: ValueDefinition, patterns: Re2Patterns): Generator<Fault> {
  const { type, options = [], constraints = {}, defaultValue } = definition
  if (type === 'options' && options.length === 0) {
    yield error(['options'], 'must have at least one option, as the type is options')
  }
  if (type !== 'options' && options.length > 0) {
    yield warning(['options'], `has no effect on the type ${type}: remove it, or set the type options`)
  }
  let isSound = true
  for (const fault of constraintFaults(type, constraints, patterns)) {
    isSound &&= fault.severity === 'warning'
    yield { ...fault, path: ['constraints', ...fault.path] }
  }
  // Clients take an empty default for none.
  if (!isSound || !defaultValue) return
  for (const { message } of valueFaults(definition, defaultValue, patterns)) {
    yield warning(['defaultValue'], message)
  }
}

function* constraintFaults(
  type: ValueDefinition['type'],
  constraints: Constraints,
  patterns: Re2Patterns,
): Generator<Fault> {
  const { min, max, minLength, maxLength, pattern } = constraints
  for (const name of ['min', 'max', 'minLength', 'maxLength', 'pattern'] as const) {
    if (constraints[name] === undefined || EFFECTIVE[type].includes(name)) continue
    yield warning([name], `has no effect on the type ${type}: remove it`)
  }
  if (min !== undefined && max !== undefined && min > max) {
    yield error(['min'], `must not be above max, which is ${max}`)
  }
  if (maxLength !== undefined && maxLength < 0) yield error(['maxLength'], 'must not be negative')
  else if (minLength !== undefined && maxLength !== undefined && minLength > maxLength) {
    yield error(['minLength'], `must not be above maxLength, which is ${maxLength}`)
  }
  const problem = pattern === undefined ? undefined : patterns.problemOf(pattern)
  if (problem) yield error(['pattern'], problem)
}

const MAX_SHOWN = 100

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, MAX_SHOWN))
}
