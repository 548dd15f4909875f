/** Edits of the maps and lists of a document in block style. */
import { isAlias, isMap, isScalar, isSeq, type ParsedNode, type YAMLMap, type YAMLSeq } from 'yaml'
import { type Aligned, alignItems } from './align-items.ts'
import { insertion, removals, replacedBy, replacement } from './block-edits.ts'
import type { EditContext } from './edit-context.ts'
import { editFlowCollection } from './edit-flow-collection.ts'
import {
  type Donors,
  donorsAt,
  donorsAtItem,
  fieldText,
  itemText,
  listOf,
  scalarText,
} from './inserted-text.ts'
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue, jsonOf, sameJson } from './json-value.ts'
import { keysOf, planMap } from './map-plan.ts'
import {
  commentStart,
  type Entry,
  entriesOf,
  indent,
  isBlockScalar,
  isFlow,
  type Place,
  startsLine,
  tailEnd,
} from './source-text.ts'
import { applyEdits, type TextEdit } from './text-edits.ts'

/** The fields of maps and the items of lists on the way to a value; `[]` stands for an item. */
type Path = readonly string[]

export class BlockEditor {
  readonly #context: EditContext
  readonly #text: string

  constructor(context: EditContext) {
    this.#context = context
    this.#text = context.source.body
  }

  /** Returns the edits that give a place another value; undefined if it must be replaced as a whole. */
  edit(place: Place, wanted: JsonValue, donors: Donors, path: Path): TextEdit[] | undefined {
    const edits = this.#edit(place, wanted, donors, path)
    if (edits) this.#context.anchored?.stays(place.node, wanted)
    return edits
  }

