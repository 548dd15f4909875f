import type { Reader } from '../../database/connection.ts'
import { searchedTexts } from '../../database/contents/search.ts'
import { namesListed } from '../../database/package-revisions/by-name.ts'
import type { PackageRevisionFilter } from '../../database/package-revisions/filter.ts'
import { SEES_ALL, type Visibility, visibilityKey } from '../../domain/access/visible-set.ts'
import type { RevisionChange } from '../../domain/change.ts'
import { SearchedText } from '../../domain/search-words.ts'

export type DerivedFilter = Pick<PackageRevisionFilter, 'outdated' | 'q'>

/** Revisions whose texts are in memory at once. */
const TEXTS = 10

type Names = ReadonlySet<string>

/** Looks up what filters need beside the change: once for each batch of changes, not once for each watch. */
export class DerivedFields {
  readonly #db: Reader
  readonly #queries: () => Iterable<string>
  #searches = new WeakMap<readonly RevisionChange[], Promise<ReadonlyMap<string, Names>>>()
  #outdated = new WeakMap<readonly RevisionChange[], Map<string, Promise<Names>>>()

  /** `queries`: the different `q` of all watches. */
  constructor(db: Reader, queries: () => Iterable<string>) {
    this.#db = db
    this.#queries = queries
  }

  /** Returns whether a caller's list with the filter has a revision of the batch, by its name. */
  async listed(
    batch: readonly RevisionChange[],
    { outdated, q }: DerivedFilter,
    visibility: Visibility,
  ): Promise<(name: string) => boolean> {
    const current = outdated === undefined ? undefined : await this.#current(batch, outdated, visibility)
    const matching = q === undefined ? undefined : await this.#matching(batch, q)
    return (name) => current?.has(name) !== false && matching?.has(name) !== false
  }

  #current(batch: readonly RevisionChange[], outdated: boolean, visibility: Visibility): Promise<Names> {
    const known = this.#outdated.get(batch) ?? new Map<string, Promise<Names>>()
    this.#outdated.set(batch, known)
    const key = `${outdated} ${visibilityKey(visibility)}`
    const found = known.get(key) ?? namesListed(this.#db, visibility, { outdated }, namesIn(batch))
    known.set(key, found)
    return found
  }

  async #matching(batch: readonly RevisionChange[], q: string): Promise<Names> {
    const search = this.#searches.get(batch) ?? this.#search(batch)
    this.#searches.set(batch, search)
    // A watch that has begun after the search asks for itself.
    return (await search).get(q) ?? namesListed(this.#db, SEES_ALL, { q }, namesIn(batch))
  }

  async #search(batch: readonly RevisionChange[]): Promise<ReadonlyMap<string, Names>> {
    const found = new Map([...this.#queries()].map((q) => [q, new Set<string>()]))
    const names = namesIn(batch)
    for (let at = 0; at < names.length; at += TEXTS) {
      for (const { name, text } of await searchedTexts(this.#db, names.slice(at, at + TEXTS))) {
        const searched = new SearchedText(text)
        for (const [q, matches] of found) if (searched.matches(q)) matches.add(name)
      }
    }
    return found
  }
}

function namesIn(batch: readonly RevisionChange[]): string[] {
  return [...new Set(batch.map(({ revision }) => revision.name))]
}
