/** Three-way merge of one object. */
import { valueAt, withField } from '../krm/edit-object.ts'
import type { FieldPath } from '../krm/field-path.ts'
import { type JsonObject, sameJson } from '../krm/json-value.ts'
import type { KindRules } from '../krm/kind-rules.ts'
import type { KrmDocument } from '../krm/krm-file.ts'
import { rewrite } from '../krm/rewrite.ts'
import { type FieldConflict, type Side, threeValues } from './conflict.ts'
import { mergeComments } from './merge-comments.ts'
import { mergeValues } from './merge-values.ts'

/** `original` is undefined if both sides added the object. */
export type ObjectVersions = { original: KrmDocument | undefined; local: KrmDocument; upstream: KrmDocument }

export type MergeObjectOptions = {
  /** Called only if both sides changed the object. */
  rules: () => KindRules
  prefer: Side
  /** Fields that stay local, whatever upstream does. */
  own: readonly FieldPath[]
}

export type MergedContent = { body: string; value: JsonObject; conflicts: FieldConflict[] }

export function mergeObject(
  { original, local, upstream }: ObjectVersions,
  { rules: findRules, prefer, own }: MergeObjectOptions,
): MergedContent {
  if (original && upstream.body === original.body)
    return { body: local.body, value: local.value, conflicts: [] }
  const withOwn = (value: JsonObject): JsonObject =>
    own.reduce((now, field) => withField(now, field, valueAt(local.value, field)) as JsonObject, value)
  const versions = {
    original: original && withOwn(original.value),
    local: local.value,
    upstream: withOwn(upstream.value),
  }
  if (original && local.body === original.body && sameJson(versions.upstream, upstream.value)) {
    return { body: upstream.body, value: upstream.value, conflicts: [] }
  }
  const rules = findRules()
  const { listType } = rules
  const { value = {}, conflicts } = mergeValues(versions, rules, prefer)
  const body = rewrite(local, value as JsonObject, listType, upstream)
  if (body === undefined) return wholeConflict({ original, local, upstream }, prefer)
  const withComments = original ? mergeComments(body, original, upstream, listType) : body
  return { body: withComments, value: value as JsonObject, conflicts }
}

/** For a text that cannot be changed to the merged value: the whole object stays as one side has it. */
function wholeConflict({ original, local, upstream }: ObjectVersions, prefer: Side): MergedContent {
  const values = threeValues(original?.value, local.value, upstream.value)
  const { body, value } = prefer === 'local' ? local : upstream
  return { body, value, conflicts: [{ field: [], ...values, chosen: prefer }] }
}
