/** Matches the objects of three versions of a package. */
import { identityKey } from '../krm/identity.ts'
import { isJsonArray, isJsonObject, type JsonValue } from '../krm/json-value.ts'
import { isKptfile, type KrmDocument } from '../krm/krm-file.ts'

/** An object with its position in the package. */
export type PlacedObject = KrmDocument & { path: string; index: number }

/** The same object in the versions that have it. */
export type MatchedObject = {
  original: PlacedObject | undefined
  local: PlacedObject | undefined
  upstream: PlacedObject | undefined
}

/**
 * Pairs objects by identity. Renamed objects are paired if nothing else fits; otherwise a clone that sets a namespace
 * loses its tie to upstream.
 */
export function matchObjects(
  original: readonly PlacedObject[],
  local: readonly PlacedObject[],
  upstream: readonly PlacedObject[],
): MatchedObject[] {
  const localGuess = new Matching(original, local).all()
  const upstreamGuess = new Matching(original, upstream).all()
  const toLocal = withoutRivals(localGuess, upstream, upstreamGuess)
  const toUpstream = withoutRivals(upstreamGuess, local, localGuess)
  const matched = original.map((object) => ({
    original: object,
    local: toLocal.get(object),
    upstream: toUpstream.get(object),
  }))
  const [knownLocal, knownUpstream] = [new Set(toLocal.values()), new Set(toUpstream.values())]
  const addedLocal = local.filter((object) => !knownLocal.has(object))
  const addedUpstream = upstream.filter((object) => !knownUpstream.has(object))
  const added = new Matching(addedUpstream, addedLocal).byIdentity()
  const addedToBoth = new Set(added.values())
  return [
    ...matched,
    ...addedUpstream.map((object) => ({ original: undefined, local: added.get(object), upstream: object })),
    ...addedLocal
      .filter((object) => !addedToBoth.has(object))
      .map((object) => ({ original: undefined, local: object, upstream: undefined })),
  ]
}

type Matches = ReadonlyMap<PlacedObject, PlacedObject>

/** Drops an assumed rename if the other side has another object of the new name. */
function withoutRivals(matches: Matches, others: readonly PlacedObject[], toOthers: Matches): Matches {
  const named = new Map(others.map((object) => [identityKey(object.identity), object]))
  return new Map(
    [...matches].filter(([from, to]) => {
      const key = identityKey(to.identity)
      if (key === identityKey(from.identity) || isKptfile(from.path)) return true
      const rival = named.get(key)
      return !rival || toOthers.get(from) === rival
    }),
  )
}

/** The share of equal fields above which an object of another name is the same one, renamed. */
const SIMILAR = 0.5

class Matching {
  readonly #found = new Map<PlacedObject, PlacedObject>()
  #from: readonly PlacedObject[]
  #to: readonly PlacedObject[]

  constructor(from: readonly PlacedObject[], to: readonly PlacedObject[]) {
    this.#from = from
    this.#to = to
  }

  byIdentity(): Map<PlacedObject, PlacedObject> {
    // A clone renames its Kptfile, so that is identified by its path.
    this.#pair((object) => (isKptfile(object.path) ? object.path : undefined), { inOrder: true })
    this.#pair((object) => `${identityKey(object.identity)} ${object.path}`, { inOrder: true })
    this.#pair(({ identity }) => (identity.name === '' ? undefined : identityKey(identity)), {
      inOrder: true,
    })
    return this.#found
  }

  /** Also pairs objects that were renamed, or moved to another namespace. */
  all(): Map<PlacedObject, PlacedObject> {
    this.byIdentity()
    this.#pair(({ identity: { group, kind, name } }) => name && JSON.stringify([group, kind, name]), {})
    this.#pair(({ identity: { group, kind }, path }) => JSON.stringify([group, kind, path]), {
      similar: true,
    })
    return this.#found
  }

  /** Pairs objects with the same key: in order, or only if no other object has that key. */
  #pair(
    keyOf: (object: PlacedObject) => string | undefined,
    { inOrder = false, similar = false }: { inOrder?: boolean; similar?: boolean },
  ): void {
    const candidates = Map.groupBy(this.#to, keyOf)
    for (const [key, objects] of Map.groupBy(this.#from, keyOf)) {
      const others = (key && candidates.get(key)) || []
      if (!inOrder && (objects.length !== 1 || others.length !== 1)) continue
      for (const [at, object] of objects.entries()) {
        const other = others[at]
        if (other && (!similar || similarity(object.value, other.value) >= SIMILAR))
          this.#found.set(object, other)
      }
    }
    const taken = new Set(this.#found.values())
    this.#from = this.#from.filter((object) => !this.#found.has(object))
    this.#to = this.#to.filter((object) => !taken.has(object))
  }
}

/** Returns the share of the fields of two objects that both have with the same value, from 0 to 1. */
function similarity(a: JsonValue, b: JsonValue): number {
  const [inA, inB] = [new Set(leaves(a)), new Set(leaves(b))]
  let shared = 0
  for (const leaf of inA) if (inB.has(leaf)) shared++
  return (2 * shared) / (inA.size + inB.size)
}

function* leaves(value: JsonValue, path = ''): Generator<string> {
  if (isJsonArray(value)) for (const item of value) yield* leaves(item, `${path}/[]`)
  else if (isJsonObject(value))
    for (const [key, field] of Object.entries(value)) yield* leaves(field, `${path}/${key}`)
  else yield `${path}=${JSON.stringify(value)}`
}
