/** Three-way merge of the KRM objects of a package: which of them exist, their content, and their files. */
import { type CrdSchemas, crdListTypes } from '../krm/crd-schemas.ts'
import { valueAt, withField } from '../krm/edit-object.ts'
import { type FieldPath, formatFieldPath } from '../krm/field-path.ts'
import { formatIdentity, formatKind, type ObjectIdentity } from '../krm/identity.ts'
import { isJsonObject, type JsonValue, sameJson } from '../krm/json-value.ts'
import { type KrmDocument, readKrmFile } from '../krm/krm-file.ts'
import { type ListTypes, listTypesOf } from '../krm/list-types.ts'
import { type Conflict, type Side, threeValues } from './conflict.ts'
import { type MatchedObject, matchObjects, type PlacedObject } from './match-objects.ts'
import { mergeObject } from './merge-object.ts'
import { mergeOrder } from './merge-values.ts'

/** An object of the merged package. */
export type MergedObject = MatchedObject & { path: string; body: string }

/** The fields of the root Kptfile that name the package and its upstream; they stay local. */
export const OWN_FIELDS: readonly FieldPath[] = [['metadata', 'name'], ['upstream'], ['upstreamLock']]

/** `schemasOf` returns the schemas of a kind in the package; it is called only for objects that both sides changed. */
export function mergeKrm(
  [original, local, upstream]: readonly [
    readonly PlacedObject[],
    readonly PlacedObject[],
    readonly PlacedObject[],
  ],
  schemasOf: (kind: ObjectIdentity) => CrdSchemas,
  prefer: Side,
): { objects: MergedObject[]; conflicts: Conflict[] } {
  const known = new Map<string, ListTypes>()
  const conflicts: Conflict[] = []
  const objects: MergedObject[] = []
  for (const matched of matchObjects(original, local, upstream)) {
    const merged = mergeMatched(matched)
    if (merged) objects.push({ ...matched, ...merged })
  }
  return { objects, conflicts }

  function mergeMatched(matched: MatchedObject): Pick<MergedObject, 'path' | 'body'> | undefined {
    const { original, local, upstream } = matched
    if (local && upstream) return mergeBoth({ original, local, upstream })
    const left = local ?? upstream
    if (!left || !original) return left
    // One side deleted it; a change by the other must not be lost silently.
    if (sameJson(unmarked(left.value), unmarked(original.value))) return undefined
    const values = threeValues(original.value, local?.value, upstream?.value)
    conflicts.push({
      path: left.path,
      object: formatIdentity(left.identity),
      field: '',
      ...values,
      chosen: prefer,
    })
    return prefer === (local ? 'local' : 'upstream') ? left : undefined
  }

  function mergeBoth(versions: {
    original: PlacedObject | undefined
    local: PlacedObject
    upstream: PlacedObject
  }): Pick<MergedObject, 'path' | 'body'> {
    const { original, local, upstream } = versions
    const path =
      original && original.path !== upstream.path && original.path === local.path ? upstream.path : local.path
    const own = local.path === 'Kptfile' ? OWN_FIELDS : []
    const merged = mergeObject(versions, { listTypes: () => typesOf(local.identity), prefer, own })
    if (merged.conflicts.length === 0) return { path, body: merged.body }
    const object = formatIdentity(mergedIdentity(merged.body, local))
    for (const { field, ...conflict } of merged.conflicts) {
      conflicts.push({ path, object, field: formatFieldPath(field), ...conflict })
    }
    return { path, body: merged.body }
  }

  function typesOf(identity: ObjectIdentity): ListTypes {
    const kind = formatKind(identity)
    const types = known.get(kind) ?? listTypesOf(identity, crdListTypes(schemasOf(identity), identity))
    known.set(kind, types)
    return types
  }
}

const MARK: FieldPath = ['metadata', 'annotations', 'internal.kpt.dev/upstream-identifier']

/** Removes the annotation that kpt and Porch put on each object of a clone, which is not an edit. */
function unmarked(value: JsonValue): JsonValue | undefined {
  if (valueAt(value, MARK) === undefined) return value
  const without = withField(value, MARK, undefined)
  const annotations = valueAt(without, ['metadata', 'annotations'])
  const isEmpty = isJsonObject(annotations) && Object.keys(annotations).length === 0
  return isEmpty ? withField(without, ['metadata', 'annotations'], undefined) : without
}

/** Returns the identity after the merge, since upstream may have renamed the object. */
function mergedIdentity(body: string, local: KrmDocument): ObjectIdentity {
  if (body === local.body) return local.identity
  return readKrmFile(Buffer.from(body))?.documents[0]?.identity ?? local.identity
}

/** Groups the objects by file, in an order that follows local and upstream. */
export function objectsByFile(objects: readonly MergedObject[]): Map<string, MergedObject[]> {
  const files = Map.groupBy(objects, ({ path }) => path)
  return new Map([...files].map(([path, file]) => [path, inOrder(path, file)]))
}

function inOrder(path: string, objects: readonly MergedObject[]): MergedObject[] {
  const ids = new Map(objects.map((object, at) => [String(at), object]))
  const order = (side: 'original' | 'local' | 'upstream'): string[] =>
    [...ids]
      .filter(([, object]) => object[side]?.path === path)
      .sort(([, a], [, b]) => (a[side]?.index ?? 0) - (b[side]?.index ?? 0))
      .map(([id]) => id)
  const known = mergeOrder(order('original'), order('local'), order('upstream'))
  return known.flatMap((id) => ids.get(id) ?? [])
}
