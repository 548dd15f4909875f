/** Writes the values of setters into the fields of an object whose comments refer to them. */
import { isScalar, type YAMLMap, type YAMLSeq } from 'yaml'
import { inspectDocument } from '../validation/inspect-document.ts'
import { blockList, flowList, type GivenList, readGivenList } from './given-list.ts'
import { type JsonValue, jsonOf, sameJson } from './json-value.ts'
import type { KrmDocument } from './krm-file.ts'
import { type FieldType, fieldTypeOf, scalarEdit, setScalar } from './scalar-text.ts'
import { type ListSetter, type ScalarSetter, SETTER_COMMENT, setterComments } from './setter-comments.ts'
import { derivedValues, fillPattern, namesOf } from './setter-pattern.ts'
import { isFlow, lineEnd, lineStart, parseSource } from './source-text.ts'
import { applyEdits, type TextEdit } from './text-edits.ts'

export type KnownValues = {
  /** The new values; only fields that refer to one of these setters are written. */
  given: ReadonlyMap<string, string>
  /** Returns the value that the package has for another setter. */
  known: (name: string) => string | undefined
}

/** The reason why values cannot be written. */
export type SetterProblem = { problem: string }

/** Returns the text of the object with the values written and everything else unchanged, byte for byte. */
export function applySetterComments(
  { body }: Pick<KrmDocument, 'body'>,
  values: KnownValues,
): string | SetterProblem {
  if (!body.includes(SETTER_COMMENT)) return body
  // The nodes of this parse get the new values, so that the result can be compared with them.
  const document = parseSource(body)
  const root = document.contents as YAMLMap.Parsed
  const edits: TextEdit[] = []
  const patterns: string[] = []
  let written = 0
  for (const found of setterComments({ body, root })) {
    if (!namesOf(found.pattern).some((name) => values.given.has(name))) continue
    // The setter is in a list that was just replaced as a whole.
    if (startOf(found) < written) continue
    const edit = 'scalar' in found ? setField(body, found, values) : setList(body, found, values)
    if ('problem' in edit) return edit
    edits.push(edit)
    patterns.push(found.pattern)
    written = edit.end
  }
  if (edits.length === 0) return body
  const edited = applyEdits(body, edits)
  if (isValid(edited, jsonOf(root, document))) return edited
  const wanted = patterns.map((pattern) => `"${pattern}"`).join(', ')
  return { problem: `${wanted} cannot be set without changing something else, so edit the fields instead` }
}

/** Reports whether a text has a value and no faults, which catches whatever editing got wrong. */
function isValid(body: string, value: JsonValue): boolean {
  const document = parseSource(body)
  if (document.errors.length > 0 || inspectDocument(document).length > 0) return false
  return sameJson(jsonOf(document.contents, document), value)
}

function startOf(found: ScalarSetter | ListSetter): number {
  return ('scalar' in found ? found.scalar : found.list).start
}

function setField(
  body: string,
  { scalar, pattern, inFlow, block }: ScalarSetter,
  { given, known }: KnownValues,
): TextEdit | SetterProblem {
  // The text of a block scalar ends with a line feed.
  const derived = derivedValues(pattern, withoutLineFeeds(String(scalar.node.value)))
  const textFor = (name: string) => given.get(name) ?? known(name) ?? derived.get(name)
  const missing = namesOf(pattern).filter((name) => textFor(name) === undefined)
  if (missing.length > 0) {
    return { problem: `"${pattern}" also needs values for ${missing.join(', ')}` }
  }
  const text = fillPattern(pattern, textFor)
  const wanted = { text, type: fieldTypeOf(scalar.node), inFlow }
  const edit = scalarEdit(body, scalar, wanted)
  setScalar(scalar.node, wanted)
  return { ...edit, text: edit.text + block }
}

function withoutLineFeeds(text: string): string {
  let end = text.length
  while (text[end - 1] === '\n') end--
  return text.slice(0, end)
}

function setList(body: string, setter: ListSetter, { given }: KnownValues): TextEdit | SetterProblem {
  const { list, pattern } = setter
  const [name = ''] = namesOf(pattern)
  if (pattern !== `\${${name}}`)
    return { problem: `a list must take its items from one setter, not from "${pattern}"` }
  const read = readGivenList(given.get(name) ?? '', itemTypeOf(list.node), isFlow(list.node))
  if (typeof read === 'string') return { problem: `the value of ${name} fills a list: ${read}` }
  const edit = editList(body, setter, read)
  list.node.items = read.list.items
  return edit
}

function editList(body: string, { list, comment }: ListSetter, given: GivenList): TextEdit {
  const [start, flowEnd] = list.node.range
  if (isFlow(list.node)) return { start, end: flowEnd, text: flowList(given) }
  // Includes the comment behind the last item, which goes with it.
  const last = lineEnd(body, list.end)
  const end = body[last - 1] === '\r' ? last - 1 : last
  if (given.list.items.length === 0) {
    // kpt expects the comment of an empty list behind the brackets.
    return { start: comment.start, end, text: ` []${body.slice(comment.start, comment.end)}` }
  }
  const lines = blockList(given, start - lineStart(body, start))
  return { start, end, text: body.includes('\r\n') ? lines.replaceAll('\n', '\r\n') : lines }
}

/** Returns the type that all items of a list have. */
function itemTypeOf({ items }: YAMLSeq.Parsed): FieldType {
  const [type = 'any', ...others] = new Set(items.map((item) => (isScalar(item) ? fieldTypeOf(item) : 'any')))
  return others.length === 0 ? type : 'any'
}
