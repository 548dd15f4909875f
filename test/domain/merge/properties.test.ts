import fc from 'fast-check'
import { expect, it } from 'vitest'
import { valueAt } from '../../../src/domain/krm/edit-object.ts'
import { parseFieldPath } from '../../../src/domain/krm/field-path.ts'
import { formatIdentity } from '../../../src/domain/krm/identity.ts'
import { isJsonArray, isJsonObject, type JsonValue } from '../../../src/domain/krm/json-value.ts'
import { keyedItems } from '../../../src/domain/krm/list-items.ts'
import { listTypesOf } from '../../../src/domain/krm/list-types.ts'
import type { Conflict, Side } from '../../../src/domain/merge/conflict.ts'
import { mergeResources } from '../../../src/domain/merge/merge-resources.ts'
import type { Resources } from '../../../src/domain/resources.ts'
import { lostChanges, objectsOf } from '../../support/field-loss.ts'
import {
  changed,
  commentAt,
  type Fields,
  isFields,
  nameOf,
  type Package,
  randomChanges,
  randomFieldChanges,
  randomPackage,
  randomStyle,
  render,
} from '../../support/random-packages.ts'
import { searching } from '../../support/sizes.ts'
import { textsOf } from '../../support/texts.ts'

const side = fc.constantFrom<Side>('local', 'upstream')

/** Three versions of a package, often in the same style. */
const versions = fc.record({
  files: randomPackage,
  local: randomChanges,
  upstream: randomChanges,
  style: randomStyle,
  localStyle: fc.option(randomStyle),
  upstreamStyle: fc.option(randomStyle),
})

type Versions = { original: Resources; local: Resources; upstream: Resources }

function rendered(input: typeof versions extends fc.Arbitrary<infer T> ? T : never): Versions {
  const { files, local, upstream, style, localStyle, upstreamStyle } = input
  return {
    original: render(files, style),
    local: render(changed(files, local), localStyle ?? style),
    upstream: render(changed(files, upstream), upstreamStyle ?? style),
  }
}

/** Returns the values of the objects, by file and identity. */
function values(resources: Resources): Record<string, JsonValue> {
  return Object.fromEntries(
    [...objectsOf(resources)].map(([key, { path, value, identity }]) => {
      return [`${path} ${key}`, sorted(value, [], listTypesOf(identity))]
    }),
  )
}

/** Sorts keyed lists by key. */
function sorted(
  value: JsonValue,
  place: readonly string[],
  listTypes: ReturnType<typeof listTypesOf>,
): JsonValue {
  if (isJsonArray(value)) {
    const [items] = keyedItems([value], listTypes(place)) ?? []
    const inOrder = items
      ? [...items].sort((a, b) => (a.key < b.key ? -1 : 1)).map((item) => item.value)
      : value
    return inOrder.map((item) => sorted(item, [...place, '[]'], listTypes))
  }
  if (!isJsonObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [key, sorted(field, [...place, key], listTypes)]),
  )
}

it('returns the version of one side byte for byte if the other changed nothing', () => {
  fc.assert(
    fc.property(versions, side, (input, prefer) => {
      const { original, local, upstream } = rendered(input)
      const onlyLocal = mergeResources({ original, local, upstream: original }, prefer)
      expect(textsOf(onlyLocal.resources)).toEqual(textsOf(local))
      expect(onlyLocal.conflicts).toEqual([])
      const onlyUpstream = mergeResources({ original, local: original, upstream }, prefer)
      expect(textsOf(onlyUpstream.resources)).toEqual(textsOf(upstream))
      expect(onlyUpstream.conflicts).toEqual([])
      const both = mergeResources({ original, local: upstream, upstream }, prefer)
      expect(textsOf(both.resources)).toEqual(textsOf(upstream))
      expect(both.conflicts).toEqual([])
    }),
    searching(60),
  )
})

