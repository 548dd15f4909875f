/**
 * Watches take all filters of lists. Derived ones (`outdated`, `q`) are looked up as of now, not as of the change, since
 * later changes are sent later. So a watch may add a revision twice, or delete one that it never added, but its watcher
 * ends up with what a list contains.
 */

import type { Reader } from '../../database/connection.ts'
import { namesListed, revisionsNamed } from '../../database/package-revisions/by-name.ts'
import { namesBasedOn } from '../../database/package-revisions/downstreams.ts'
import type { PackageRevisionFilter } from '../../database/package-revisions/filter.ts'
import { sees, seesRevision, type Visibility, visibilityKey } from '../../domain/access/visible-set.ts'
import { eventType, type RevisionChange, type WatchEventType } from '../../domain/change.ts'
import type { DerivedFields, DerivedFilter } from './derived-fields.ts'
import { matches, type OwnFilter } from './matches.ts'
import type { WatchEvent, WatchMessage } from './watch-message.ts'

/** Downstreams per query and message. */
const BATCH = 200

export class WatchFilter {
  /** Equal for equal filters of callers that see the same. */
  readonly key: string
  readonly #own: OwnFilter
  readonly #derived: DerivedFilter
  readonly visibility: Visibility

  constructor(filter: PackageRevisionFilter, visibility: Visibility) {
    const { outdated, q, ...own } = filter
    this.key = `${JSON.stringify(filter)} ${visibilityKey(visibility)}`
    this.visibility = visibility
    this.#own = own
    this.#derived = { outdated, q }
  }

  /** Whether events depend on more than the change, so that the index must be queried. */
  get isDerived(): boolean {
    return this.#derived.outdated !== undefined || this.#derived.q !== undefined
  }

  get q(): string | undefined {
    return this.#derived.q
  }

  /** Whether a change may cause an event. */
  concerns(change: RevisionChange): boolean {
    return (
      this.#typeOf(change) !== undefined ||
      (this.#derived.outdated !== undefined && this.#movesUpstream(change))
    )
  }

  /** Returns the events of changes, for a filter that is not derived. */
  eventsOf(changes: readonly RevisionChange[]): readonly WatchEvent[] {
    return changes.flatMap((change) => {
      const type = this.#typeOf(change)
      return type ? [{ type, change }] : []
    })
  }

  /** Yields the events of changes, for a derived filter. */
  async *derivedEventsOf(
    db: Reader,
    changes: readonly RevisionChange[],
    fields: DerivedFields,
  ): AsyncGenerator<WatchMessage> {
    const listed = () => fields.listed(changes, this.#derived, this.visibility)

    const moves = (change: RevisionChange) =>
      this.#derived.outdated !== undefined && this.#movesUpstream(change)
    for (const section of sectionsOf(changes, moves)) {
      const events = await this.#corrected(this.eventsOf(section), listed)
      const last = section.at(-1)
      if (!last || !moves(last)) {
        if (events.length > 0) yield { type: 'events', events }
        continue
      }
      if (events.length > 0) yield { type: 'part', events }
      yield* this.#downstreams(db, section)
      yield { type: 'bookmark', position: last.resourceVersion }
    }
  }

  /** Yields the events of a package's downstreams after its latest revision has changed. */
  async *#downstreams(db: Reader, moves: readonly RevisionChange[]): AsyncGenerator<WatchMessage> {
    const [first] = moves
    if (!first) return
    const { repository, package: path } = first.revision
    const names = await namesBasedOn(db, { repository, package: path }, rangeOf(moves))
    for (let at = 0; at < names.length; at += BATCH) {
      const based = await revisionsNamed(db, names.slice(at, at + BATCH))
      const changes = based.map(
        (revision): RevisionChange => ({ ...first, type: 'modified', revision, was: {} }),
      )
      const seen = this.eventsOf(changes)
      const listed = await this.#listed(db, seen)
      const events = seen.map(({ change }): WatchEvent => {
        return { type: listed.has(change.revision.name) ? 'ADDED' : 'DELETED', change }
      })
      if (events.length > 0) yield { type: 'part', events }
    }
  }

  /** Corrects the events of the filter's own fields by what the index says about the derived ones. */
  async #corrected(
    events: readonly WatchEvent[],
    listed: () => ReturnType<DerivedFields['listed']>,
  ): Promise<readonly WatchEvent[]> {
    if (events.length === 0) return events
    const isListed = await listed()
    return events.flatMap(({ type, change }): WatchEvent[] => {
      const comesOrGoes = type === 'MODIFIED' && this.#changesDerived(change)
      if (isListed(change.revision.name)) return [{ type: comesOrGoes ? 'ADDED' : type, change }]
      return type === 'DELETED' || comesOrGoes ? [{ type: 'DELETED', change }] : []
    })
  }

  #listed(db: Reader, events: readonly WatchEvent[]): Promise<Set<string>> {
    const names = events.map(({ change }) => change.revision.name)
    return namesListed(db, this.visibility, this.#derived, names)
  }

  /** Whether a change of a revision may change its derived fields. */
  #changesDerived({ revision, was }: RevisionChange): boolean {
    const { outdated, q } = this.#derived
    // Only the files of a Draft can change, and it stays a Draft.
    const files = revision.lifecycle === 'Draft' && was.lifecycle === undefined
    return (q !== undefined && files) || (outdated !== undefined && was.upstream !== undefined)
  }

  /** Whether a change makes downstreams outdated, or current again, as far as the caller may know. */
  #movesUpstream(change: RevisionChange): boolean {
    return movesLatest(change) && sees(this.visibility.published, change.revision)
  }

  #typeOf(change: RevisionChange): WatchEventType | undefined {
    const { outdated } = this.#derived
    return eventType(change, (revision) => {
      return (
        seesRevision(this.visibility, revision) &&
        matches(this.#own, revision) &&
        (outdated === undefined || revision.upstream !== null)
      )
    })
  }
}

/** Whether a change gives its package another latest revision, or none. */
function movesLatest({ type, revision, was }: RevisionChange): boolean {
  return type === 'modified' ? was.latest !== undefined : revision.latest
}

function endsLatest({ type, revision }: RevisionChange): boolean {
  return type === 'deleted' || !revision.latest
}

/** Splits changes into moves of `latest`, from the old to the new latest revision, and the runs between them. */
function sectionsOf(
  changes: readonly RevisionChange[],
  moves: (change: RevisionChange) => boolean,
): RevisionChange[][] {
  const sections: RevisionChange[][] = []
  let before: RevisionChange | undefined
  for (const change of changes) {
    const current = sections.at(-1)
    const together =
      before &&
      (moves(change)
        ? moves(before) && endsLatest(before) && !endsLatest(change) && ofOnePackage(before, change)
        : !moves(before))
    if (current && together) current.push(change)
    else sections.push([change])
    before = change
  }
  return sections
}

function ofOnePackage({ revision: a }: RevisionChange, { revision: b }: RevisionChange): boolean {
  return a.repository === b.repository && a.package === b.package
}

/**
 * Returns the upstream revisions whose downstreams a move makes outdated or current. If only half of a move is in view,
 * its other end may be any lower revision.
 */
function rangeOf(moves: readonly RevisionChange[]): { from: number; to: number } {
  const numbers = moves.map(({ revision }) => revision.revision)
  return { from: moves.length === 2 ? Math.min(...numbers) : 0, to: Math.max(...numbers) }
}
