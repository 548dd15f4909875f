/** Three-way merge of one object. */
import { valueAt, withField } from '../krm/edit-object.ts'
import type { FieldPath } from '../krm/field-path.ts'
import { type JsonObject, sameJson } from '../krm/json-value.ts'
import type { KrmDocument } from '../krm/krm-file.ts'
import type { ListTypes } from '../krm/list-types.ts'
import { rewrite } from '../krm/rewrite.ts'
import { type FieldConflict, type Side, threeValues } from './conflict.ts'
import { mergeComments } from './merge-comments.ts'
import { mergeValues } from './merge-values.ts'

/** `original` is undefined if both sides added the object. */
export type ObjectVersions = { original: KrmDocument | undefined; local: KrmDocument; upstream: KrmDocument }

export type MergeObjectOptions = {
  /** Called only if both sides changed the object. */
  listTypes: () => ListTypes
  prefer: Side
  /** Fields that stay local, whatever upstream does. */
  own: readonly FieldPath[]
}

export function mergeObject(
  { original, local, upstream }: ObjectVersions,
  { listTypes: findListTypes, prefer, own }: MergeObjectOptions,
): { body: string; conflicts: FieldConflict[] } {
  if (original && upstream.body === original.body) return { body: local.body, conflicts: [] }
  const withOwn = (value: JsonObject): JsonObject =>
    own.reduce((now, field) => withField(now, field, valueAt(local.value, field)) as JsonObject, value)
  const versions = {
    original: original && withOwn(original.value),
    local: local.value,
    upstream: withOwn(upstream.value),
  }
  if (original && local.body === original.body && sameJson(versions.upstream, upstream.value)) {
    return { body: upstream.body, conflicts: [] }
  }
  const listTypes = findListTypes()
  const { value, conflicts } = mergeValues(versions, listTypes, prefer)
  const body = rewrite(local, value as JsonObject, listTypes, upstream)
  if (body === undefined) return wholeConflict({ original, local, upstream }, prefer)
  return { body: original ? mergeComments(body, original, upstream, listTypes) : body, conflicts }
}

/** For a text that cannot be changed to the merged value: the whole object stays as one side has it. */
function wholeConflict(
  { original, local, upstream }: ObjectVersions,
  prefer: Side,
): { body: string; conflicts: FieldConflict[] } {
  const values = threeValues(original?.value, local.value, upstream.value)
  const { body } = prefer === 'local' ? local : upstream
  return { body, conflicts: [{ field: [], ...values, chosen: prefer }] }
}
