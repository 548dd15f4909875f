/** Conflicts in the files of a draft: the current value, and its replacement. */
import { AppError } from '../../core/errors.ts'
import { packageSchemas } from '../diff/package-schemas.ts'
import { NOT_EDITABLE, valueAt, withField } from '../krm/edit-object.ts'
import { type FieldPath, parseFieldPath } from '../krm/field-path.ts'
import { writeObject } from '../krm/generated-text.ts'
import {
  fieldOf,
  isJsonObject,
  isTooDeep,
  type JsonObject,
  type JsonValue,
  MAX_DEPTH,
  sameJson,
} from '../krm/json-value.ts'
import { kindRules } from '../krm/kind-rules.ts'
import { type KrmDocument, readKrmFile, writeKrmFile } from '../krm/krm-file.ts'
import { listItems } from '../krm/list-objects.ts'
import { rewrite } from '../krm/rewrite.ts'
import { type Resources, sameBytes } from '../resources.ts'
import type { Conflict, Side } from './conflict.ts'
import { mergeText } from './merge-text.ts'
import { PackageObjects, type Place } from './package-objects.ts'

/** Returns the conflicts whose values an edit of a draft changed. */
export function edited<Found extends Conflict>(
  conflicts: readonly Found[],
  before: Resources,
  after: Resources,
): Found[] {
  const [objectsBefore, objectsAfter] = [new PackageObjects(before), new PackageObjects(after)]
  return conflicts.filter((conflict) => {
    const { object, path } = conflict
    if (object === null) return !sameBytes(before.get(path), after.get(path))
    return !sameJson(currentValue(conflict, objectsBefore), currentValue(conflict, objectsAfter))
  })
}

function currentValue(conflict: Conflict, objects: PackageObjects): JsonValue | undefined {
  const place = objects.find(conflict)
  return valueAt(place?.document.value, fieldIn(place, conflict))
}

/**
 * Returns the files with the conflict replaced by the value of one side. A value of upstream keeps its text in the
 * files `upstream`.
 */
export function withSide(
  conflict: Conflict,
  side: Side,
  resources: Resources,
  upstream: Resources,
): Resources {
  if (side === conflict.chosen) return resources
  if (conflict.object === null)
    return withFile(resources, conflict.path, sideOfFile(conflict, side, upstream))
  const donor = side === 'upstream' ? new PackageObjects(upstream).find(conflict) : undefined
  return withObjectValue(conflict, conflict[side], resources, donor)
}

/** Returns the files with the conflict replaced by a value. Throws `invalid` for a value that does not fit. */
export function withValue(conflict: Conflict, value: JsonValue, resources: Resources): Resources {
  if (conflict.object !== null) return withObjectValue(conflict, value, resources, undefined)
  if (typeof value !== 'string')
    throw new AppError('invalid', `${conflict.path} is a file, so its value must be text`)
  return withFile(resources, conflict.path, Buffer.from(value))
}

/** Returns undefined if that side deleted the file. */
function sideOfFile(conflict: Conflict, side: Side, upstream: Resources): Uint8Array | undefined {
  const { original, local, upstream: theirs, path } = conflict
  if (typeof original === 'string' && typeof local === 'string' && typeof theirs === 'string') {
    const merged = mergeText(original, local, theirs, side)
    if (merged) return Buffer.from(merged.text)
  }
  const value = conflict[side]
  if (value === undefined) return undefined
  const text = fieldOf(value, 'text') ?? value
  if (typeof text === 'string') return Buffer.from(text)
  const content = side === 'upstream' ? upstream.get(path) : undefined
  if (content) return content
  throw new AppError(
    'conflict',
    `the local content of ${path} was not kept: put the file into the draft instead`,
  )
}

function withObjectValue(
  conflict: Conflict,
  value: JsonValue | undefined,
  resources: Resources,
  donor: Place | undefined,
): Resources {
  if (conflict.field === '' && value !== undefined && !isJsonObject(value)) {
    throw new AppError('invalid', 'the value of an object must be a mapping')
  }
  const place = new PackageObjects(resources).find(conflict)
  if (!place) {
    if (conflict.field !== '') {
      throw new AppError(
        'conflict',
        `${conflict.object} is no longer in the package: there is nothing left to resolve`,
      )
    }
    return value === undefined ? resources : withObject(conflict, value as JsonObject, resources, donor)
  }
  const { document } = place
  const target = withField(document.value, fieldIn(place, conflict), value) as JsonObject | undefined
  if (isTooDeep(target))
    throw new AppError('invalid', `the object would be nested more than ${MAX_DEPTH} levels deep`)
  const body = target && editedBody(document, target, resources, donor?.document)
  return withBody(resources, place, body)
}

function fieldIn(place: Place | undefined, { field }: Conflict): FieldPath {
  return [...(place?.at ?? []), ...(parseFieldPath(field) ?? [])]
}

function editedBody(
  document: KrmDocument,
  target: JsonObject,
  resources: Resources,
  donor: KrmDocument | undefined,
): string {
  const rulesOf = kindRules(packageSchemas([resources]))
  const body = rewrite(document, target, rulesOf({ ...document, value: target }).listType, donor)
  if (body !== undefined) return body
  if (donor && sameJson(donor.value, target)) return donor.body
  throw new AppError('invalid', NOT_EDITABLE)
}

/** Replaces the text of an object; undefined removes it, and with the last object the file. */
function withBody(
  resources: Resources,
  { path, file, document }: Place,
  body: string | undefined,
): Resources {
  if (body !== undefined) return withFile(resources, path, writeKrmFile(file, new Map([[document, body]])))
  const documents = file.documents.filter((other) => other !== document)
  const content = documents.length === 0 ? undefined : writeKrmFile({ ...file, documents }, new Map())
  return withFile(resources, path, content)
}

/** Adds an object to the file of its conflict, as an item if that is a list. */
function withObject(
  { path }: Conflict,
  value: JsonObject,
  resources: Resources,
  donor: Place | undefined,
): Resources {
  const content = resources.get(path)
  const file = content && readKrmFile(content)
  const [list, ...more] = file?.documents ?? []
  const items = list && more.length === 0 ? listItems(list.value) : undefined
  if (file && list && items) {
    const place = { path, file, document: list, at: [] }
    const target = { ...list.value, items: [...items, value] }
    return withBody(resources, place, editedBody(list, target, resources, donor?.document))
  }
  const before = Buffer.from(content ?? []).toString()
  const separator = before === '' ? '' : before.endsWith('\n') ? '---\n' : '\n---\n'
  const body = donor?.at.length === 0 ? donor.document.body : writeObject(value)
  return withFile(resources, path, Buffer.from(before + separator + body))
}

function withFile(resources: Resources, path: string, content: Uint8Array | undefined): Resources {
  const changed = new Map(resources)
  if (content) changed.set(path, content)
  else changed.delete(path)
  return changed
}
