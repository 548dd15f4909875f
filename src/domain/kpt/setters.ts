/**
 * Setters of kpt's function apply-setters: named values in a ConfigMap or the Kptfile, which comments such as
 * `image: nginx:1.25 # kpt-set: nginx:${tag}` insert into fields.
 * https://github.com/kptdev/krm-functions-catalog/tree/main/functions/go/apply-setters
 */
import { applySetterComments, type SetterProblem } from '../krm/apply-setter-comments.ts'
import { isKrmPath, type KrmDocument, type KrmFile, readKrmFile, writeKrmFile } from '../krm/krm-file.ts'
import { SETTER_COMMENT, setterComments } from '../krm/setter-comments.ts'
import { namesOf } from '../krm/setter-pattern.ts'
import type { Labels } from '../labels.ts'
import type { Resources } from '../resources.ts'
import { krmIgnore } from '../validation/krm-ignore.ts'
import { type SetterConfig, setterConfigs } from './setter-configs.ts'
import { setTexts } from './text-fields.ts'

/** Returns the setters that a package has a value for, or that one of its comments refers to, in ASCII order. */
function settersOf(files: readonly CommentedFile[], configs: readonly SetterConfig[]): string[] {
  const names = [
    ...configs.flatMap(({ values }) => [...values.keys()]),
    ...files.flatMap((file) => [...file.names]),
  ]
  return [...new Set(names)].sort()
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
  const configs = setterConfigs(resources)
  const known = settersOf(files, configs)
  const unknown = [...given.keys()].filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    const wanted = unknown.join(', ')
    return known.length > 0
      ? { problem: `the package has no setter ${wanted}; its setters are ${known.join(', ')}` }
      : { problem: `the package has no setters, so ${wanted} cannot be set` }
  }
  const changed = new Map(resources)
  for (const { path, file, names } of files) {
    if (![...names].some((name) => given.has(name))) continue
    const applied = applyToFile(file, { given, known: valuesFor(path, configs) })
    if ('problem' in applied) return { problem: `${path}: ${applied.problem}` }
    changed.set(path, applied.content)
  }
  for (const [config, wanted] of configValues(files, configs, given)) {
    const content = changed.get(config.path)
    if (content) changed.set(config.path, setTexts(content, config.field, wanted))
  }
  return changed
}

/** A file with setter comments that the functions of the package would process, and the setters that it names. */
type CommentedFile = { path: string; file: KrmFile; names: ReadonlySet<string> }

function commentedFiles(resources: Resources): CommentedFile[] {
  const { ignores } = krmIgnore(resources)
  return [...resources].flatMap(([path, content]) => {
    if (!isKrmPath(path) || !Buffer.from(content).includes(SETTER_COMMENT) || ignores(path)) return []
    const file = readKrmFile(content)
    if (!file) return []
    const patterns = file.documents.flatMap(setterComments).map(({ pattern }) => pattern)
    return [{ path, file, names: new Set(patterns.flatMap(namesOf)) }]
  })
}

function applyToFile(
  file: KrmFile,
  values: Parameters<typeof applySetterComments>[1],
): { content: Uint8Array } | SetterProblem {
  const bodies = new Map<KrmDocument, string>()
  for (const document of file.documents) {
    const body = applySetterComments(document, values)
    if (typeof body !== 'string') return body
    bodies.set(document, body)
  }
  return { content: writeKrmFile(file, bodies) }
}

/** Returns the configured values for a file; those of the package override those of its subpackages. */
function valuesFor(path: string, configs: readonly SetterConfig[]): Map<string, string> {
  const covering = configs.filter(({ directory }) => path.startsWith(directory))
  return new Map(covering.reverse().flatMap(({ values }) => [...values]))
}

/**
 * Assigns each value to the configs that have its setter, or else to the outermost config of each file that uses it.
 */
function configValues(
  files: readonly CommentedFile[],
  configs: readonly SetterConfig[],
  given: ReadonlyMap<string, string>,
): Map<SetterConfig, Map<string, string>> {
  const wanted = new Map(configs.map((config) => [config, new Map<string, string>()]))
  const add = (config: SetterConfig | undefined, name: string, value: string): void => {
    if (config) wanted.get(config)?.set(name, value)
  }
  for (const [name, value] of given) {
    const holders = configs.filter(({ values }) => values.has(name))
    for (const holder of holders) add(holder, name, value)
    if (holders.length > 0) continue
    for (const { path } of files.filter(({ names }) => names.has(name)))
      add(
        configs.find(({ directory }) => path.startsWith(directory)),
        name,
        value,
      )
  }
  return wanted
}
