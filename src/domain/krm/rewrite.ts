/**
 * Changes values in a YAML document and as little of its text as possible. Edits text because the yaml library rewrites
 * indentation, folds and blank lines of everything it prints.
 */
import { isAlias, isMap, isScalar, isSeq, type ParsedNode, visit, type YAMLMap, type YAMLSeq } from 'yaml'
import { type Aligned, alignItems } from './align-items.ts'
import { editFlowCollection } from './edit-flow-collection.ts'
import {
  behindKey,
  type Donor,
  donorAt,
  fieldText,
  inlineText,
  itemText,
  writeObject,
} from './inserted-text.ts'
import {
  fieldOf,
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  jsonOf,
  keyText,
  sameJson,
} from './json-value.ts'
import type { ListTypes } from './list-types.ts'
import {
  commentStart,
  type Entry,
  indent,
  isBlockScalar,
  isFlow,
  lineEnd,
  lineStart,
  mapEntries,
  type ParsedPair,
  pairEnd,
  parseSource,
  type SourceDocument,
  seqEntries,
  startsLine,
} from './source-text.ts'
import { applyEdits, type TextEdit } from './text-edits.ts'

/**
 * Returns the text of `source`, changed so that its value is `target`. Unchanged parts keep their bytes; new ones are
 * copied from `donor`, comments included, if it has the same value.
 */
export function rewrite(
  source: SourceDocument,
  target: JsonObject,
  listTypes: ListTypes,
  donor?: SourceDocument,
): string {
  if (sameJson(jsonOf(source.root, source.document), target)) return source.body
  // Anchors and aliases would break in another document.
  const from = donor && !hasAnchors(donor) ? { source: donor, node: donor.root } : undefined
  for (const attempt of from ? [from, undefined] : [undefined]) {
    const edited = editText(source, target, listTypes, attempt)
    if (edited !== undefined && parsesTo(edited, target)) return edited
  }
  return writeObject(target)
}

/** Reports whether a text parses to a value, which catches whatever editing got wrong. */
export function parsesTo(body: string, target: JsonValue): boolean {
  const document = parseSource(body)
  return document.errors.length === 0 && sameJson(jsonOf(document.contents, document), target)
}

function hasAnchors({ document }: SourceDocument): boolean {
  let found = false
  visit(document, {
    Node: (_, node) => {
      if (!isAlias(node) && !node.anchor) return undefined
      found = true
      return visit.BREAK
    },
  })
  return found
}

