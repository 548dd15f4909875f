/** Matches the objects of three versions of a package. */
import { identityKey } from '../krm/identity.ts'
import { isKptfile, type KrmDocument } from '../krm/krm-file.ts'
import { Pairing, pairAlike, pairSimilar, pairSingle } from '../krm/pair-objects.ts'

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
  const localGuess = paired(original, local)
  const upstreamGuess = paired(original, upstream)
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
  const added = pairedByIdentity(addedUpstream, addedLocal, { isNew: true }).found
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

function pairedByIdentity(
  from: readonly PlacedObject[],
  to: readonly PlacedObject[],
  { isNew }: { isNew: boolean },
): Pairing<PlacedObject> {
  const pairing = new Pairing(from, to)
  // A clone renames its Kptfile, so that is identified by its path.
  pairing.pair(({ path }) => (isKptfile(path) ? path : undefined), pairAlike)
  pairing.byIdentity(({ path }) => path, { isNew })
  return pairing
}

/** Also pairs objects that were renamed, or moved to another namespace. */
function paired(from: readonly PlacedObject[], to: readonly PlacedObject[]): Matches {
  const pairing = pairedByIdentity(from, to, { isNew: false })
  pairing.pair(
    ({ identity: { group, kind, name } }) => name && JSON.stringify([group, kind, name]),
    pairSingle,
  )
  pairing.pair(({ identity: { group, kind }, path }) => JSON.stringify([group, kind, path]), pairSimilar)
  return pairing.found
}
