/** The comments `# kpt-set: …` of an object, and the fields they belong to. */
import { isMap, isScalar, isSeq, type ParsedNode, type Scalar, type YAMLSeq } from 'yaml'
import type { KrmDocument } from './krm-file.ts'
import { isBlockScalar, isFlow, lineEnd, type ParsedPair } from './source-text.ts'

export type ScalarSetter = {
  pattern: string
  scalar: Scalar.Parsed
  inFlow: boolean
  /** The comment of a block scalar, which is inside of it, behind the `|`. */
  block?: string
}

export type ListSetter = {
  pattern: string
  list: YAMLSeq.Parsed
  /** The range of the comment: behind the key of a block list, behind the `]` of a flow list. */
  comment: { start: number; end: number }
}

export type SetterComment = ScalarSetter | ListSetter

export const SETTER_COMMENT = '# kpt-set: '
const COMMENT = /^[ \t]*(# kpt-set: (.*?))[ \t\r]*(?:\n|$)/

/** Returns the comments that kpt applies: behind a scalar, behind a flow list, and behind the key of a block list. */
export function setterComments({ body, root }: Pick<KrmDocument, 'body' | 'root'>): SetterComment[] {
  if (!body.includes(SETTER_COMMENT)) return []
  const found: SetterComment[] = []
  visit(root, false)
  return found

  function visit(node: ParsedNode | null, inFlow: boolean): void {
    if (isScalar(node)) visitScalar(node, inFlow)
    else if (isSeq(node)) for (const item of node.items) visit(item, inFlow || isFlow(node))
    else if (isMap(node)) for (const pair of node.items) visitPair(pair, inFlow || isFlow(node))
  }

  function visitScalar(scalar: Scalar.Parsed, inFlow: boolean): void {
    const [start, end] = scalar.range
    if (isBlockScalar(scalar)) {
      const comment = commentAt(start + (/^[|>][-+0-9]*/.exec(body.slice(start))?.[0].length ?? 0))
      if (comment) found.push({ pattern: comment.pattern, scalar, inFlow, block: textOf(comment.comment) })
    } else if (start < end) {
      const comment = commentBehind(scalar, inFlow)
      if (comment) found.push({ pattern: comment.pattern, scalar, inFlow })
    }
  }

  function visitPair(pair: ParsedPair, inFlow: boolean): void {
    const { value } = pair
    if (isSeq(value)) {
      const comment = isFlow(value) ? commentBehind(value, inFlow) : commentBehindKey(pair)
      if (comment) found.push({ list: value, ...comment })
    }
    visit(value, inFlow)
  }

  function commentBehind({ range: [, end] }: ParsedNode, inFlow: boolean) {
    return commentAt(inFlow ? behindComma(end) : end)
  }

  function behindComma(at: number): number {
    return at + (/^[ \t]*,/.exec(body.slice(at, lineEnd(body, at)))?.[0].length ?? 0)
  }

  function textOf({ start, end }: { start: number; end: number }): string {
    return body.slice(start, end)
  }

  /** Behind the colon, a tag and an anchor. */
  function commentBehindKey({ srcToken }: ParsedPair) {
    const tokens = srcToken?.sep ?? []
    const colon = tokens.findIndex(({ type }) => type === 'map-value-ind')
    const comment = tokens.slice(colon).find(({ type }) => type === 'comment' || type === 'newline')
    return comment && commentAt(comment.offset)
  }

  function commentAt(at: number) {
    const [, text = '', pattern] = COMMENT.exec(body.slice(at, lineEnd(body, at))) ?? []
    if (pattern === undefined) return undefined
    const start = body.indexOf('#', at)
    return { pattern: pattern.trim(), comment: { start, end: start + text.length } }
  }
}