  #edit(place: Place, wanted: JsonValue, donors: Donors, path: Path): TextEdit[] | undefined {
    const { node } = place
    if (isAlias(node)) return sameJson(this.#context.anchored?.valueOf(node), wanted) ? [] : undefined
    const isSame = sameJson(this.#value(node), wanted)
    // Aliases below may have lost their anchors.
    if (isSame && (!this.#context.anchored || !node || isScalar(node))) return []
    if (isFlow(node)) return this.#editFlow(place, wanted, donors, path)
    if (isMap(node) && isJsonObject(wanted))
      return this.#editMap(node as YAMLMap.Parsed, wanted, donors, path)
    if (isSeq(node) && isJsonArray(wanted))
      return this.#editList(node as YAMLSeq.Parsed, wanted, donors, path)
    return isScalar(node) ? this.#editScalar(place, wanted, donors) : undefined
  }

  #value(node: ParsedNode | null): JsonValue {
    return jsonOf(node, this.#context.source.document)
  }

  #editScalar(place: Place, wanted: JsonValue, donors: Donors): TextEdit[] | undefined {
    const { start, end, node } = place
    const isCollection = isJsonObject(wanted) || isJsonArray(wanted)
    if (isCollection || isBlockScalar(node) || start === end || !node || isAlias(node)) return undefined
    const anchor = node.anchor === undefined ? '' : `&${node.anchor} `
    return [{ start, end, text: anchor + scalarText(wanted, donors) }]
  }

  #editFlow(place: Place, wanted: JsonValue, donors: Donors, path: Path): TextEdit[] | undefined {
    const node = place.node as ParsedNode
    const edits = editFlowCollection(this.#context, node, wanted, donors, path)
    if (!edits) this.#context.anchored?.goes(node)
    return edits
  }

  #editMap(map: YAMLMap.Parsed, wanted: JsonObject, donors: Donors, path: Path): TextEdit[] | undefined {
    const entries = entriesOf(this.#text, map)
    const keys = keysOf(map)
    const { values, added, behind } = planMap(map, wanted, this.#context)
    const kept = values.flatMap((value, at) => (value === undefined ? [] : [at]))
    const [firstKept] = kept
    if (firstKept === undefined) return undefined
    const edits = removals(this.#text, entries, (at) => values[at] !== undefined, donors)
    for (const at of kept) {
      const key = keys[at]
      const inside = [...path, key ?? '<<']
      const own = this.#editEntry(
        entries[at] as Entry,
        values[at] as JsonValue,
        donorsAt(donors, key),
        inside,
      )
      for (const edit of own) edits.push(edit)
    }
    const isReplaced = replacedBy(edits)
    const places = new Map(kept.map((at) => [keys[at], at]))
    const isAdded = new Set(added)
    let last: number | undefined = donors.other ? undefined : kept.at(-1)
    for (const key of inOrderOf(donors, [...keys, ...added])) {
      if (donors.other) last = places.get(key) ?? last
      if (key === undefined || !isAdded.has(key)) continue
      const text = fieldText(key, wanted[key] as JsonValue, donorsAt(donors, key))
      const after = behind > (last ?? -1) ? behind : last
      edits.push(insertion(this.#text, entries, after, firstKept, text, isReplaced))
    }
    return edits
  }

  #editEntry(entry: Entry, wanted: JsonValue, donors: Donors, path: Path): TextEdit[] {
    const { place } = entry
    const inside = this.edit(place, wanted, donors, path)
    if (inside) return inside
    const { node } = place
    if (node) this.#context.anchored?.goes(node)
    return [replacement(this.#text, entry, wanted, donors)]
  }

  #editList(
    seq: YAMLSeq.Parsed,
    wanted: readonly JsonValue[],
    donors: Donors,
    path: Path,
  ): TextEdit[] | undefined {
    const entries = entriesOf(this.#text, seq)
    const aligned = alignItems(
      this.#value(seq) as readonly JsonValue[],
      wanted,
      listOf(donors.other),
      this.#context.listTypes(path),
    )
    const kept = aligned.flatMap(({ from: at }) => at ?? [])
    if (kept.length === 0) return undefined
    const itemDonors = ({ from, donor }: Aligned): Donors => donorsAtItem(donors, donor, from)
    const editItem = (item: Aligned, at: number): TextEdit[] =>
      this.#editEntry(entries[item.from as number] as Entry, wanted[at] as JsonValue, itemDonors(item), [
        ...path,
        '[]',
      ])
    if (kept.some((at, index) => index > 0 && at < (kept[index - 1] ?? 0))) {
      return this.#reordered(entries, aligned, (item, at) =>
        item.from === undefined ? itemText(wanted[at] as JsonValue, itemDonors(item)) : editItem(item, at),
      )
    }
    const isKept = new Set(kept)
    const edits = removals(this.#text, entries, (at) => isKept.has(at), donors)
    for (const [at, item] of aligned.entries())
      if (item.from !== undefined) for (const edit of editItem(item, at)) edits.push(edit)
    const isReplaced = replacedBy(edits)
    let last: number | undefined
    for (const [at, item] of aligned.entries()) {
      if (item.from === undefined) {
        const text = itemText(wanted[at] as JsonValue, itemDonors(item))
        edits.push(insertion(this.#text, entries, last, kept[0] as number, text, isReplaced))
      }
      last = item.from ?? last
    }
    return edits
  }

  /** Replaces the whole list, keeping the text of each item, and what is between them. */
  #reordered(
    entries: readonly Entry[],
    aligned: readonly Aligned[],
    edited: (item: Aligned, at: number) => TextEdit[] | string,
  ): TextEdit[] | undefined {
    const text = this.#text
    if (!entries.every(({ start }) => startsLine(text, start))) return undefined
    const [first, last] = [entries[0] as Entry, entries.at(-1) as Entry]
    const start = commentStart(text, first)
    /** The lines between an entry and the one above it, such as blank lines and comments in other columns. */
    const gap = (at: number): string => {
      const above = entries[at - 1]
      return above ? text.slice(tailEnd(text, above) + 1, commentStart(text, entries[at] as Entry)) : ''
    }
    const kept = new Set(aligned.map(({ from }) => from))
    const lost = entries.flatMap((_, at) => (kept.has(at) || gap(at).trim() === '' ? [] : gap(at)))
    const chunks = aligned.map((item, at) => {
      const result = edited(item, at)
      if (typeof result === 'string') return indent(result, first.column)
      const entry = entries[item.from as number] as Entry
      const own = applyEdits(text, result, commentStart(text, entry), tailEnd(text, entry))
      return gap(item.from as number) + own
    })
    return [
      {
        start,
        end: tailEnd(text, last),
        text: [...lost.map((lines) => lines.replace(/\n$/, '')), ...chunks].join('\n'),
      },
    ]
  }
}

/** Returns the keys in the order of the other document, followed by the rest. */
function inOrderOf({ other }: Donors, keys: readonly (string | undefined)[]): (string | undefined)[] {
  const order = isMap(other?.place.node) ? keysOf(other.place.node as YAMLMap.Parsed) : []
  const [wanted, ordered] = [new Set(keys), new Set(order)]
  return [...order.filter((key) => wanted.has(key)), ...keys.filter((key) => !ordered.has(key))]
}
