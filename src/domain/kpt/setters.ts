/**
 * Setters of kpt's function apply-setters: named values in a ConfigMap or the Kptfile, which comments such as
 * `image: nginx:1.25 # kpt-set: nginx:${tag}` insert into fields.
 * https://github.com/kptdev/krm-functions-catalog/tree/main/functions/go/apply-setters
 */
import { joinFirst } from '../conditions.ts'
import { applySetterComments, type KnownValues, type SetterProblem } from '../krm/apply-setter-comments.ts'
import { isKrmPath, type KrmDocument, type KrmFile, readKrmFile, writeKrmFile } from '../krm/krm-file.ts'
import { SETTER_COMMENT, setterComments } from '../krm/setter-comments.ts'
import { namesOf } from '../krm/setter-pattern.ts'
import { YamlBudget } from '../krm/yaml-limits.ts'
import type { Labels } from '../labels.ts'
import type { Resources } from '../resources.ts'
import { krmIgnore } from '../validation/krm-ignore.ts'
import { type SetterConfig, type SetterValues, setterConfigs } from './setter-configs.ts'
import { setTexts } from './text-fields.ts'

/** Returns the setters that a package has a value for, or that one of its comments refers to. */
function settersOf(files: readonly CommentedFile[], configs: readonly SetterConfig[]): Set<string> {
  return new Set([
    ...[...new Set(configs.map(({ values }) => values))].flatMap(({ texts }) => [...texts.keys()]),
    ...files.flatMap((file) => [...file.names]),
  ])
}

/**
 * Returns the files with the values set in the configs of apply-setters and in every field that refers to them;
 * everything else stays byte for byte. Returns a problem for a setter that nothing refers to, or a value that does not
 * fit a field.
 */
export function applySetters(resources: Resources, values: Labels): Resources | SetterProblem {
  const given = new Map(Object.entries(values))
  if (given.size === 0) return resources
  const files = commentedFiles(resources)
  if ('problem' in files) return files
  const configs = setterConfigs(resources)
  if ('problem' in configs) return configs
  const known = settersOf(files, configs)
  const unknown = [...given.keys()].filter((name) => !known.has(name))
  if (unknown.length > 0) return { problem: unknownProblem(unknown, [...known].sort()) }
  const changed = new Map(resources)
  const valuesFor = configuredValues(configs)
  for (const { path, file, names } of files) {
    if (![...names].some((name) => given.has(name))) continue
    const applied = applyToFile(file, { given, known: valuesFor(path) })
    if ('problem' in applied) return { problem: `${path}: ${applied.problem}` }
    changed.set(path, applied.content)
  }
  for (const [{ path, field }, wanted] of assigned(files, configs, given)) {
    const content = changed.get(path)
    if (content && wanted.size > 0) changed.set(path, setTexts(content, field, wanted))
  }
  return changed
}

/** Names in a message; more of them are of no use. */
const MAX_NAMES = 50

function unknownProblem(unknown: readonly string[], known: readonly string[]): string {
  const wanted = joinFirst(unknown, MAX_NAMES, ', ')
  return known.length > 0
    ? `the package has no setter ${wanted}; its setters are ${joinFirst(known, MAX_NAMES, ', ')}`
    : `the package has no setters, so ${wanted} cannot be set`
}

/** A file with setter comments that the functions of the package would process, and the setters that it names. */
type CommentedFile = { path: string; file: KrmFile; names: ReadonlySet<string> }

function commentedFiles(resources: Resources): CommentedFile[] | SetterProblem {
  const { ignores } = krmIgnore(resources)
  const budget = new YamlBudget()
  const found: CommentedFile[] = []
  for (const [path, content] of resources) {
    if (!isKrmPath(path) || !Buffer.from(content).includes(SETTER_COMMENT) || ignores(path)) continue
    if (!budget.takes(content)) return { problem: `${path}: ${TOO_LARGE}` }
    const file = readKrmFile(content)
    if (!file) continue
    const patterns = file.documents.flatMap(setterComments).map(({ pattern }) => pattern)
    found.push({ path, file, names: new Set(patterns.flatMap(namesOf)) })
  }
  return found
}

const TOO_LARGE = 'the files with setters are too large to set them: split the package'

function applyToFile(file: KrmFile, values: KnownValues): { content: Uint8Array } | SetterProblem {
  const bodies = new Map<KrmDocument, string>()
  for (const document of file.documents) {
    const body = applySetterComments(document, values)
    if (typeof body !== 'string') return body
    bodies.set(document, body)
  }
  return { content: writeKrmFile(file, bodies) }
}

/**
 * Returns a function that returns the configured values for a file, by their names; those of the package override those of
 * its subpackages.
 */
function configuredValues(configs: readonly SetterConfig[]): (path: string) => KnownValues['known'] {
  const byDirectory = Map.groupBy(configs, ({ directory }) => directory)
  return (path) => {
    const covering = directoriesOf(path).flatMap((each) => byDirectory.get(each) ?? [])
    return (name) => covering.find(({ values }) => values.texts.has(name))?.values.texts.get(name)
  }
}

/** Returns the directories that a path is in, the package first: empty, or with "/" at the end. */
function directoriesOf(path: string): string[] {
  const directories = ['']
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1))
    directories.push(path.slice(0, slash + 1))
  return directories
}

/**
 * Assigns each value to the configs that have its setter, or else to the outermost config of each file that uses it.
 */
function assigned(
  files: readonly CommentedFile[],
  configs: readonly SetterConfig[],
  given: ReadonlyMap<string, string>,
): Map<SetterValues, Map<string, string>> {
  const wanted = new Map(configs.map(({ values }) => [values, new Map<string, string>()]))
  const held = new Set<string>()
  for (const [{ texts }, own] of wanted) {
    for (const [name, value] of given) {
      if (!texts.has(name)) continue
      own.set(name, value)
      held.add(name)
    }
  }
  const outermost = new Map(configs.toReversed().map(({ directory, values }) => [directory, values]))
  for (const { path, names } of files) {
    const values = directoriesOf(path).flatMap((directory) => outermost.get(directory) ?? [])[0]
    if (!values) continue
    for (const name of names) {
      const value = given.get(name)
      if (value !== undefined && !held.has(name)) wanted.get(values)?.set(name, value)
    }
  }
  return wanted
}
