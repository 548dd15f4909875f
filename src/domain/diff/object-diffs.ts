/** How the KRM objects of two versions of a package differ. They are matched over all files. */
import { crdListTypes } from '../krm/crd-schemas.ts'
import { type FieldChange, fieldChanges } from '../krm/field-changes.ts'
import { formatIdentity, identityKey, type ObjectIdentity } from '../krm/identity.ts'
import { isKrmPath, readKrmFile } from '../krm/krm-file.ts'
import { listTypesOf } from '../krm/list-types.ts'
import { type PlainMap, samePlain } from '../krm/plain.ts'
import type { Resources } from '../resources.ts'
import type { FilePair } from './file-pairs.ts'
import { packageSchemas } from './package-schemas.ts'

export type ObjectDiff = {
  /** As `formatIdentity` writes it. */
  object: string
  /** One that is only in another file now is `moved`; one that was changed as well is `changed`. */
  change: 'added' | 'removed' | 'moved' | 'changed'
  /** The path of the file that it was in, where that did not become this one. */
  from?: string
  /** What differs in an object that is there before and after. */
  fields: FieldChange[]
}

/** Of more bytes of YAML the objects are not compared: it takes seconds, and half a gigabyte. */
const MAX_BYTES = 16 * 1024 * 1024

type Found = { pair: FilePair; identity: ObjectIdentity; value: PlainMap }

/**
 * The objects of each pair that has KRM objects alone, on each side that it has. Pairs of other files have no entry,
 * and none has one where they are too large together.
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
  const changed = [...matched].filter(([now, old]) => !samePlain(old.value, now.value)).map(([now]) => now)
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

/** Only the values are kept: the trees that they are read from are ten times as large. */
function readSide(pair: FilePair, content: Uint8Array | undefined): Found[] | undefined {
  if (!content) return []
  return readKrmFile(content)?.documents.map(({ identity, value }) => ({ pair, identity, value }))
}

/** Which object each one was: first in the same file, then in any. One without a name is nowhere else. */
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
    const waiting = new Map<string, Found[]>()
    for (const old of from.toReversed()) {
      const key = keyOf(old)
      const known = waiting.get(key)
      if (known) known.push(old)
      else waiting.set(key, [old])
    }
    for (const now of to) {
      const old = waiting.get(keyOf(now))?.pop()
      if (old) matched.set(now, old)
    }
  }
}
