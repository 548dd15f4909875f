/**
 * The inputs of Helm, Helmfile and kustomize in a package. Their templates are no YAML, and their values, patches and
 * the like no objects of Kubernetes.
 */
import { fieldOf, isJsonArray, isJsonObject, type JsonValue } from '../krm/json-value.ts'
import type { Resources } from '../resources.ts'
import { yamlDocuments } from './yaml-documents.ts'

/** How a file is meant: a template is not read, and only the syntax of an input matters. */
export type Use = 'template' | 'input' | 'objects'

const CHART = 'Chart.yaml'
const KUSTOMIZATION = /(?:^|\/)(?:kustomization\.ya?ml|Kustomization)$/
const HELMFILE = /(?:^|\/)(?:helmfile\.ya?ml|helmfile\.d\/[^/]+\.ya?ml)$/
/** Larger kustomizations are not read twice, nor are more of them. */
const MAX_BYTES = 1024 * 1024
const MAX_ALL_BYTES = 4 * MAX_BYTES

/** Returns a function that returns how the file at a path is meant. */
export function usesOf(resources: Resources): (path: string) => Use {
  const charts = new Set([...resources.keys()].filter(isChart).map((path) => path.slice(0, -CHART.length)))
  const named = new Map<string, Use>()
  let left = MAX_ALL_BYTES
  for (const [path, content] of resources) {
    if (!KUSTOMIZATION.test(path) || content.byteLength > Math.min(MAX_BYTES, left)) continue
    left -= content.byteLength
    for (const [file, use] of filesOf(path, content)) named.set(file, use)
  }
  return (path) => {
    const use = named.get(path)
    if (use) return use
    if (HELMFILE.test(path)) return 'template'
    return charts.size === 0 ? 'objects' : useInChart(path, charts)
  }
}

function isChart(path: string): boolean {
  return path === CHART || path.endsWith(`/${CHART}`)
}

/** The innermost chart decides, since charts may contain others. */
function useInChart(path: string, charts: ReadonlySet<string>): Use {
  const directory = directoriesAround(path).find((each) => charts.has(each))
  if (directory === undefined) return 'objects'
  const inside = path.slice(directory.length)
  if (inside.startsWith('templates/')) return 'template'
  return inside.startsWith('crds/') ? 'objects' : 'input'
}

/** Returns the directories that a path is in, the innermost first: empty, or with "/" at the end. */
function directoriesAround(path: string): string[] {
  const directories: string[] = []
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1))
    directories.push(path.slice(0, slash + 1))
  return [...directories, '']
}

/** Yields the files that a kustomization names and that are no resources. */
function* filesOf(path: string, content: Uint8Array): Generator<[string, Use]> {
  const directory = path.slice(0, path.lastIndexOf('/') + 1)
  for (const { value } of yamlDocuments(content, [])) {
    for (const field of ['configMapGenerator', 'secretGenerator']) {
      // Generators take any text.
      for (const generator of listOf(value, field))
        for (const file of textsOf(generator, 'files'))
          yield [resolved(directory, file.slice(file.indexOf('=') + 1)), 'template']
    }
    for (const field of ['patches', 'patchesJson6902', 'replacements', 'transformers', 'configurations'])
      for (const item of listOf(value, field)) yield* asInput(directory, fieldOf(item, 'path') ?? item)
    for (const patch of listOf(value, 'patchesStrategicMerge')) yield* asInput(directory, patch)
    for (const chart of listOf(value, 'helmCharts')) {
      yield* asInput(directory, fieldOf(chart, 'valuesFile'))
      for (const file of textsOf(chart, 'additionalValuesFiles')) yield* asInput(directory, file)
    }
  }
}

function* asInput(directory: string, file: JsonValue | undefined): Generator<[string, Use]> {
  // A patch may stand in the kustomization itself, in several lines.
  if (typeof file === 'string' && !file.includes('\n')) yield [resolved(directory, file), 'input']
}

function listOf(value: JsonValue, key: string): readonly JsonValue[] {
  const items = isJsonObject(value) ? fieldOf(value, key) : undefined
  return isJsonArray(items) ? items : []
}

function textsOf(value: JsonValue, key: string): string[] {
  return listOf(value, key).filter((item) => typeof item === 'string')
}

/** Returns the path of a file in the package, given one that is relative to a directory. */
function resolved(directory: string, file: string): string {
  const names: string[] = []
  for (const name of `${directory}${file}`.split('/')) {
    if (name === '..') names.pop()
    else if (name !== '.' && name !== '') names.push(name)
  }
  return names.join('/')
}
