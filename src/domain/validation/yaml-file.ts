/** Reads a YAML file for validation and search: its errors, objects, images and descriptions. */
import { type Document, isMap, isNode, isScalar, isSeq } from 'yaml'
import { targetOf } from '../krm/alias-targets.ts'
import { fieldOf, isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../krm/json-value.ts'
import { listedObject, listItems } from '../krm/list-objects.ts'
import { keyName } from '../krm/yaml-1.1.ts'
import { findImages } from './find-images.ts'
import { type Finding, MAX_FINDINGS, type YamlDocument, yamlDocuments } from './yaml-documents.ts'

export type { Finding } from './yaml-documents.ts'

/** An object in a document of its own, or in a list: one of the kind `List` or `ConfigMapList`, for instance. */
export type KrmObject = {
  apiVersion: string | undefined
  kind: string | undefined
  namespace: string | undefined
  name: string | undefined
  /** It has no name by design: it is a Kustomization, or an empty list. */
  isNameless: boolean
  line: number
}

export type YamlFile = {
  errors: Finding[]
  objects: KrmObject[]
  warnings: Finding[]
  /** The images of containers. */
  images: string[]
  /** Descriptions and keywords of Kptfiles. */
  about: string[]
  tokens: number
}

export function readYamlFile(content: Uint8Array): YamlFile {
  const file: YamlFile = { errors: [], objects: [], warnings: [], images: [], about: [], tokens: 0 }
  const onToken = () => void file.tokens++
  for (const document of yamlDocuments(content, file.errors, onToken)) readDocument(document, file)
  // kubectl applies all documents of a file, or none.
  if (file.objects.length > 0) refuse(file, file.warnings.splice(0))
  file.errors.sort((a, b) => a.line - b.line)
  return file
}

function refuse({ errors }: YamlFile, findings: readonly Finding[]): void {
  errors.push(...findings.slice(0, Math.max(0, MAX_FINDINGS - errors.length)))
}

function readDocument({ value, document, positionOf }: YamlDocument, file: YamlFile): void {
  const at = (node: unknown) => positionOf(isNode(node) ? (node.range?.[0] ?? 0) : 0).line
  if (!isJsonObject(value)) {
    const finding = { line: at(document.contents), message: noObject(value) }
    if (!isJsonArray(value) || value.some(isObject)) refuse(file, [finding])
    else if (file.warnings.length < MAX_FINDINGS) file.warnings.push(finding)
    return
  }
  readObject(value, document.contents)
  for (const image of findImages(value)) file.images.push(image)
  if (fieldOf(value, 'kind') === 'Kptfile') for (const text of aboutPackage(value)) file.about.push(text)

  function readObject(object: JsonObject, node: unknown): void {
    const items = listItems(object) ?? []
    if (items.length === 0) file.objects.push(krmObject(object, at(node)))
    const nodes = itemNodes(node, document)
    for (const [index, item] of items.entries()) {
      const itemNode = nodes[index] ?? node
      const listed = listedObject(object, item)
      if (listed) readObject(listed, itemNode)
      else
        refuse(file, [
          { line: at(itemNode), message: 'the item of the list is no object: correct or remove it' },
        ])
    }
  }
}

function noObject(value: JsonValue): string {
  if (!isJsonArray(value))
    return 'the document is no object, but a single value: turn it into a comment, or remove it'
  return value.some(isObject)
    ? 'the document is a list of objects: write "---" between them, or put them into an object of the kind List'
    : 'the document is not a KRM object, since it is not a mapping'
}

/** Reports whether a value is meant to be an object of Kubernetes. */
function isObject(value: JsonValue): boolean {
  return fieldOf(value, 'apiVersion') !== undefined && fieldOf(value, 'kind') !== undefined
}

/** Returns the nodes of the items of a list; none if the list has them by a merge key. */
function itemNodes(list: unknown, document: Document.Parsed): readonly unknown[] {
  const map = targetOf(list, document)
  const pairs = isMap(map) ? map.items : []
  const items = pairs.find(({ key }) => isScalar(key) && keyName(key) === 'items')?.value
  const seq = targetOf(items, document)
  return isSeq(seq) ? seq.items : []
}

function krmObject(object: JsonObject, line: number): KrmObject {
  const metadata = fieldOf(object, 'metadata')
  const apiVersion = textOf(object, 'apiVersion')
  return {
    apiVersion,
    kind: textOf(object, 'kind'),
    namespace: textOf(metadata, 'namespace'),
    name: textOf(metadata, 'name') ?? textOf(metadata, 'generateName'),
    isNameless:
      apiVersion?.startsWith('kustomize.config.k8s.io/') === true || listItems(object) !== undefined,
    line,
  }
}

function textOf(value: JsonValue | undefined, key: string): string | undefined {
  const text = fieldOf(value, key)
  return typeof text === 'string' && text !== '' ? text : undefined
}

function aboutPackage(kptfile: JsonObject): string[] {
  const info = fieldOf(kptfile, 'info')
  const keywords = fieldOf(info, 'keywords')
  const texts = [fieldOf(info, 'description'), ...(isJsonArray(keywords) ? keywords : [])]
  return texts.filter((text) => typeof text === 'string' && text !== '') as string[]
}
