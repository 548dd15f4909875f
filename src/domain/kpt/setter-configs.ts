/** The values of the setters of a package, which are in the ConfigMaps of its apply-setters functions. */
import type { SetterProblem } from '../krm/apply-setter-comments.ts'
import { fieldOf, isJsonArray } from '../krm/json-value.ts'
import { isKptfile } from '../krm/krm-file.ts'
import { type Resources, withoutDotSlash } from '../resources.ts'
import { firstObject, type MapPath, textsAt } from './text-fields.ts'

export type SetterConfig = {
  /** The directory of the package or subpackage whose Kptfile names the config: empty, or with "/" at its end. */
  directory: string
  values: SetterValues
}

/** Values, which several functions may share: the file that has them, and their field in its first object. */
export type SetterValues = { path: string; field: MapPath; texts: ReadonlyMap<string, string> }

const APPLY_SETTERS = /(?:^|\/)apply-setters(?:[:@]|$)/

/** The most of them in one Kptfile, which is edited once for each. */
const MAX_FUNCTIONS = 20

/** Returns the configs of the package before those of its subpackages, which it overrides. */
export function setterConfigs(resources: Resources): SetterConfig[] | SetterProblem {
  const configs: SetterConfig[] = []
  const known = new Map<string, SetterValues | undefined>()
  const valuesIn = (path: string): SetterValues | undefined => {
    if (!known.has(path)) known.set(path, configMapValues(resources, path))
    return known.get(path)
  }
  for (const path of [...resources.keys()].filter(isKptfile).sort((a, b) => a.length - b.length)) {
    const own = configsOf(resources, path, valuesIn)
    if (own.length > MAX_FUNCTIONS)
      return {
        problem: `${path}: it has more than ${MAX_FUNCTIONS} functions apply-setters: put them together`,
      }
    configs.push(...own)
  }
  return configs
}

function configsOf(
  resources: Resources,
  kptfile: string,
  valuesIn: (path: string) => SetterValues | undefined,
): SetterConfig[] {
  const directory = kptfile.slice(0, -'Kptfile'.length)
  const object = firstObject(resources.get(kptfile))
  const mutators = fieldOf(fieldOf(object?.value, 'pipeline'), 'mutators')
  if (!object || !isJsonArray(mutators)) return []
  const functions = [...mutators.entries()].filter(([, mutator]) =>
    APPLY_SETTERS.test(String(fieldOf(mutator, 'image') ?? '')),
  )
  return functions.slice(0, MAX_FUNCTIONS + 1).flatMap(([at, mutator]): SetterConfig[] => {
    const configPath = fieldOf(mutator, 'configPath')
    if (typeof configPath !== 'string') {
      const field: MapPath = ['pipeline', 'mutators', at, 'configMap']
      return [{ directory, values: { path: kptfile, field, texts: textsAt(object, field) } }]
    }
    const values = valuesIn(directory + withoutDotSlash(configPath))
    return values ? [{ directory, values }] : []
  })
}

function configMapValues(resources: Resources, path: string): SetterValues | undefined {
  const config = firstObject(resources.get(path))
  if (!config || fieldOf(config.value, 'kind') !== 'ConfigMap') return undefined
  return { path, field: ['data'], texts: textsAt(config, ['data']) }
}
