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
const NAME = /\$\{([^}]+)\}/g

/** Returns the names of the setters in a pattern such as `${image}:${tag}`. */
export function namesOf(pattern: string): string[] {
  return [...pattern.matchAll(NAME)].map((match) => match[1] ?? '')
}

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
      const comment = commentAt(inFlow ? behindComma(end) : end)
      if (comment) found.push({ pattern: comment.pattern, scalar, inFlow })
    }
  }

  function visitPair({ key, value }: ParsedPair, inFlow: boolean): void {
    if (isSeq(value)) {
      const comment = isFlow(value) ? commentAt(value.range[1]) : commentBehindKey(key)
      if (comment) found.push({ list: value, ...comment })
    }
    visit(value, inFlow)
  }

  function behindComma(at: number): number {
    return at + (/^[ \t]*,/.exec(body.slice(at, lineEnd(body, at)))?.[0].length ?? 0)
  }

  function textOf({ start, end }: { start: number; end: number }): string {
    return body.slice(start, end)
  }

  function commentBehindKey(key: ParsedNode) {
    const colon = body.indexOf(':', key.range[1])
    return colon < 0 ? undefined : commentAt(colon + 1)
  }

  function commentAt(at: number) {
    const [, text = '', pattern] = COMMENT.exec(body.slice(at, lineEnd(body, at))) ?? []
    if (pattern === undefined) return undefined
    const start = body.indexOf('#', at)
    return { pattern: pattern.trim(), comment: { start, end: start + text.length } }
  }
}