/** Returns undefined for a text that cannot be edited. */
function editText(
  source: SourceDocument,
  target: JsonObject,
  listTypes: ListTypes,
  donor: Donor | undefined,
): string | undefined {
  const { body: text, document } = source
  const edits = isFlow(source.root)
    ? editFlowCollection({ text, document, listTypes }, source.root, target, donor, [])
    : editMap(source.root, target, donor, [])
  if (!edits) return undefined
  const edited = applyEdits(text, edits)
  const isWindows = text.includes('\r\n') && !/(?<!\r)\n/.test(text)
  return isWindows ? edited.replace(/\r?\n/g, '\r\n') : edited

  function editMap(
    map: YAMLMap.Parsed,
    wanted: JsonObject,
    from: Donor | undefined,
    place: readonly string[],
  ): TextEdit[] | undefined {
    const entries = mapEntries(text, map)
    const pairs = map.items as ParsedPair[]
    const keys = pairs.map(({ key }) => keyText(key))
    const kept = keys.filter((key) => fieldOf(wanted, key) !== undefined)
    if (!entries || kept.length === 0) return undefined
    const places = new Map(keys.map((key, at) => [key, at]))
    const edits = removals(entries, (at) => fieldOf(wanted, keys[at] ?? '') !== undefined)
    for (const [at, pair] of pairs.entries()) {
      const key = keys[at] ?? ''
      const value = fieldOf(wanted, key)
      if (value !== undefined) edits.push(...editField(pair, value, from, [...place, key]))
    }
    const firstKept = keys.indexOf(kept[0] ?? '')
    let last: number | undefined = from ? undefined : keys.lastIndexOf(kept.at(-1) ?? '')
    for (const key of inOrderOf(from, Object.keys(wanted))) {
      const at = places.get(key)
      if (at !== undefined) {
        if (from) last = at
      } else edits.push(insertion(entries, last, firstKept, fieldText(key, wanted[key] as JsonValue, from)))
    }
    return edits
  }

  function editField(
    pair: ParsedPair,
    wanted: JsonValue,
    from: Donor | undefined,
    place: readonly string[],
  ): TextEdit[] {
    const { key, value } = pair
    const name = keyText(key)
    if (value && sameJson(jsonOf(value, document), wanted)) return []
    const inner = donorAt(from, name)
    const edits = editInside(value, wanted, inner, place)
    if (edits) return edits
    const column = key.range[0] - lineStart(text, key.range[0])
    const written = indent(behindKey(name, wanted, from), column, false)
    const end = pairEnd(text, pair)
    const [firstLine = '', ...lines] = written.split('\n')
    if (lines.length === 0) return [{ start: key.range[1], end, text: written }]
    // Keeps the comment behind the old value on the line of the key.
    const comment = text.slice(end, lineEnd(text, end)).trimEnd()
    return [
      {
        start: key.range[1],
        end: end + comment.length,
        text: [firstLine + comment, ...lines].join('\n'),
      },
    ]
  }

  /** Returns undefined for a value that must be replaced as a whole. */
  function editInside(
    node: ParsedNode | null,
    wanted: JsonValue,
    from: Donor | undefined,
    place: readonly string[],
  ): TextEdit[] | undefined {
    if (isMap(node) && isJsonObject(wanted) && !isFlow(node))
      return editMap(node as YAMLMap.Parsed, wanted, from, place)
    if (isSeq(node) && isJsonArray(wanted) && !isFlow(node))
      return editList(node as YAMLSeq.Parsed, wanted, from, place)
    if (!node || isBlockScalar(node) || node.range[0] === node.range[1]) return undefined
    const isCollection = isJsonObject(wanted) || isJsonArray(wanted)
    const sameStyle = isCollection ? isFlow(node) && (node as YAMLSeq).items.length > 0 : isScalar(node)
    if (!sameStyle) return undefined
    const inner = isCollection && editFlowCollection({ text, document, listTypes }, node, wanted, from, place)
    if (inner) return inner
    return [{ start: node.range[0], end: node.range[1], text: inlineText(wanted, from) }]
  }

  function editList(
    seq: YAMLSeq.Parsed,
    wanted: readonly JsonValue[],
    from: Donor | undefined,
    place: readonly string[],
  ): TextEdit[] | undefined {
    const entries = seqEntries(text, seq)
    const donorList = from?.node ? jsonOf(from.node, from.source.document) : undefined
    const current = jsonOf(seq, document) as readonly JsonValue[]
    const aligned = alignItems(current, wanted, isJsonArray(donorList) ? donorList : [], listTypes(place))
    const kept = aligned.flatMap(({ from: at }) => at ?? [])
    if (!entries || kept.length === 0) return undefined
    const editItem = (at: number, item: JsonValue, donor: Donor | undefined): TextEdit[] => {
      const node = seq.items[at] as ParsedNode
      if (sameJson(current[at], item)) return []
      const edits = editInside(node, item, donor, [...place, '[]'])
      if (edits) return edits
      const entry = entries[at] as Entry
      return [
        {
          start: entry.start,
          end: entry.end,
          text: indent(itemText(item, undefined, undefined), entry.column, false),
        },
      ]
    }
    if (kept.some((at, index) => at < (kept[index - 1] ?? 0))) {
      return reordered(entries, aligned, wanted, from, editItem)
    }
    const isKept = new Set(kept)
    const edits = removals(entries, (at) => isKept.has(at))
    const firstKept = kept[0] ?? 0
    let last: number | undefined
    for (const [at, { from: index, donor }] of aligned.entries()) {
      const item = wanted[at] as JsonValue
      if (index === undefined) edits.push(insertion(entries, last, firstKept, itemText(item, from, donor)))
      else edits.push(...editItem(index, item, donorAt(from, donor)))
      last = index ?? last
    }
    return edits
  }

  /** Replaces the whole list, keeping the text of each item. */
  function reordered(
    entries: readonly Entry[],
    aligned: readonly Aligned[],
    wanted: readonly JsonValue[],
    from: Donor | undefined,
    editItem: (at: number, item: JsonValue, donor: Donor | undefined) => TextEdit[],
  ): TextEdit[] | undefined {
    if (!entries.every(({ start }) => startsLine(text, start))) return undefined
    const [first, last] = [entries[0] as Entry, entries.at(-1) as Entry]
    const chunks = aligned.map(({ from: index, donor }, at) => {
      const item = wanted[at] as JsonValue
      if (index === undefined) return indent(itemText(item, from, donor), first.column)
      const entry = entries[index] as Entry
      const edits = editItem(index, item, donorAt(from, donor))
      return applyEdits(text, edits, commentStart(text, entry), lineEnd(text, entry.end))
    })
    return [{ start: commentStart(text, first), end: lineEnd(text, last.end), text: chunks.join('\n') }]
  }

  function removals(entries: readonly Entry[], isKept: (at: number) => boolean): TextEdit[] {
    const edits: TextEdit[] = []
    const firstKept = entries.findIndex((_, at) => isKept(at))
    const first = entries[0] as Entry
    let at = 0
    if (firstKept > 0 && !startsLine(text, first.start)) {
      // `- a: 1` loses its first field, so the next one moves up to the dash.
      const next = entries[firstKept] as Entry
      edits.push({ start: first.start, end: commentStart(text, next) + next.column, text: '' })
      at = firstKept
    }
    for (; at < entries.length; at++) {
      const entry = entries[at] as Entry
      if (isKept(at)) continue
      // A comment above the first entry is probably about all of them.
      const start = at === 0 ? lineStart(text, entry.start) : commentStart(text, entry)
      const end = lineEnd(text, entry.end)
      edits.push(start === 0 ? { start, end: end + 1, text: '' } : { start: start - 1, end, text: '' })
    }
    return edits
  }

  /** Inserts behind the entry `after`, or else before those that are kept. */
  function insertion(
    entries: readonly Entry[],
    after: number | undefined,
    firstKept: number,
    added: string,
  ): TextEdit {
    const first = entries[0] as Entry
    if (after !== undefined) {
      const at = lineEnd(text, entries[after]?.end ?? 0)
      return { start: at, end: at, text: `\n${indent(added, first.column)}` }
    }
    const ownLine = startsLine(text, first.start)
    const at = ownLine ? commentStart(text, entries[firstKept] as Entry) + first.column : first.start
    return { start: at, end: at, text: `${indent(added, first.column, false)}\n${' '.repeat(first.column)}` }
  }
}

/** Returns the keys in the order of the donor, followed by all others. */
function inOrderOf(donor: Donor | undefined, keys: readonly string[]): string[] {
  const order = donor && isMap(donor.node) ? donor.node.items.map(({ key }) => keyText(key)) : []
  const [wanted, ordered] = [new Set(keys), new Set(order)]
  return [...order.filter((key) => wanted.has(key)), ...keys.filter((key) => !ordered.has(key))]
}
