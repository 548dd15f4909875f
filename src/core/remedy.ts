/**
 * The solution to the problem behind an error, as a fact. Each surface phrases it for its users
 * (`api/rest/remedies.ts`), so the error's message must be clear without it.
 */
export type Remedy =
  | { do: 'create_repository' }
  | { do: 'list_revisions'; repository: string }
  /** Looks for new versions in the source of a repository. */
  | { do: 'sync_repository'; repository: string }
  /** Begins a package with the content of another one. */
  | { do: 'clone_package'; upstream: string }
  /** Drafts the next revision of a package: a copy of its latest, or an upgrade. */
  | { do: 'continue_package'; latest: string }
  /** Drafts the next revision from one that can no longer change. */
  | { do: 'copy_revision'; revision: string }
  /** Applies a verb of the lifecycle first. */
  | { do: 'transition'; revision: string; verb: 'propose' | 'reject' | 'propose-deletion' }
  | { do: 'set_version'; revision: string }
  | { do: 'remove_version'; revision: string }
  | { do: 'resolve_conflicts'; revision: string }
  /** Names the draft that an upgrade starts from. */
  | { do: 'name_draft' }
  /** Compares fewer files. */
  | { do: 'compare_path' }
  /** Lists again, and watches from there. */
  | { do: 'watch_again' }
  /** Sends a change again, for the object as it is now. */
  | { do: 'change_again' }
