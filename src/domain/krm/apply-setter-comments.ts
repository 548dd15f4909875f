/** Writes the values of setters into the fields of an object whose comments refer to them. */
import { isSeq, parseDocument, type Scalar } from 'yaml'
import type { KrmDocument } from './krm-file.ts'
import { type ListSetter, namesOf, type ScalarSetter, setterComments } from './setter-comments.ts'
import { contentEnd, isFlow, lineEnd } from './source-text.ts'
import { applyEdits, type TextEdit } from './text-edits.ts'

export type SetterValues = {
  /** The new values; only fields that refer to one of these setters are written. */
  given: ReadonlyMap<string, string>
  /** The values that the package has for the other setters. */
  known: ReadonlyMap<string, string>
}

/** The reason why values cannot be written. */
export type SetterProblem = { problem: string }

/** Returns the text of the object with the values written and everything else unchanged, byte for byte. */
export function applySetterComments(
  document: Pick<KrmDocument, 'body' | 'root'>,
  values: SetterValues,
): string | SetterProblem {
  const { body } = document
  const edits: TextEdit[] = []
  let written = 0
  for (const found of setterComments(document)) {
    if (!namesOf(found.pattern).some((name) => values.given.has(name))) continue
    // The setter is in a list that was just replaced as a whole.
    if (startOf(found) < written) continue
    const edit = 'scalar' in found ? editScalar(body, found, values) : editList(body, found, values)
    if ('problem' in edit) return edit
    edits.push(edit)
    written = edit.end
  }
  return applyEdits(body, edits)
}

function startOf(found: ScalarSetter | ListSetter): number {
  return ('scalar' in found ? found.scalar : found.list).range[0]
}

function editScalar(
  body: string,
  { scalar, pattern, inFlow, block }: ScalarSetter,
  { given, known }: SetterValues,
): TextEdit | SetterProblem {
  const before = typeof scalar.value === 'string' ? scalar.value : (scalar.source ?? '')
  const derived = derivedValues(pattern, before)
  const missing: string[] = []
  const value = pattern.replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => {
    const found = given.get(name) ?? known.get(name) ?? derived.get(name)
    if (found === undefined) missing.push(name)
    return found ?? ''
  })
  if (missing.length > 0) {
    return { problem: `"${pattern}" also needs values for ${missing.join(', ')}` }
  }
  const start = scalar.range[0]
  const text = writeScalar(value, scalar.type, inFlow)
  return { start, end: contentEnd(body, scalar), text: block === undefined ? text : `${text} ${block}` }
}

/** Quotes the value like the one before; as in kpt, only a plain scalar may become a number. */
function writeScalar(value: string, type: Scalar.Type | undefined, inFlow: boolean): string {
  const oneLine = !/[\r\n]/.test(value)
  if (type === 'QUOTE_SINGLE' && oneLine) return `'${value.replaceAll("'", "''")}'`
  return type === 'PLAIN' && oneLine && canBePlain(value, inFlow) ? value : JSON.stringify(value)
}

function canBePlain(value: string, inFlow: boolean): boolean {
  if (value === '') return false
  const text = inFlow ? `[${value}]` : value
  const document = parseDocument(text, { logLevel: 'silent' })
  const list = document.contents
  const scalar = inFlow && isSeq(list) && list.items.length === 1 ? list.items[0] : list
  return (
    document.errors.length === 0 &&
    (scalar as Scalar | null)?.type === 'PLAIN' &&
    (scalar as Scalar).source === value
  )
}

/**
 * Returns the values of the names in a pattern, taken from the value of the field: `nginx:1.25` for `${image}:${tag}`.
 * As in kpt, earlier names match as much as they can, so the split between adjacent names is a guess.
 */
function derivedValues(pattern: string, value: string): Map<string, string> {
  const names = namesOf(pattern)
  const parts = pattern.split(/\$\{[^}]+\}/)
  const values: string[] = []
  let end = value.length - (parts.at(-1) ?? '').length
  const start = (parts[0] ?? '').length
  if (!value.startsWith(parts[0] ?? '') || !value.endsWith(parts.at(-1) ?? '') || end < start)
    return new Map()
  // From the end, so that earlier names match as much as they can.
  for (const separator of parts.slice(1, -1).reverse()) {
    const at = value.slice(start, end).lastIndexOf(separator)
    if (at < 0) return new Map()
    values.unshift(value.slice(start + at + separator.length, end))
    end = start + at
  }
  values.unshift(value.slice(start, end))
  if (values.includes('')) return new Map()
  return new Map(names.map((name, at) => [name, values[at] ?? '']))
}

function editList(
  body: string,
  { list, comment, pattern }: ListSetter,
  { given }: SetterValues,
): TextEdit | SetterProblem {
  const [name = ''] = namesOf(pattern)
  if (pattern !== `\${${name}}`)
    return { problem: `a list must take its items from one setter, not from "${pattern}"` }
  const value = given.get(name) ?? ''
  const items = parseDocument(value, { logLevel: 'silent' })
  const read = items.contents
  const empty = value.trim() === '' || (isSeq(read) && read.items.length === 0)
  if (!empty && (items.errors.length > 0 || !isSeq(read))) {
    return { problem: `the value of ${name} fills a list, so it must be a YAML list like "[a, b]"` }
  }
  const written = (flow: boolean): string => {
    if (empty) return '[]'
    if (isSeq(read)) read.flow = flow
    return items.toString({ lineWidth: 0, flowCollectionPadding: false }).trimEnd()
  }
  if (isFlow(list)) return { start: list.range[0], end: list.range[1], text: written(true) }
  const eol = body.includes('\r\n') ? '\r\n' : '\n'
  const start = list.range[0]
  // Includes the comment behind the last item, which goes with it.
  const last = lineEnd(body, contentEnd(body, list))
  const end = body[last - 1] === '\r' ? last - 1 : last
  if (empty) {
    // kpt expects the comment of an empty list behind the brackets.
    return { start: comment.start, end, text: `[] ${body.slice(comment.start, comment.end)}` }
  }
  const indent = ' '.repeat(start - (body.lastIndexOf('\n', start) + 1))
  return { start, end, text: written(false).replaceAll('\n', `${eol}${indent}`) }
}
