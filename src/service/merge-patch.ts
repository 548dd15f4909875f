import type { Labels } from '../domain/labels.ts'

/** A JSON merge patch (RFC 7396) of labels or annotations; undefined changes nothing. */
export type LabelsPatch = Readonly<Record<string, string | null>> | null | undefined

export function mergeLabels(base: Labels, patch: LabelsPatch): Labels {
  if (patch === undefined) return base
  const merged = new Map(Object.entries(patch === null ? {} : base))
  for (const [key, value] of Object.entries(patch ?? {})) {
    if (value === null) merged.delete(key)
    else merged.set(key, value)
  }
  return Object.fromEntries(merged)
}
