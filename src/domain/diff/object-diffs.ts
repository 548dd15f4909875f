/** The differences between the KRM objects of two versions of a package, matched across all files. */
import { crdListTypes } from '../krm/crd-schemas.ts'
import { type FieldChange, fieldChanges } from '../krm/field-changes.ts'
import type { ObjectIdentity } from '../krm/identity.ts'
import type { JsonObject } from '../krm/json-value.ts'
import { isKrmPath, readKrmFile } from '../krm/krm-file.ts'
import { listedObjects, type NamedObject, namedObjects } from '../krm/list-objects.ts'
import { listTypesOf } from '../krm/list-types.ts'
import { Pairing } from '../krm/pair-objects.ts'
import { MAX_BYTES, YamlBudget } from '../krm/yaml-limits.ts'
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

type Found = { pair: FilePair; name: string; identity: ObjectIdentity; value: JsonObject }

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
  const budget = new YamlBudget(MAX_BYTES)
  if (!krmPairs.every((pair) => contentsOf(pair).every((content) => budget.takes(content)))) return diffs

  const olds: Found[] = []
  const news: Found[] = []
  for (const pair of krmPairs) {
    const [before, after] = [readSide(pair, pair.before), readSide(pair, pair.after)]
    if (!before || !after) continue
    diffs.set(pair, [])
    for (const found of before) olds.push(found)
    for (const found of after) news.push(found)
  }
  const add = (pair: FilePair, diff: ObjectDiff): void => {
    diffs.get(pair)?.push(diff)
  }

  const pairing = new Pairing(olds, news)
  const places = new Map(krmPairs.map((pair, at) => [pair, String(at)]))
  pairing.byIdentity(({ pair }) => places.get(pair) ?? '')
  const former = new Map([...pairing.found].map(([old, now]) => [now, old]))
  const schemas = packageSchemas(packages)
  for (const now of news) {
    const object = now.name
    const old = former.get(now)
    if (!old) {
      add(now.pair, { object, change: 'added', fields: [] })
      continue
    }
    const fields = fieldChanges(
      old.value,
      now.value,
      listTypesOf(now.identity, crdListTypes(schemas(now.identity), now.identity)),
    )
    const moved = old.pair === now.pair ? {} : { from: old.pair.from ?? old.pair.path }
    if (fields.length > 0) add(now.pair, { object, change: 'changed', ...moved, fields })
    else if (moved.from !== undefined) add(now.pair, { object, change: 'moved', ...moved, fields })
  }
  for (const old of olds) {
    if (!pairing.found.has(old)) add(old.pair, { object: old.name, change: 'removed', fields: [] })
  }
  return diffs
}

function contentsOf({ before, after }: FilePair): Uint8Array[] {
  return [before, after].filter((content) => content !== undefined)
}

/** Keeps only the values, since the parsed documents are ten times as large. */
function readSide(pair: FilePair, content: Uint8Array | undefined): Found[] | undefined {
  if (!content) return []
  const file = readKrmFile(content)
  return file && namedObjects(file.documents).map((found) => ({ ...withoutItems(found), pair }))
}

/** The objects in a list are compared by themselves. */
function withoutItems({ name, identity, value }: NamedObject): Omit<Found, 'pair'> {
  if (!listedObjects(value)) return { name, identity, value }
  const { items: _, ...own } = value
  return { name, identity, value: own }
}
