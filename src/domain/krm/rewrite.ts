/**
 * Changes values in a YAML document and as little of its text as possible. Edits text because the yaml library rewrites
 * indentation, folds and blank lines of everything it prints.
 */
import { inspectDocument } from '../validation/inspect-document.ts'
import { AnchoredValues, hasAnchors, withoutAliases } from './anchors.ts'
import { BlockEditor } from './edit-block.ts'
import { type Donors, donorOf } from './inserted-text.ts'
import { type JsonObject, type JsonValue, jsonOf, sameJson } from './json-value.ts'
import type { ListTypes } from './list-types.ts'
import { parseSource, type SourceDocument } from './source-text.ts'
import { applyEdits } from './text-edits.ts'

/**
 * Returns the text of `source`, changed so that its value is `target`. Unchanged parts keep their bytes; new ones are
 * copied from `other`, comments included, if it has the same value. Undefined for a text that cannot be changed so.
 */
export function rewrite(
  source: SourceDocument,
  target: JsonObject,
  listTypes: ListTypes,
  other?: SourceDocument,
): string | undefined {
  if (sameJson(jsonOf(source.root, source.document), target)) return source.body
  const own = hasAnchors(source) ? withoutAliases(source) : undefined
  for (const copied of copies(other)) {
    const donors = { other: copied && donorOf(copied), own: own && donorOf(own) }
    const edited = editText(source, target, listTypes, donors)
    if (edited === undefined) continue
    if (parsesTo(edited, target)) return edited
    // A text may end in its last line, but not with a block scalar that keeps line feeds.
    if (!source.body.endsWith('\n') && parsesTo(`${edited}\n`, target)) return `${edited}\n`
  }
  return undefined
}

/** Returns the document to copy from; then without its aliases, which may break elsewhere; then none. */
function* copies(other: SourceDocument | undefined): Generator<SourceDocument | undefined> {
  if (other) yield other
  const written = other && hasAnchors(other) ? withoutAliases(other) : undefined
  if (written) yield written
  yield undefined
}

/** Reports whether a text is valid and has a value, which catches whatever editing got wrong. */
export function parsesTo(body: string, target: JsonValue): boolean {
  const document = parseSource(body)
  if (document.errors.length > 0 || inspectDocument(document).length > 0) return false
  return sameJson(jsonOf(document.contents, document), target)
}

function editText(
  source: SourceDocument,
  target: JsonObject,
  listTypes: ListTypes,
  donors: Donors,
): string | undefined {
  const { body: text } = source
  const anchored = hasAnchors(source) ? new AnchoredValues(source) : undefined
  const editor = new BlockEditor({ source, listTypes, anchored })
  const edits = editor.edit(donorOf(source).place, target, donors, [])
  if (!edits) return undefined
  // A line that is now the last one may have lost its line feed.
  const edited = applyEdits(text, edits).replace(/\r$/, '')
  const isWindows = text.includes('\r\n') && !/(?<!\r)\n/.test(text)
  return isWindows ? edited.replace(/\r?\n/g, '\r\n') : edited
}
