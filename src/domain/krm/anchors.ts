/** Anchors, aliases and merge keys in a text that is edited, or that is copied from. */
import {
  type Alias,
  isAlias,
  isMap,
  isSeq,
  type Node,
  type Pair,
  type ParsedNode,
  visit,
  type YAMLMap,
} from 'yaml'
import { targetOf } from './alias-targets.ts'
import { type JsonValue, jsonOf, keyText, sameJson } from './json-value.ts'
import {
  commentBehind,
  entriesOf,
  isBlockCollection,
  isFlow,
  type Place,
  parseSource,
  type SourceDocument,
} from './source-text.ts'
import { isMergeKey } from './yaml-1.1.ts'

export function hasAnchors({ document }: SourceDocument): boolean {
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

/**
 * Returns the document with its aliases and merge keys written out. Comments and the text of scalars stay, indentation
 * and the like may change. Undefined if it would have another value.
 */
export function withoutAliases({ body, root, document }: SourceDocument): SourceDocument | undefined {
  const copy = parseSource(body)
  visit(copy, {
    Collection: (_, node) => {
      // The library prints the comments behind keys and dashes on lines of their own.
      for (const { place } of isFlow(node) ? [] : entriesOf(body, node as YAMLMap.Parsed))
        dropCommentBehind(body, place)
    },
  })
  visit(copy, { Alias: (_, alias) => targetOf(alias, copy) as Node | undefined })
  visit(copy, {
    Node: (_, node) => {
      if (!isAlias(node)) delete node.anchor
      if (isMap(node)) node.items = withMergedFields(node.items)
    },
  })
  const written = copy.toString({ lineWidth: 0, flowCollectionPadding: false })
  const read = parseSource(written)
  const same = isMap(read.contents) && sameJson(jsonOf(read.contents, read), jsonOf(root, document))
  return same ? { body: written, document: read, root: read.contents as SourceDocument['root'] } : undefined
}

function dropCommentBehind(body: string, place: Place): void {
  const { node } = place
  if (!isBlockCollection(node) || !commentBehind(body, place)) return
  const [, ...others] = node.commentBefore?.split('\n') ?? []
  node.commentBefore = others.join('\n')
}

/** A later field replaces an earlier one, whichever of them a merge key inserts. */
function withMergedFields(pairs: readonly Pair[]): Pair[] {
  if (!pairs.some(({ key }) => isMergeKey(key))) return [...pairs]
  const fields = new Map<string, Pair>()
  const add = (pair: Pair): unknown => fields.set(keyText(pair.key), pair)
  for (const pair of pairs) {
    if (!isMergeKey(pair.key)) add(pair)
    else for (const map of mapsOf(pair.value)) if (isMap(map)) withMergedFields(map.items).forEach(add)
  }
  return [...fields.values()]
}

/** Returns the maps that a merge key inserts, the strongest last. */
function mapsOf(value: unknown): readonly unknown[] {
  return isSeq(value) ? value.items.toReversed() : [value]
}

/** The values that the anchored nodes of an edited text will have, as far as they stay in it. */
export class AnchoredValues {
  readonly #values = new Map<unknown, JsonValue>()
  readonly #document: SourceDocument['document']

  constructor({ document }: SourceDocument) {
    this.#document = document
  }

  stays(node: ParsedNode | null, value: JsonValue): void {
    if (node && !isAlias(node) && node.anchor) this.#values.set(node, value)
  }

  /** Takes back what was said of the nodes in a part that is replaced after all. */
  goes(part: ParsedNode): void {
    visit(part, { Node: (_, node) => void this.#values.delete(node) })
  }

  /** Returns the value that an alias will have; undefined if its anchor goes. */
  valueOf(alias: Alias): JsonValue | undefined {
    return this.#values.get(targetOf(alias, this.#document))
  }
}
