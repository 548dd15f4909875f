/** Whether the two sides of a merge chose differently among fields that exclude each other. */
import type { FieldPath } from '../krm/field-path.ts'
import { fieldOf, isJsonArray, type JsonValue } from '../krm/json-value.ts'
import type { Choice, Member, OneOf, Union } from '../krm/one-ofs.ts'
import type { FieldConflict, Versions } from './conflict.ts'

/** A map's versions, its merged value, and the conflicts in it, which can be decided for either side. */
export type MergedMap = Versions & {
  merged: JsonValue
  field: FieldPath
  conflicts: readonly FieldConflict[]
}

/**
 * Reports whether both sides changed the choice, each in another way, or whether the merged map, or what becomes of it
 * when a conflict is decided, has fields together that neither side has together.
 */
export function choseDifferently(map: MergedMap, oneOf: OneOf): boolean {
  return oneOf.type === 'choice' ? inChoice(map, oneOf) : inUnion(map, oneOf)
}

function inChoice(map: MergedMap, { alternatives }: Choice): boolean {
  const chosenIn = (value: JsonValue | undefined): boolean[] =>
    alternatives.map((members) => members.some((member) => has(value, member)))
  const [original, local, upstream] = [chosenIn(map.original), chosenIn(map.local), chosenIn(map.upstream)]
  if (differ(original, local) && differ(original, upstream) && differ(local, upstream)) return true
  const possible = alternatives.map((members) => members.some((member) => mayHave(map, member)))
  const isMore = (side: readonly boolean[]): boolean => possible.some((is, at) => is && !side[at])
  return possible.filter((is) => is).length > 1 && isMore(local) && isMore(upstream)
}

function differ(a: readonly boolean[], b: readonly boolean[]): boolean {
  return a.some((is, at) => is !== b[at])
}

function inUnion(map: MergedMap, { discriminator, default: byDefault, members }: Union): boolean {
  const typeIn = (value: JsonValue | undefined): JsonValue | undefined =>
    fieldOf(value, discriminator) ?? byDefault
  const types = new Set([typeIn(map.merged)])
  for (const { field, local, upstream } of map.conflicts) {
    const [step, ...more] = field.slice(map.field.length)
    if (step !== discriminator || more.length > 0) continue
    types.add(local ?? byDefault).add(upstream ?? byDefault)
  }
  return members.some(({ member, allowedWith }) => {
    if (!mayHave(map, member)) return false
    const isWrong = (type: JsonValue | undefined): boolean =>
      !allowedWith.some((allowed) => allowed === type) &&
      ![map.local, map.upstream].some((side) => typeIn(side) === type && has(side, member))
    return [...types].some(isWrong)
  })
}

/** Reports whether the merged map has a field, or gets it if a conflict is decided for the other side. */
function mayHave({ merged, field, conflicts }: MergedMap, member: Member): boolean {
  if (has(merged, member)) return true
  return conflicts.some((conflict) => {
    const inside = conflict.field.slice(field.length)
    if (!inside.every((step, at) => member.place[at] === (typeof step === 'string' ? step : '[]')))
      return false
    const rest = { ...member, place: member.place.slice(inside.length) }
    return has(conflict.local, rest) || has(conflict.upstream, rest)
  })
}

function has(value: JsonValue | undefined, { place: [key, ...place], value: wanted }: Member): boolean {
  if (value === undefined || value === null) return false
  if (key === undefined) return wanted === undefined || String(value) === wanted
  const inside = { place, ...(wanted === undefined ? {} : { value: wanted }) }
  if (key === '[]') return isJsonArray(value) && value.some((item) => has(item, inside))
  return has(fieldOf(value, key), inside)
}
