/** Pairs the objects of two versions of a package. */
import { identityKey, isNamed, type ObjectIdentity } from './identity.ts'
import { canonicalText, isJsonArray, isJsonObject, type JsonValue } from './json-value.ts'

type Identified = { identity: ObjectIdentity; value: JsonValue }

/** The share of equal fields above which two objects that nothing else tells apart are the same one. */
const SIMILAR = 0.5
/** The remaining steps of a comparison, for all of its objects. A step is the lookup of a field in another object. */
type Effort = { steps: number }

/** Of objects that take more steps, only the equal ones are found. */
export function newEffort(): Effort {
  return { steps: 2_000_000 }
}

/** Finds pairs in several passes; an object that has one is left out of the later passes. */
export class Pairing<Object extends Identified> {
  /** The pairs found so far, from the first version to the second. */
  readonly found = new Map<Object, Object>()
  #from: readonly Object[]
  #to: readonly Object[]
  readonly #effort = newEffort()

  constructor(from: readonly Object[], to: readonly Object[]) {
    this.#from = from
    this.#to = to
  }

  /**
   * Pairs objects by identity, those at the same place first, such as in the same file. With `isNew`, objects of a
   * generated name must be alike even if they are the only ones, since each version may have added its own.
   */
  byIdentity(placeOf: (object: Object) => string, { isNew = false } = {}): void {
    const inPackage = ({ identity }: Object): string => identityKey(identity)
    const here = (object: Object): string => `${inPackage(object)} ${placeOf(object)}`
    const least = isNew ? 1 : 2
    const ambiguous = new Set([...generated(this.#from, least), ...generated(this.#to, least)])
    if (ambiguous.size > 0) {
      for (const find of [pairEqual, pairMostSimilar]) {
        for (const keyOf of [here, inPackage]) {
          this.pair((object) => (ambiguous.has(inPackage(object)) ? keyOf(object) : undefined), find)
        }
      }
    }
    const isClear = (object: Object): boolean => ambiguous.size === 0 || !ambiguous.has(inPackage(object))
    this.pair((object) => (isClear(object) ? here(object) : undefined), pairAlike)
    this.pair(
      (object) => (isNamed(object.identity) && isClear(object) ? inPackage(object) : undefined),
      pairAlike,
    )
  }

  /** Pairs objects with the same key. */
  pair(keyOf: (object: Object) => string | undefined, find: FindPairs): void {
    if (this.#from.length === 0 || this.#to.length === 0) return
    const candidates = Map.groupBy(this.#to, keyOf)
    for (const [key, objects] of Map.groupBy(this.#from, keyOf)) {
      const others = key ? candidates.get(key) : undefined
      if (!others) continue
      for (const [object, other] of find(objects, others, this.#effort)) this.found.set(object, other)
    }
    const taken = new Set(this.found.values())
    this.#from = this.#from.filter((object) => !this.found.has(object))
    this.#to = this.#to.filter((object) => !taken.has(object))
  }
}

/** Returns the keys of generated names that at least so many objects have. */
function generated(objects: readonly Identified[], least: number): string[] {
  const found = objects.filter(({ identity }) => identity.generateName !== undefined)
  const byKey = Map.groupBy(found, ({ identity }) => identityKey(identity))
  return [...byKey].filter(([, same]) => same.length >= least).map(([key]) => key)
}

type Pairs<Object> = [Object, Object][]
/** Finds pairs among objects with the same key. */
type FindPairs = <Object extends Identified>(
  from: readonly Object[],
  to: readonly Object[],
  effort: Effort,
) => Pairs<Object>

/** Pairs two objects if no others have their key. */
export function pairSingle<Object extends Identified>(
  [object, ...more]: readonly Object[],
  [other, ...others]: readonly Object[],
): Pairs<Object> {
  return object && other && more.length === 0 && others.length === 0 ? [[object, other]] : []
}

/** Pairs two objects if no others have their key and they are similar. */
export function pairSimilar<Object extends Identified>(
  from: readonly Object[],
  to: readonly Object[],
): Pairs<Object> {
  return pairSingle(from, to).filter(([a, b]) => similarity(leaves(a.value), leaves(b.value)) >= SIMILAR)
}

function pairEqual<Object extends Identified>(from: readonly Object[], to: readonly Object[]): Pairs<Object> {
  const waiting = Map.groupBy(to.toReversed(), ({ value }) => canonicalText(value))
  return from.flatMap((object): Pairs<Object> => {
    const other = waiting.get(canonicalText(object.value))?.pop()
    return other ? [[object, other]] : []
  })
}

/** Pairs two objects that are alone with their key; of several the equal ones, then the most similar ones. */
export function pairAlike<Object extends Identified>(
  from: readonly Object[],
  to: readonly Object[],
  effort: Effort,
): Pairs<Object> {
  if (from.length <= 1 && to.length <= 1) return pairSingle(from, to)
  if (from.length === 0 || to.length === 0) return []
  const equal = pairEqual(from, to)
  const taken = new Set(equal.flat())
  const isLeft = (object: Object): boolean => !taken.has(object)
  return [...equal, ...pairMostSimilar(from.filter(isLeft), to.filter(isLeft), effort)]
}

function pairMostSimilar<Object extends Identified>(
  from: readonly Object[],
  to: readonly Object[],
  effort: Effort,
): Pairs<Object> {
  if (effort.steps < 0) return []
  const candidates = to.map((object) => ({ object, fields: leaves(object.value) }))
  const found: { pair: [Object, Object]; likeness: number }[] = []
  for (const object of from) {
    const fields = leaves(object.value)
    effort.steps -= fields.size * to.length
    if (effort.steps < 0) break
    // A name says that two objects are the same one, however different they are.
    const wanted = object.identity.name === '' ? SIMILAR : 0
    for (const other of candidates) {
      const likeness = similarity(fields, other.fields)
      if (likeness >= wanted) found.push({ pair: [object, other.object], likeness })
    }
  }
  const taken = new Set<Object>()
  return found
    .sort((a, b) => b.likeness - a.likeness)
    .flatMap(({ pair }) => {
      if (pair.some((object) => taken.has(object))) return []
      for (const object of pair) taken.add(object)
      return [pair]
    })
}

/** Returns the share of the fields of two objects that both have with the same value, from 0 to 1. */
function similarity(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let shared = 0
  for (const leaf of a) if (b.has(leaf)) shared++
  return (2 * shared) / (a.size + b.size)
}

function leaves(value: JsonValue): Set<string> {
  const found = new Set<string>()
  visit(value, '')
  return found

  function visit(value: JsonValue, path: string): void {
    if (isJsonArray(value)) for (const item of value) visit(item, `${path}/[]`)
    else if (isJsonObject(value))
      for (const [key, field] of Object.entries(value)) visit(field, `${path}/${key}`)
    else found.add(`${path}=${canonicalText(value)}`)
  }
}
