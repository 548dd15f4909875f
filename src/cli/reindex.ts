import { oneLine } from './printable.ts'

/** The outcome of `pkgserver reindex`. */
export type ReindexResult = {
  repositories: number
  packages: number
  revisions: number
  notes: readonly { repository: string; message: string }[]
  milliseconds: number
  aside: string | undefined
}

export function reindexInWords(result: ReindexResult): string {
  const { repositories, packages, revisions, notes, milliseconds, aside } = result
  const rate = Math.round((revisions * 1000) / Math.max(1, milliseconds))
  return [
    ...notes.map(({ repository, message }) => oneLine(`${repository}: ${message}`)),
    ...(aside === undefined ? [] : [`the old index is in ${aside}`]),
    `indexed ${repositories} repositories, ${packages} packages and ${revisions} revisions in ${milliseconds} ms (${rate} revisions/s)`,
    'Jobs, webhooks, continue tokens of lists and the records of the audit log are lost, since the registry does not have them.',
    'So are accounts, bindings, review policies, votes, and who wrote the drafts: apply your file of access rules, and make the drafts again where authors may not approve.',
    '',
  ].join('\n')
}
