/** Conflicts in the files of a draft: the current value, and its replacement. */
import { AppError } from '../../core/errors.ts'
import { packageSchemas } from '../diff/package-schemas.ts'
import { crdListTypes } from '../krm/crd-schemas.ts'
import { NOT_EDITABLE, valueAt, withField } from '../krm/edit-object.ts'
import { parseFieldPath } from '../krm/field-path.ts'
import { writeObject } from '../krm/generated-text.ts'
import { formatIdentity } from '../krm/identity.ts'
import { isJsonObject, type JsonObject, type JsonValue, sameJson } from '../krm/json-value.ts'
import { isKrmPath, type KrmDocument, type KrmFile, readKrmFile, writeKrmFile } from '../krm/krm-file.ts'
import { listTypesOf } from '../krm/list-types.ts'
import { rewrite } from '../krm/rewrite.ts'
import { type Resources, sameBytes } from '../resources.ts'
import type { Conflict, Side } from './conflict.ts'
import { mergeText } from './merge-text.ts'

type Place = { path: string; file: KrmFile; document: KrmDocument }

/** Reports whether an edit of a draft changed the value that is in conflict. */
export function isEdited(conflict: Conflict, before: Resources, after: Resources): boolean {
  if (conflict.object === null) return !sameBytes(before.get(conflict.path), after.get(conflict.path))
  return !sameJson(currentValue(conflict, before), currentValue(conflict, after))
}

function currentValue(conflict: Conflict, resources: Resources): JsonValue | undefined {
  const value = findObject(conflict, resources)?.document.value
  return valueAt(value, parseFieldPath(conflict.field) ?? [])
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
  const donor = side === 'upstream' ? findObject(conflict, upstream)?.document : undefined
  return withObjectValue(conflict, conflict[side], resources, donor)
}

const NOT_A_MAPPING = 'the value of an object must be a mapping'

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
    return Buffer.from(mergeText(original, local, theirs, side).text)
  }
  const value = conflict[side]
  if (value === undefined) return undefined
  if (typeof value === 'string') return Buffer.from(value)
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
  donor: KrmDocument | undefined,
): Resources {
  const field = parseFieldPath(conflict.field) ?? []
  const place = findObject(conflict, resources)
  if (!place) {
    if (field.length > 0) {
      throw new AppError(
        'conflict',
        `${conflict.object} is no longer in the package: there is nothing left to resolve`,
      )
    }
    return value === undefined
      ? resources
      : withObject(resources, conflict.path, donor?.body ?? written(value))
  }
  const { document } = place
  const target = withField(document.value, field, value)
  if (target === undefined) return withBody(resources, place, undefined)
  if (!isJsonObject(target)) throw new AppError('invalid', NOT_A_MAPPING)
  const schemas = packageSchemas([resources], [document.identity])
  const listTypes = listTypesOf(document.identity, crdListTypes(schemas, document.identity))
  const body = rewrite(document, target as JsonObject, listTypes, donor)
  if (body !== undefined) return withBody(resources, place, body)
  if (donor && sameJson(donor.value, target)) return withBody(resources, place, donor.body)
  throw new AppError('invalid', NOT_EDITABLE)
}

function written(value: JsonValue): string {
  if (!isJsonObject(value)) throw new AppError('invalid', NOT_A_MAPPING)
  return writeObject(value)
}

/** Finds the object of a conflict in its file, or else in the one it was moved to. */
function findObject(conflict: Conflict, resources: Resources): Place | undefined {
  const paths = [conflict.path, ...resources.keys()]
  for (const path of paths) {
    const content = isKrmPath(path) ? resources.get(path) : undefined
    const file = content && readKrmFile(content)
    const document = file?.documents.find(({ identity }) => formatIdentity(identity) === conflict.object)
    if (file && document) return { path, file, document }
  }
  return undefined
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

function withObject(resources: Resources, path: string, body: string): Resources {
  const before = Buffer.from(resources.get(path) ?? []).toString()
  const separator = before === '' ? '' : before.endsWith('\n') ? '---\n' : '\n---\n'
  return withFile(resources, path, Buffer.from(before + separator + body))
}

function withFile(resources: Resources, path: string, content: Uint8Array | undefined): Resources {
  const changed = new Map(resources)
  if (content) changed.set(path, content)
  else changed.delete(path)
  return changed
}