it('loses no change: each is in the merged package, or in a conflict with the right values', () => {
  fc.assert(
    fc.property(versions, side, (input, prefer) => {
      const { original, local, upstream } = rendered(input)
      const { resources, conflicts } = mergeResources({ original, local, upstream }, prefer)
      expect(lostChanges({ original, side: local, merged: resources }, conflicts)).toEqual([])
      expect(lostChanges({ original, side: upstream, merged: resources }, conflicts)).toEqual([])
      for (const conflict of conflicts) {
        expect(conflict.chosen).toBe(prefer)
        expect(valueIn(conflict, original)).toEqual(conflict.original)
        expect(valueIn(conflict, local)).toEqual(conflict.local)
        expect(valueIn(conflict, upstream)).toEqual(conflict.upstream)
        expect(valueIn(conflict, resources)).toEqual(conflict[prefer])
      }
    }),
    searching(60),
  )
})

function valueIn({ object, field }: Conflict, resources: Resources): JsonValue | undefined {
  const found = [...objectsOf(resources).values()].find(({ identity }) => formatIdentity(identity) === object)
  return valueAt(found?.value, parseFieldPath(field) ?? [])
}

it('merges changes of different fields, whichever side made them', () => {
  const input = fc.record({
    files: randomPackage,
    mine: randomFieldChanges,
    theirs: randomFieldChanges,
    style: randomStyle,
    otherStyle: randomStyle,
  })
  fc.assert(
    fc.property(input, ({ files, mine, theirs, style, otherStyle }) => {
      const touched: string[] = []
      const local = changed(files, mine, undefined, (path) => touched.push(path))
      const isFree = (path: string): boolean =>
        !touched.some((other) => `${other}\0`.startsWith(`${path}\0`) || `${path}\0`.startsWith(`${other}\0`))
      const upstream = changed(files, theirs, isFree)
      const [o, l, u] = [render(files, style), render(local, style), render(upstream, otherStyle)]
      const one = mergeResources({ original: o, local: l, upstream: u }, 'local')
      const other = mergeResources({ original: o, local: u, upstream: l }, 'local')
      expect(one.conflicts).toEqual([])
      expect(other.conflicts).toEqual([])
      expect(values(one.resources)).toEqual(values(other.resources))
    }),
    searching(60),
  )
})

it('keeps the comments of untouched fields', () => {
  const input = fc.record({
    files: randomPackage,
    mine: randomFieldChanges,
    theirs: randomFieldChanges,
    style: randomStyle,
  })
  let checked = 0
  fc.assert(
    fc.property(input, ({ files, mine, theirs, style }) => {
      const [mineNow, theirsNow] = [changed(files, mine), changed(files, theirs)]
      const withComments = { ...style, comments: true }
      const original = render(files, withComments)
      const local = render(mineNow, withComments)
      const upstream = render(theirsNow, withComments)
      const merged = mergeResources({ original, local, upstream }, 'local')
      const text = Object.values(textsOf(merged.resources)).join('\n')
      const before = Object.values(textsOf(local)).join('\n')
      for (const comment of untouchedComments(files, mineNow, theirsNow)) {
        if (!before.includes(`${comment}\n`)) continue
        expect(text).toContain(`${comment}\n`)
        checked++
      }
    }),
    searching(60),
  )
  expect(checked).toBeGreaterThan(60)
})

function* untouchedComments(files: Package, mine: Package, theirs: Package): Generator<string> {
  const [local, upstream] = [Object.values(mine).flat(), Object.values(theirs).flat()]
  for (const object of Object.values(files).flat()) {
    const name = nameOf(object)
    const others = [local, upstream].map((all) => all.find((other) => nameOf(other) === name))
    for (const path of untouchedPaths([object, ...others] as Fields[], '')) {
      yield commentAt(name, path, 'above')
      yield commentAt(name, path, 'behind')
    }
  }
}

/** Yields the paths of scalars that are the same in every version. */
function* untouchedPaths([first, ...others]: readonly Fields[], path: string): Generator<string> {
  for (const [key, value] of Object.entries(first ?? {})) {
    const rest = others.map((other) => other[key])
    if (isFields(value) && rest.every(isFields)) yield* untouchedPaths([value, ...rest], `${path}/${key}`)
    else if (rest.every((other) => other === value)) yield `${path}/${key}`
  }
}
