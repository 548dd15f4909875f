import type { Remedy } from '../../core/remedy.ts'
import { BASE_PATH } from './base-path.ts'

type Phrases = { [Do in Remedy['do']]: (remedy: Extract<Remedy, { do: Do }>) => string }

const FIRST: Record<Extract<Remedy, { do: 'transition' }>['verb'], string> = {
  propose: 'Propose it first',
  reject: 'Reject it first, which makes it a Draft again',
  'propose-deletion': 'Propose its deletion first; approving that deletes it',
}

/** The call that is each remedy, as a sentence. */
const PHRASES: Phrases = {
  create_repository: () => `POST ${BASE_PATH}/repositories creates one.`,
  list_revisions: ({ repository }) =>
    `GET ${BASE_PATH}/packagerevisions?repository=${repository} lists them.`,
  sync_repository: ({ repository }) =>
    `POST ${BASE_PATH}/repositories/${repository}/sync finds them at once.`,
  clone_package: ({ upstream }) => `Use the source {"clone": {"upstream": "${upstream}"}}.`,
  continue_package: ({ latest }) =>
    `To continue it, create a draft with the source {"copy": {"from": "${latest}"}}; for a newer upstream, with {"upgrade": {}}.`,
  copy_revision: ({ revision }) =>
    `For a new revision, create a draft with the source {"copy": {"from": "${revision}"}}.`,
  transition: ({ revision, verb }) => `${FIRST[verb]}: POST ${revisionPath(revision)}/${verb}.`,
  set_version: ({ revision }) => `PATCH ${revisionPath(revision)} with its version.`,
  remove_version: ({ revision }) => `PATCH ${revisionPath(revision)} with {"version": null}.`,
  resolve_conflicts: ({ revision }) =>
    `GET ${revisionPath(revision)}/conflicts lists the conflicts; POST ${revisionPath(revision)}/conflicts/{id}/resolve decides one.`,
  name_draft: () => 'The draft goes into source.upgrade.from.',
  compare_path: () => 'Add ?path= with the path of a file or a directory.',
  watch_again: () =>
    'List again, and watch from the resourceVersion of the first page; or watch with sendInitialEvents=true.',
  change_again: () => 'If-Match takes its new ETag.',
}

function revisionPath(name: string): string {
  return `${BASE_PATH}/packagerevisions/${name}`
}

/** Says which call solves the problem. */
export function phrase<Do extends Remedy['do']>(remedy: Extract<Remedy, { do: Do }>): string {
  return PHRASES[remedy.do as Do](remedy)
}
