/** Three-way merge of the KRM objects of a package: which of them exist, their content, and their files. */
import type { CrdSchemas } from '../krm/crd-schemas.ts'
import { valueAt, withField } from '../krm/edit-object.ts'
import { type FieldPath, formatFieldPath } from '../krm/field-path.ts'
import { formatIdentity, numberedName, type ObjectIdentity, type ObjectKind } from '../krm/identity.ts'
import { isJsonObject, type JsonObject, type JsonValue, sameJson } from '../krm/json-value.ts'
import { kindRules } from '../krm/kind-rules.ts'
import { readKrmFile } from '../krm/krm-file.ts'
import { namedObjects } from '../krm/list-objects.ts'
import { type Conflict, type FieldConflict, type Side, threeValues } from './conflict.ts'
import { type MatchedObject, matchObjects, type PlacedObject } from './match-objects.ts'
import { mergeObject } from './merge-object.ts'
import { mergeOrder } from './merge-order.ts'

/** An object of the merged package. */
export type MergedObject = MatchedObject & { path: string; body: string }

/** The fields of the root Kptfile that name the package and its upstream; they stay local. */
export const OWN_FIELDS: readonly FieldPath[] = [['metadata', 'name'], ['upstream'], ['upstreamLock']]

/** `body` is undefined for an object that was removed. */
type Result = { path: string; body: string | undefined; value: JsonObject; conflicts: FieldConflict[] }
type MatchedResult = MatchedObject & Result

/**
 * Returns the objects of each file, in an order that follows local and upstream. `schemasOf` returns the schemas of a
 * kind in the package; it is called only for objects that both sides changed.
 */
export function mergeKrm(
  [original, local, upstream]: readonly [
    readonly PlacedObject[],
    readonly PlacedObject[],
    readonly PlacedObject[],
  ],
  schemasOf: (kind: ObjectKind) => CrdSchemas,
  prefer: Side,
): { files: Map<string, MergedObject[]>; conflicts: Conflict[] } {
  const rulesOf = kindRules(schemasOf)
  const merged = matchObjects(original, local, upstream).map((matched) => ({ ...matched, ...merge(matched) }))
  const inFiles = [...Map.groupBy(merged, ({ path }) => path)]
  const inOrder = inFiles.map(([path, objects]) => [path, ordered(path, objects)] as const)
  const files = inOrder.map(([path, objects]) => [path, objects.filter(isKept)] as const)
  return {
    files: new Map(files.filter(([, objects]) => objects.length > 0)),
    conflicts: inOrder.flatMap(([, objects]) => namedConflicts(objects)),
  }

  function merge(matched: MatchedObject): Result {
    const { original, local, upstream } = matched
    if (local && upstream) return mergeBoth({ original, local, upstream })
    const left = (local ?? upstream ?? original) as PlacedObject
    const kept = { path: left.path, body: left.body, value: left.value, conflicts: [] }
    if (!original) return kept
    const removed = { ...kept, body: undefined }
    // One side deleted it; a change by the other must not be lost silently.
    if (left === original || sameJson(unmarked(left.value), unmarked(original.value))) return removed
    const values = threeValues(original.value, local?.value, upstream?.value)
    const conflicts = [{ field: [], ...values, chosen: prefer }]
    return { ...(prefer === (local ? 'local' : 'upstream') ? kept : removed), conflicts }
  }

  function mergeBoth(versions: {
    original: PlacedObject | undefined
    local: PlacedObject
    upstream: PlacedObject
  }): Result {
    const { original, local, upstream } = versions
    const path =
      original && original.path !== upstream.path && original.path === local.path ? upstream.path : local.path
    const own = local.path === 'Kptfile' ? OWN_FIELDS : []
    return { path, ...mergeObject(versions, { rules: () => rulesOf(local, upstream), prefer, own }) }
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

function ordered(path: string, objects: readonly MatchedResult[]): MatchedResult[] {
  const ids = new Map(objects.map((object, at) => [String(at), object]))
  const order = (side: 'original' | 'local' | 'upstream'): string[] =>
    [...ids]
      .filter(([, object]) => object[side]?.path === path)
      .sort(([, a], [, b]) => (a[side]?.index ?? 0) - (b[side]?.index ?? 0))
      .map(([id]) => id)
  const known = mergeOrder(order('original'), order('local'), order('upstream'))
  return known.flatMap((id) => ids.get(id) ?? [])
}

function isKept<Object extends MatchedResult>(object: Object): object is Object & { body: string } {
  return object.body !== undefined
}

/** Returns the conflicts in a file, with the names that its objects have after the merge. */
function namedConflicts(objects: readonly MatchedResult[]): Conflict[] {
  if (objects.every(({ conflicts }) => conflicts.length === 0)) return []
  const documents = objects
    .filter(isKept)
    .map((object) => ({ object, identity: mergedIdentity(object), value: object.value }))
  const named = namedObjects(documents)
  const counts = new Map<string, number>()
  const names = new Map<MatchedResult, Map<JsonValue, string>>()
  for (const { identity, document, at, name } of named) {
    count(formatIdentity(identity))
    const own = names.get(document.object) ?? new Map<JsonValue, string>()
    names.set(document.object, own.set(valueAt(document.value, at) ?? null, name))
  }
  return objects.flatMap((object) =>
    object.conflicts.map(({ inside, field, ...conflict }) => {
      const name = names.get(object)?.get((inside ? inside.merged : object.value) ?? null)
      return {
        path: object.path,
        object: name ?? nameOfRemoved(inside?.identity ?? mergedIdentity(object)),
        field: formatFieldPath(field),
        ...conflict,
      }
    }),
  )

  /** Returns the name that the object gets if it is put back behind the others. */
  function nameOfRemoved(identity: ObjectIdentity): string {
    const name = formatIdentity(identity)
    return numberedName(name, count(name))
  }

  function count(name: string): number {
    const now = (counts.get(name) ?? 0) + 1
    counts.set(name, now)
    return now
  }
}

/** Returns the identity after the merge, since upstream may have renamed the object. */
function mergedIdentity({ body, original, local, upstream }: MatchedResult): ObjectIdentity {
  const sides = [local, upstream, original].filter((side) => side !== undefined)
  const same = sides.find((side) => body === undefined || side.body === body)
  const { identity } =
    same ?? readKrmFile(Buffer.from(body ?? ''))?.documents[0] ?? (sides[0] as PlacedObject)
  return identity
}
