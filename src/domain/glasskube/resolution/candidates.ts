/** The versions that one package of the cluster can have, and the sets of them that ranges mean. */
import { parseLooseVersion } from '../loose-version.ts'
import { compareWithBuild } from '../order.ts'
import { parseRange, rangeMatches } from '../range.ts'
import type { Budget } from './budget.ts'
import type { Role } from './incompatibility.ts'
import { brief } from './phrases.ts'
import type { PackageScope, PackageVersion } from './problem.ts'
import { highestIndex, indexes, NONE, setOf, type ValueSet } from './value-set.ts'

export type CandidateOptions = {
  name: string
  published: readonly PackageVersion[]
  /** The version that the repository shows as the latest; higher ones are chosen only if nothing else fits. */
  latest: string | undefined
  scope: PackageScope
  installed: string | undefined
  /** The versions asked for: exact ones, or ranges. */
  requested: readonly string[]
  budget: Budget
}

/** The memory for a package, in steps. */
const COST = 100

type Candidate = PackageVersion & { loose: ReturnType<typeof parseLooseVersion> }

/** A published version that must not be picked, and why. */
type Excluded = Candidate & { reason: string | undefined }

export class Candidates {
  /** In ascending order. */
  readonly versions: readonly Candidate[]
  /** Those up to the latest version. */
  readonly offered: ValueSet
  readonly #excluded: readonly Excluded[]
  readonly #name: string
  readonly #budget: Budget
  readonly #sets = new Map<string | undefined, ValueSet>()
  /** A range for each set that one was asked for. */
  readonly #ranges = new Map<ValueSet, string>()

  constructor(options: CandidateOptions) {
    const { name, published, installed, requested, budget } = options
    budget.spend(COST + published.length * (1 + requested.length))
    const all = [...published, ...missing(installed, options)]
      .map((version): Candidate => ({ ...version, loose: parseLooseVersion(version.version) }))
      .sort(compare)
    const judged = all.map((version) => ({ ...version, reason: reasonAgainst(version, options) }))
    this.#name = name
    this.#budget = budget
    this.#excluded = judged.filter((version) => version.reason !== undefined)
    this.versions = judged.filter((version) => version.reason === undefined)
    const latest = latestOf(all, options)
    this.offered = this.#those((version) => !latest || compare(version, latest) <= 0)
    const isReleased = all.some(({ loose }) => loose && !loose.prerelease)
    const isNamed = (version: Candidate) =>
      isExactly(version, installed) || requested.some((text) => isExactly(version, text))
    this.#sets.set(
      undefined,
      this.#those((version) => !isReleased || !version.loose?.prerelease || isNamed(version)),
    )
  }

  /**
   * Returns what a dependency accepts. Without a range, these are the releases, and of prereleases those that are
   * installed or asked for, or all where there is no release.
   */
  matching(text: string | undefined): ValueSet {
    const known = this.#sets.get(text)
    if (known !== undefined) return known
    this.#budget.spend(text?.length ?? 0)
    const range = parseRange(text ?? '')
    let set = NONE
    if (!('problem' in range)) {
      const comparators = range.alternatives.reduce((count, alternative) => count + alternative.length, 0)
      this.#budget.spend((comparators - 1) * this.versions.length)
      set = this.#those(({ loose }) => loose !== undefined && rangeMatches(range, loose))
    }
    this.#sets.set(text, set)
    if (text && !this.#ranges.has(set)) this.#ranges.set(set, brief(text))
    return set
  }

  /** Returns what a request accepts: the version of this text if there is one, or else the text is a range. */
  requested(text: string | undefined): ValueSet {
    const exact = this.exactly(text)
    return exact === NONE ? this.matching(text) : exact
  }

  exactly(text: string | undefined): ValueSet {
    return this.#those((version) => isExactly(version, text))
  }

  /** Says why nothing matches, as a part of a sentence. */
  whyNone(text: string | undefined): string {
    if (this.versions.length + this.#excluded.length === 0) return `no repository has ${this.#name}`
    const range = text === undefined ? undefined : parseRange(text)
    if (range && 'problem' in range) return 'that is no version range'
    const excluded = this.#excluded.filter(
      (version) =>
        isExactly(version, text) || !range || (version.loose && rangeMatches(range, version.loose)),
    )
    const last = excluded.at(-1)
    if (last) return `${this.#name} ${last.version} ${last.reason}`
    return `no version of ${this.#name} satisfies it`
  }

  /** Names a set of versions, as a range where one means it. */
  describe(set: ValueSet, role: Role): string {
    const found = indexes(set)
    const [only] = found
    const range = this.#ranges.get(set)
    const isEvery = found.length === this.versions.length
    if (role === 'need' && range !== undefined) return `${this.#name} ${range}`
    if (role === 'need' && isEvery) return this.#name
    if (found.length === 1 && only !== undefined) return `${this.#name} ${this.#text(only)}`
    if (isEvery) return role === 'subject' ? `every version of ${this.#name}` : this.#name
    if (range !== undefined) return `${this.#name} ${range}`
    const runs = this.#runs(found)
    return runs.length > 3
      ? `${found.length} versions of ${this.#name} up to ${this.#text(highestIndex(set))}`
      : `${this.#name} ${runs.join(' or ')}`
  }

  #runs(found: readonly number[]): string[] {
    const top = this.versions.length - 1
    return found.flatMap((first, i) => {
      if (found[i - 1] === first - 1) return []
      let last = first
      for (let next = i + 1; found[next] === last + 1; next++) last++
      if (first === last) return [this.#text(first)]
      if (last === top) return [`from ${this.#text(first)} on`]
      return [first === 0 ? `up to ${this.#text(last)}` : `${this.#text(first)} to ${this.#text(last)}`]
    })
  }

  #text(index: number): string {
    return this.versions[index]?.version ?? ''
  }

  #those(test: (version: Candidate) => boolean): ValueSet {
    this.#budget.spend(this.versions.length)
    return setOf(this.versions.map(test))
  }
}

function latestOf(all: readonly Candidate[], { latest }: CandidateOptions): Candidate | undefined {
  return all.find((version) => isExactly(version, latest))
}

/** An installed version that is no longer published stays, without known dependencies. */
function missing(installed: string | undefined, { published, scope }: CandidateOptions): PackageVersion[] {
  if (installed === undefined || published.some((version) => isExactly(version, installed))) return []
  return [{ version: installed, dependencies: [], components: [], scope, defaultNamespace: '' }]
}

function reasonAgainst(
  version: Candidate,
  { installed, requested, scope }: CandidateOptions,
): string | undefined {
  if (isExactly(version, installed)) return undefined
  if (version.scope !== scope) {
    return scope === 'Cluster'
      ? 'can only be installed in a namespace'
      : 'can only be installed for the whole cluster'
  }
  if (requested.some((text) => isExactly(version, text))) return undefined
  if (version.deprecated) return 'is deprecated'
  return version.loose ? undefined : 'has a version that cannot be read'
}

function isExactly({ version }: PackageVersion, text: string | undefined): boolean {
  return text !== undefined && (version === text || version === `v${text}` || `v${version}` === text)
}

/** Texts that are no versions come first. */
function compare(a: Candidate, b: Candidate): number {
  if (a.loose && b.loose) return compareWithBuild(a.loose, b.loose)
  if (a.loose || b.loose) return a.loose ? 1 : -1
  return a.version < b.version ? -1 : 1
}
