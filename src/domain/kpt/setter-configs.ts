/** The values of the setters of a package, which are in the ConfigMaps of its apply-setters functions. */
import { editObject, type FieldEdit } from '../krm/edit-object.ts'
import { fieldOf, isJsonArray, isJsonObject, type JsonValue } from '../krm/json-value.ts'
import { isKptfile, type KrmFile, readKrmFile, writeKrmFile } from '../krm/krm-file.ts'
import type { Resources } from '../resources.ts'

export type SetterConfig = {
  /** The directory of the package or subpackage whose Kptfile names the config: empty, or with "/" at its end. */
  directory: string
  /** The file with the values, and their field in its first object. */
  path: string
  field: readonly (string | number)[]
  values: ReadonlyMap<string, string>
}

const APPLY_SETTERS = /(?:^|\/)apply-setters(?:[:@]|$)/

/** Returns the configs of the package before those of its subpackages, which it overrides. */
export function setterConfigs(resources: Resources): SetterConfig[] {
  return [...resources.keys()]
    .filter(isKptfile)
    .sort((a, b) => a.length - b.length)
    .flatMap((path) => configsOf(resources, path))
}

function configsOf(resources: Resources, kptfile: string): SetterConfig[] {
  const directory = kptfile.slice(0, -'Kptfile'.length)
  const mutators = fieldOf(fieldOf(firstObject(resources.get(kptfile)), 'pipeline'), 'mutators')
  if (!isJsonArray(mutators)) return []
  return mutators.flatMap((mutator, at): SetterConfig[] => {
    if (!APPLY_SETTERS.test(String(fieldOf(mutator, 'image') ?? ''))) return []
    const configPath = fieldOf(mutator, 'configPath')
    if (typeof configPath !== 'string') {
      const values = textValues(fieldOf(mutator, 'configMap'))
      return [{ directory, path: kptfile, field: ['pipeline', 'mutators', at, 'configMap'], values }]
    }
    const path = directory + configPath.replace(/^(?:\.\/)+/, '')
    const config = firstObject(resources.get(path))
    if (fieldOf(config, 'kind') !== 'ConfigMap') return []
    return [{ directory, path, field: ['data'], values: textValues(fieldOf(config, 'data')) }]
  })
}

/** Returns a file with values set in one of its configs. */
export function writeConfig(
  content: Uint8Array,
  { field }: SetterConfig,
  values: ReadonlyMap<string, string>,
): Uint8Array {
  const file = readKrmFile(content)
  const [first] = file?.documents ?? []
  if (!file || !first) return content
  const edits: FieldEdit[] = [...values].map(([name, value]) => ({ field: [...field, name], value }))
  return writeKrmFile(file, new Map([[first, editObject(first, edits)]]))
}

function firstObject(content: Uint8Array | undefined): JsonValue | undefined {
  const file: KrmFile | undefined = content && readKrmFile(content)
  return file?.documents[0]?.value
}

function textValues(data: JsonValue | undefined): Map<string, string> {
  if (!isJsonObject(data)) return new Map()
  return new Map(
    Object.entries(data).flatMap(([name, value]) =>
      typeof value === 'object' ? [] : [[name, String(value)] as const],
    ),
  )
}
