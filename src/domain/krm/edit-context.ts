import type { AnchoredValues } from './anchors.ts'
import type { ListTypes } from './list-types.ts'
import type { SourceDocument } from './source-text.ts'

/** What the edits of a document need to know; `anchored` is undefined if it has no anchors. */
export type EditContext = {
  source: SourceDocument
  listTypes: ListTypes
  anchored: AnchoredValues | undefined
}
