/** The comments `# kpt-set: …` of an object, and the fields they belong to. */
import { isMap, isSeq, type YAMLMap, type YAMLSeq } from 'yaml'
import type { KrmDocument } from './krm-file.ts'
import { isScalarPlace, type ScalarPlace } from './scalar-text.ts'
import {
  commentBehind,
  fieldPlace,
  isBlockScalar,
  isFlow,
  itemPlaces,
  type ParsedPair,
  type Place,
  type Range,
} from './source-text.ts'

export type ScalarSetter = {
  pattern: string
  scalar: ScalarPlace
  inFlow: boolean
  /** The comment of a block scalar, which is inside of it, behind the `|`. */
  block: string
}

export type ListSetter = {
  pattern: string
  list: Place & { node: YAMLSeq.Parsed }
  /** The comment with the space before it: behind the key of a block list, behind the `]` of a flow list. */
  comment: Range
}

export type SetterComment = ScalarSetter | ListSetter

export const SETTER_COMMENT = '# kpt-set: '
const COMMENT = /^[ \t]*# kpt-set: (.*)$/
const COMMA = /[ \t]*,/y

/**
 * Returns the comments that kpt applies: behind a scalar, behind a flow list, and behind the key of a block list. A
 * field without a value has none.
 */
export function setterComments({ body, root }: Pick<KrmDocument, 'body' | 'root'>): SetterComment[] {
  if (!body.includes(SETTER_COMMENT)) return []
  const found: SetterComment[] = []
  visitMap(root, false)
  return found

  function visitMap(map: YAMLMap.Parsed, inFlow: boolean): void {
    for (const pair of map.items as ParsedPair[]) {
      const place = fieldPlace(body, pair)
      const { node } = place
      if (isSeq(node)) visitList({ ...place, node }, inFlow || isFlow(map))
      visit(place, inFlow || isFlow(map))
    }
  }

  function visit(place: Place, inFlow: boolean): void {
    const { node } = place
    if (isScalarPlace(place)) visitScalar(place, inFlow)
    else if (isMap(node)) visitMap(node as YAMLMap.Parsed, inFlow)
    else if (isSeq(node)) {
      for (const item of itemPlaces(body, node as YAMLSeq.Parsed)) visit(item, inFlow || isFlow(node))
    }
  }

  function visitScalar(scalar: ScalarPlace, inFlow: boolean): void {
    const comment = commentOf(scalar, inFlow)
    const pattern = comment && patternOf(comment)
    if (pattern === undefined) return
    const block = isBlockScalar(scalar.node) ? body.slice(comment?.start, comment?.end) : ''
    found.push({ pattern, scalar, inFlow, block })
  }

  function visitList(list: ListSetter['list'], inFlow: boolean): void {
    const comment = commentOf(list, inFlow)
    const pattern = comment && patternOf(comment)
    if (comment && pattern !== undefined) found.push({ pattern, list, comment })
  }

  /** In a flow collection, it is behind the comma. */
  function commentOf(place: Place, inFlow: boolean): Range | undefined {
    const { end } = place
    COMMA.lastIndex = end
    const comma = inFlow ? COMMA.exec(body)?.[0] : undefined
    return commentBehind(
      body,
      comma === undefined ? place : { ...place, node: null, end: end + comma.length },
    )
  }

  function patternOf({ start, end }: Range): string | undefined {
    return COMMENT.exec(body.slice(start, end))?.[1]?.trim()
  }
}
