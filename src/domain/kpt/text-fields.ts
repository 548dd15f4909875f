/** Maps from names to texts, such as the data of a ConfigMap, in the first object of a file. */
import { isMap, isScalar, isSeq } from 'yaml'
import { targetOf } from '../krm/alias-targets.ts'
import { editObject, type FieldEdit, valueAt, withField } from '../krm/edit-object.ts'
import { isJsonObject, type JsonValue, keyText } from '../krm/json-value.ts'
import { type KrmDocument, readKrmFile, writeKrmFile } from '../krm/krm-file.ts'
import { parsesTo } from '../krm/rewrite.ts'
import { isScalarPlace, scalarEdit } from '../krm/scalar-text.ts'
import { fieldPlace, isBlockScalar, isFlow, type ParsedPair } from '../krm/source-text.ts'
import { applyEdits, type TextEdit } from '../krm/text-edits.ts'
import { isMergeKey, scalarValue } from '../krm/yaml-1.1.ts'

export type MapPath = readonly (string | number)[]

export function firstObject(content: Uint8Array | undefined): KrmDocument | undefined {
  return content && readKrmFile(content)?.documents[0]
}

/** Returns the texts of a map as they are written, since kpt takes `0644` and `1.10` for texts. */
export function textsAt(object: KrmDocument, path: MapPath): Map<string, string> {
  return new Map(textsOf(mapAt(object, path)[0]))

  function textsOf(node: unknown): [string, string][] {
    const map = targetOf(node, object.document)
    // The first map of a merge key has priority.
    if (isSeq(map)) return map.items.toReversed().flatMap(textsOf)
    if (!isMap(map)) return []
    return map.items.flatMap(({ key, value }): [string, string][] => {
      if (isMergeKey(key)) return textsOf(value)
      const scalar = targetOf(value, object.document)
      if (!isScalar(key) || !isScalar(scalar)) return []
      return [[String(key.value), scalarValue(scalar) === null ? '' : String(scalar.value)]]
    })
  }
}

/** Returns a file with fields of a map in its first object set to strings. */
export function setTexts(
  content: Uint8Array,
  path: MapPath,
  values: ReadonlyMap<string, string>,
): Uint8Array {
  const replaced = editFirst(content, (object) => replaceTexts(object, path, values))
  return editFirst(replaced, (object) => editObject(object, fieldEdits(object, path, values)))
}

function editFirst(content: Uint8Array, edit: (object: KrmDocument) => string): Uint8Array {
  const file = readKrmFile(content)
  const [first] = file?.documents ?? []
  return file && first ? writeKrmFile(file, new Map([[first, edit(first)]])) : content
}

/** Sets what is there as text of one line, in its style; returns the same text if that would change other fields. */
function replaceTexts(object: KrmDocument, path: MapPath, values: ReadonlyMap<string, string>): string {
  const { body, value } = object
  const [map, inFlow] = mapAt(object, path)
  const pairs = pairsByName(map)
  const found = new Map<string, string>()
  const edits: TextEdit[] = []
  for (const [name, text] of values) {
    const pair = pairs.get(name)
    const place = pair && fieldPlace(body, pair)
    if (!place || !isScalarPlace(place) || isBlockScalar(place.node)) continue
    edits.push(scalarEdit(body, place, { text, type: 'string', inFlow }))
    found.set(name, text)
  }
  const edited = applyEdits(body, edits)
  const target = fieldEdits(object, path, found).reduce<JsonValue | undefined>(
    (now, edit) => withField(now, edit.field, edit.value),
    value,
  )
  return parsesTo(edited, target as JsonValue) ? edited : body
}

/** Returns one edit, since each copies the map. */
function fieldEdits(object: KrmDocument, path: MapPath, values: ReadonlyMap<string, string>): FieldEdit[] {
  if (values.size === 0) return []
  const pairs = pairsByName(mapAt(object, path)[0])
  const fields = [...values].map(([name, value]): [string, JsonValue] => {
    const found = pairs.get(name)
    return [found ? keyText(found.key) : name, value]
  })
  const now = valueAt(object.value, path)
  const map = new Map([...(isJsonObject(now) ? Object.entries(now) : []), ...fields])
  return [{ field: path, value: Object.fromEntries(map) }]
}

/** Of several fields with a name, the first. */
function pairsByName(map: unknown): Map<unknown, ParsedPair> {
  const pairs = isMap(map) ? (map.items as ParsedPair[]) : []
  return new Map(pairs.toReversed().flatMap((pair) => (isScalar(pair.key) ? [[pair.key.value, pair]] : [])))
}

/** Returns the node of a field, and whether it is in flow style. */
function mapAt(object: KrmDocument, path: MapPath): [node: unknown, inFlow: boolean] {
  let node: unknown = object.root
  let inFlow = isFlow(node)
  for (const step of path) {
    const next = typeof step === 'number' ? itemAt(node, step) : fieldAt(node, step)?.value
    node = targetOf(next, object.document)
    inFlow ||= isFlow(node)
  }
  return [node, inFlow]
}

function itemAt(node: unknown, at: number): unknown {
  return isSeq(node) ? node.items[at] : undefined
}

function fieldAt(node: unknown, name: string): ParsedPair | undefined {
  return pairsByName(node).get(name)
}
