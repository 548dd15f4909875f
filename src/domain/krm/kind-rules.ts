/** What is known of the fields of a kind, built in or defined in the package. */

import { crdOneOfs } from './crd-one-ofs.ts'
import { type CrdSchemas, crdListTypes } from './crd-schemas.ts'
import { formatKind, type ObjectKind } from './identity.ts'
import { type ListedObject, listedKinds } from './list-objects.ts'
import { type ListType, type ListTypes, listTypesOf } from './list-types.ts'
import { type OneOfs, oneOfsOf } from './one-ofs.ts'

export type KindRules = {
  listType: ListTypes
  oneOfs: OneOfs
  /** Returns the rules of an object in a list of objects. */
  ofListed: (kind: ObjectKind) => KindRules
}

/** The kinds in one list whose rules are tried for its fields. */
const MAX_LISTED_KINDS = 100

/** Returns a function that returns the rules of an object. `schemasOf` is called once for each kind. */
export function kindRules(
  schemasOf: (kind: ObjectKind) => CrdSchemas,
): (...versions: readonly ListedObject[]) => KindRules {
  const known = new Map<string, KindRules>()
  return (...versions) => {
    const [{ identity }] = versions as [ListedObject]
    const rules = ofKind(identity)
    const listed = versions.flatMap(listedKinds)
    return listed.length === 0 ? rules : { ...rules, listType: withListed(rules, listed) }
  }

  function ofKind(kind: ObjectKind): KindRules {
    const name = formatKind(kind)
    const found = known.get(name)
    if (found) return found
    const schemas = schemasOf(kind)
    const rules: KindRules = {
      listType: listTypesOf(kind, crdListTypes(schemas, kind)),
      oneOfs: oneOfsOf(kind, crdOneOfs(schemas, kind)),
      ofListed: ofKind,
    }
    known.set(name, rules)
    return rules
  }

  /** The place of an item does not tell its kind; a list in it has the type that any of the kinds gives it. */
  function withListed({ listType }: KindRules, kinds: readonly ObjectKind[]): ListTypes {
    const rules = [...new Set(kinds.map(ofKind))].slice(0, MAX_LISTED_KINDS)
    return function typeAt(place): ListType | undefined {
      if (place[0] !== 'items' || place[1] !== '[]') return listType(place)
      const inside = place.slice(2)
      return rules.map((rule) => rule.listType(inside)).find((type) => type) ?? typeAt(inside)
    }
  }
}
