/** Merge conflicts, which people and programs can read. */
import { AppError } from '../../core/errors.ts'
import type { FieldPath } from '../krm/field-path.ts'
import type { ObjectIdentity } from '../krm/identity.ts'
import { type JsonValue, jsonSize } from '../krm/json-value.ts'

export type Side = 'local' | 'upstream'

/** A file, object or field that both sides changed differently. A missing value did not exist, or was deleted. */
export type Conflict = {
  /** The path of the file in the merged package. */
  path: string
  /** As `formatIdentity` writes it; null for a file that is not KRM. */
  object: string | null
  /** As `formatFieldPath` writes it; empty for a whole object or file, and `lines 3-5` in a text. */
  field: string
  original?: JsonValue
  local?: JsonValue
  upstream?: JsonValue
  /** The side whose value the merged package has. */
  chosen: Side
}

/** A conflict between values, before their file and object are known. */
export type FieldConflict = Omit<Conflict, 'path' | 'object' | 'field'> & {
  field: FieldPath
  /** The object in a list of objects that `field` is in. */
  inside?: ListedConflict
}

export type ListedConflict = {
  identity: ObjectIdentity
  /** The very value that the merged list has; undefined if it has none. */
  merged: JsonValue | undefined
}

/** Missing values are undefined. */
export type Versions<Value extends JsonValue = JsonValue> = {
  original: Value | undefined
  local: Value | undefined
  upstream: Value | undefined
}

const MAX_CONFLICTS = 10_000
/** The size of all conflicts of an upgrade, in characters, as all of them are sent at once. */
const MAX_SIZE = 32 * 1024 * 1024

/** Throws `too_large` for too many conflicts, or too large ones: each has the whole path of its field. */
export function checkSize(conflicts: readonly Conflict[]): void {
  if (conflicts.length > MAX_CONFLICTS) throw tooLarge(`there are more than ${MAX_CONFLICTS} conflicts`)
  let size = 0
  for (const { path, object, field, original, local, upstream } of conflicts) {
    size += path.length + (object?.length ?? 0) + field.length
    for (const value of [original, local, upstream]) size += jsonSize(value ?? null)
    if (size > MAX_SIZE) throw tooLarge(`the conflicts have more than ${MAX_SIZE} characters`)
  }
}

function tooLarge(reason: string): AppError {
  return new AppError(
    'too_large',
    `${reason}, which is the limit: upgrade in smaller steps, or with the strategy copy-merge or force-delete-replace`,
  )
}

/** Leaves out undefined values. */
export function threeValues(
  original: JsonValue | undefined,
  local: JsonValue | undefined,
  upstream: JsonValue | undefined,
): Pick<Conflict, 'original' | 'local' | 'upstream'> {
  return {
    ...(original === undefined ? {} : { original }),
    ...(local === undefined ? {} : { local }),
    ...(upstream === undefined ? {} : { upstream }),
  }
}
