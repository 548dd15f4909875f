import type { Incompatibility } from './incompatibility.ts'
import { ABSENT, every, type ValueSet } from './value-set.ts'

/** A package whose version is sought. */
export abstract class Variable {
  /** All values that it can take. */
  readonly values: ValueSet
  /** Those that are left at this point of the search. */
  allowed: ValueSet
  /** The last entry of the trail that took some of them away; -1 if none did. */
  lastEntry = -1
  expanded = false
  /** The incompatibilities to look at when values are taken away. */
  watchers: Incompatibility[] = []

  constructor(candidates: number) {
    this.values = every(candidates)
    this.allowed = this.values
  }

  /** Returns the incompatibilities that matter as soon as the package is needed; called once. */
  abstract expand(): readonly Incompatibility[]

  /** Names the package with these values, which are candidates; as a subject, all of them are "every version of …". */
  abstract describe(values: ValueSet, role: 'subject' | 'object'): string

  get isNeeded(): boolean {
    return (this.allowed & ABSENT) === 0n
  }

  get isDecided(): boolean {
    return (this.allowed & (this.allowed - 1n)) === 0n
  }
}
