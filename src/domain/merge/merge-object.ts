/** Three-way merge of one object. */
import { valueAt, withField } from '../krm/edit-object.ts'
import type { FieldPath } from '../krm/field-path.ts'
import { type JsonObject, sameJson } from '../krm/json-value.ts'
import type { KindRules } from '../krm/kind-rules.ts'
import type { KrmDocument } from '../krm/krm-file.ts'
import { rewrite } from '../krm/rewrite.ts'
import type { FieldConflict, Side } from './conflict.ts'
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

export function mergeObject(
  { original, local, upstream }: ObjectVersions,
  { rules: findRules, prefer, own }: MergeObjectOptions,
): { body: string; value: JsonObject; conflicts: FieldConflict[] } {
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
  const edited = rewrite(local, value as JsonObject, listType, upstream)
  const body = original ? mergeComments(edited, original, upstream, listType) : edited
  return { body, value: value as JsonObject, conflicts }
}
