import type { Incompatibility } from './incompatibility.ts'
import { ABSENT, every, type ValueSet } from './value-set.ts'

/**
 * How a phrase names candidates: as versions, as the range by which something needs them, or as the subject of a
 * sentence, where all of them are "every version of …".
 */
export type Role = 'versions' | 'need' | 'subject'

/** A package whose version is sought. */
export abstract class Variable {
  /** All values that it can take. */
  readonly values: ValueSet
  /** Those that are left at this point of the search. */
  allowed: ValueSet
  /** The last entry of the trail that took some of them away; -1 if none did. */
  lastEntry = -1
  /** The incompatibilities to look at when values are taken away. */
  watchers: Incompatibility[] = []

  constructor(candidates: number) {
    this.values = every(candidates)
    this.allowed = this.values
  }

  /** Names these candidates of the package. */
  abstract describe(values: ValueSet, role: Role): string

  get isNeeded(): boolean {
    return (this.allowed & ABSENT) === 0n
  }

  get isDecided(): boolean {
    return (this.allowed & (this.allowed - 1n)) === 0n
  }
}
