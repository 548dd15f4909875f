/** What both sides of a merge have changed, each in its own way: data for people, and for programs. */
import type { FieldPath } from '../krm/field-path.ts'
import type { Plain } from '../krm/plain.ts'

export type Side = 'local' | 'upstream'

/** A file, an object or a field that both sides have changed. A value that is missing was not there, or is deleted. */
export type Conflict = {
  /** The file, as the merged package has it. */
  path: string
  /** As `formatIdentity` writes it; null where the file is no KRM file. */
  object: string | null
  /** As `formatFieldPath` writes it; empty for the whole object or file. */
  field: string
  original?: Plain
  local?: Plain
  upstream?: Plain
  /** Whose value the merged package has. */
  chosen: Side
}

/** A conflict between values, before it is known whose they are. */
export type FieldConflict = {
  field: FieldPath
  original?: Plain
  local?: Plain
  upstream?: Plain
  chosen: Side
}

/** Leaves out what is undefined. */
export function threeValues(
  original: Plain | undefined,
  local: Plain | undefined,
  upstream: Plain | undefined,
): Pick<Conflict, 'original' | 'local' | 'upstream'> {
  return {
    ...(original === undefined ? {} : { original }),
    ...(local === undefined ? {} : { local }),
    ...(upstream === undefined ? {} : { upstream }),
  }
}
