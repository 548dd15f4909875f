/**
 * What can be watched by: all that lists can be filtered by. What a revision does not say by itself is looked up as it
 * is when a change is told, not as it was then: later changes are told later. So something may be added again, or
 * deleted that never was added; but whoever follows has in the end what a list has.
 */

import type { Reader } from '../../database/connection.ts'
import { namesListed, revisionsNamed } from '../../database/package-revisions/by-name.ts'
import { namesBasedOn } from '../../database/package-revisions/downstreams.ts'
import type { PackageRevisionFilter } from '../../database/package-revisions/filter.ts'
import { eventType, type RevisionChange, type WatchEventType } from '../../domain/change.ts'
import { matches, type OwnFilter } from './matches.ts'
import type { WatchEvent, WatchMessage } from './watch-message.ts'

/** So many revisions are looked up, and told, at once. */
const AT_ONCE = 200

export class WatchFilter {
  /** The same for all filters that ask for the same. */
  readonly key: string
  readonly #own: OwnFilter
  readonly #derived: Pick<PackageRevisionFilter, 'outdated' | 'q'>

  constructor(filter: PackageRevisionFilter) {
    const { outdated, q, ...own } = filter
    this.key = JSON.stringify(filter)
    this.#own = own
    this.#derived = { outdated, q }
  }

  /** Whether the index has to be asked what is to be told. */
  get isDerived(): boolean {
    return this.#derived.outdated !== undefined || this.#derived.q !== undefined
  }

  /** Whether there may be anything to tell of a change. */
  concerns(change: RevisionChange): boolean {
    return this.#typeOf(change) !== undefined || (this.#derived.outdated !== undefined && movesLatest(change))
  }

  /** What is to be told of changes, where it is not derived. */
  eventsOf(changes: readonly RevisionChange[]): readonly WatchEvent[] {
    return changes.flatMap((change) => {
      const type = this.#typeOf(change)
      return type ? [{ type, change }] : []
    })
  }

  /** The same where it is. */
  async *derivedEventsOf(db: Reader, changes: readonly RevisionChange[]): AsyncGenerator<WatchMessage> {
    const moves = this.#derived.outdated === undefined ? () => false : movesLatest
    for (const section of sectionsOf(changes, moves)) {
      const events = await this.#lookedUp(db, this.eventsOf(section))
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

  /** What is to be told of revisions that are based on a package whose latest revision was moved. */
  async *#downstreams(db: Reader, moves: readonly RevisionChange[]): AsyncGenerator<WatchMessage> {
    const [first] = moves
    if (!first) return
    const { repository, package: path } = first.revision
    const names = await namesBasedOn(db, { repository, package: path }, rangeOf(moves))
    for (let at = 0; at < names.length; at += AT_ONCE) {
      const based = await revisionsNamed(db, names.slice(at, at + AT_ONCE))
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

  /** Of what would be told by what revisions say themselves: what is to be told by what the index has now. */
  async #lookedUp(db: Reader, events: readonly WatchEvent[]): Promise<readonly WatchEvent[]> {
    if (events.length === 0) return events
    const listed = await this.#listed(db, events)
    return events.flatMap(({ type, change }): WatchEvent[] => {
      const comesOrGoes = type === 'MODIFIED' && this.#mayDecide(change)
      if (listed.has(change.revision.name)) return [{ type: comesOrGoes ? 'ADDED' : type, change }]
      return type === 'DELETED' || comesOrGoes ? [{ type: 'DELETED', change }] : []
    })
  }

  #listed(db: Reader, events: readonly WatchEvent[]): Promise<Set<string>> {
    const names = events.map(({ change }) => change.revision.name)
    return namesListed(db, this.#derived, names)
  }

  /** Whether what is looked up may be otherwise since a change of the revision itself. */
  #mayDecide({ revision, was }: RevisionChange): boolean {
    const { outdated, q } = this.#derived
    // The files of a Draft can be changed, and whoever does that leaves it one.
    const files = revision.lifecycle === 'Draft' && was.lifecycle === undefined
    return (q !== undefined && files) || (outdated !== undefined && was.upstream !== undefined)
  }

  #typeOf(change: RevisionChange): WatchEventType | undefined {
    const { outdated } = this.#derived
    return eventType(change, (revision) => {
      return matches(this.#own, revision) && (outdated === undefined || revision.upstream !== null)
    })
  }
}

/** Whether a package has another latest revision since then, or none. */
function movesLatest({ type, revision, was }: RevisionChange): boolean {
  return type === 'modified' ? was.latest !== undefined : revision.latest
}

function endsLatest({ type, revision }: RevisionChange): boolean {
  return type === 'deleted' || !revision.latest
}

/** Each move by itself, from the revision that was the latest to the one that is, and what is between the moves. */
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
 * What is based on revisions from one number to below the other is outdated since a move, or is no longer. Of a move that
 * is seen by half, it is not known where it began or ends: anywhere below.
 */
function rangeOf(moves: readonly RevisionChange[]): { from: number; to: number } {
  const numbers = moves.map(({ revision }) => revision.revision)
  return { from: moves.length === 2 ? Math.min(...numbers) : 0, to: Math.max(...numbers) }
}
