/** The differences between the KRM objects of two versions of a package, matched across all files. */
import { crdListTypes } from '../krm/crd-schemas.ts'
import { type FieldChange, fieldChanges } from '../krm/field-changes.ts'
import { formatIdentity, identityKey, type ObjectIdentity } from '../krm/identity.ts'
import { type JsonObject, sameJson } from '../krm/json-value.ts'
import { isKrmPath, readKrmFile } from '../krm/krm-file.ts'
import { listTypesOf } from '../krm/list-types.ts'
import type { Resources } from '../resources.ts'
import type { FilePair } from './file-pairs.ts'
import { packageSchemas } from './package-schemas.ts'

export type ObjectDiff = {
  /** As `formatIdentity` writes it. */
  object: string
  /** `moved` if only its file is another one; `changed` if its content is, too. */
  change: 'added' | 'removed' | 'moved' | 'changed'
  /** The path of its former file, unless that became this one. */
  from?: string
  /** The changed fields of an object that exists before and after. */
  fields: FieldChange[]
}

/** The objects of more YAML are not compared, since that takes seconds and half a gigabyte of memory. */
const MAX_BYTES = 16 * 1024 * 1024

type Found = { pair: FilePair; identity: ObjectIdentity; value: JsonObject }

/**
 * Returns the differences of each pair of files that consist of KRM objects alone. Other pairs have no entry, and none
 * has one if all files together are too large.
 */
export function objectDiffs(
  pairs: readonly FilePair[],
  packages: readonly Resources[],
): Map<FilePair, ObjectDiff[]> {
  const diffs = new Map<FilePair, ObjectDiff[]>()
  const krmPairs = pairs.filter(({ path, from = path }) => isKrmPath(path) && isKrmPath(from))
  if (krmPairs.reduce((sum, pair) => sum + sizeOf(pair), 0) > MAX_BYTES) return diffs

  const olds: Found[] = []
  const news: Found[] = []
  for (const pair of krmPairs) {
    const [before, after] = [readSide(pair, pair.before), readSide(pair, pair.after)]
    if (!before || !after) continue
    diffs.set(pair, [])
    olds.push(...before)
    news.push(...after)
  }
  const add = (pair: FilePair, diff: ObjectDiff): void => {
    diffs.get(pair)?.push(diff)
  }

  const matched = matchedObjects(olds, news)
  const changed = [...matched].filter(([now, old]) => !sameJson(old.value, now.value)).map(([now]) => now)
  const schemas = packageSchemas(
    packages,
    changed.map(({ identity }) => identity),
  )
  for (const now of news) {
    const object = formatIdentity(now.identity)
    const old = matched.get(now)
    if (!old) {
      add(now.pair, { object, change: 'added', fields: [] })
      continue
    }
    const fields = fieldChanges(
      old.value,
      now.value,
      listTypesOf(now.identity, crdListTypes(schemas, now.identity)),
    )
    const moved = old.pair === now.pair ? {} : { from: old.pair.from ?? old.pair.path }
    if (fields.length > 0) add(now.pair, { object, change: 'changed', ...moved, fields })
    else if (moved.from !== undefined) add(now.pair, { object, change: 'moved', ...moved, fields })
  }
  const found = new Set(matched.values())
  for (const old of olds) {
    if (found.has(old)) continue
    add(old.pair, { object: formatIdentity(old.identity), change: 'removed', fields: [] })
  }
  return diffs
}

function sizeOf({ before, after }: FilePair): number {
  return (before?.byteLength ?? 0) + (after?.byteLength ?? 0)
}

/** Keeps only the values, since the parsed documents are ten times as large. */
function readSide(pair: FilePair, content: Uint8Array | undefined): Found[] | undefined {
  if (!content) return []
  return readKrmFile(content)?.documents.map(({ identity, value }) => ({ pair, identity, value }))
}

/**
 * Maps each object to its former one: in the same file, or else in any. One without a name is never matched across
 * files.
 */
function matchedObjects(olds: readonly Found[], news: readonly Found[]): Map<Found, Found> {
  const matched = new Map<Found, Found>()
  const numbers = new Map<FilePair, number>()
  const inFile = ({ pair, identity }: Found): string => {
    if (!numbers.has(pair)) numbers.set(pair, numbers.size)
    return `${numbers.get(pair)} ${identityKey(identity)}`
  }
  match(olds, news, inFile)
  const taken = new Set(matched.values())
  match(
    olds.filter((old) => !taken.has(old) && old.identity.name !== ''),
    news.filter((now) => !matched.has(now)),
    ({ identity }) => identityKey(identity),
  )
  return matched

  function match(from: readonly Found[], to: readonly Found[], keyOf: (found: Found) => string): void {
    const waiting = Map.groupBy(from.toReversed(), keyOf)
    for (const now of to) {
      const old = waiting.get(keyOf(now))?.pop()
      if (old) matched.set(now, old)
    }
  }
}
