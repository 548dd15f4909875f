import type { ResolutionConflict } from './problem.ts'
import { ABSENT, every, highest, isWithin, NONE, type ValueSet } from './value-set.ts'

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

  /** The value to choose if nothing else matters; not for a package that can only be absent. */
  get best(): ValueSet {
    return highest(this.allowed)
  }

  get isNeeded(): boolean {
    return (this.allowed & ABSENT) === 0n
  }

  get isDecided(): boolean {
    return (this.allowed & (this.allowed - 1n)) === 0n
  }
}

/** That a package has one of these values. */
export type Term = { readonly variable: Variable; readonly values: ValueSet }

/** Terms that are never true together. The solver reorders them. */
export type Incompatibility = { readonly terms: Term[]; readonly cause: Fact | Derivation }

/** Says why an incompatibility holds; called for the few that are explained. */
export type Fact = () => Clause

/** A part of a sentence: "foo 1.0.0", "depends on", "bar ^2.0.0". */
export type Clause = {
  subject: string
  verb: string
  object: string
  /** The demand that cannot be met where the fact is part of a contradiction. */
  demand?: ResolutionConflict
}

/** How an incompatibility follows: from a conflict, resolved in steps with the incompatibilities that led there. */
export class Derivation {
  readonly conflict: Incompatibility
  readonly steps: readonly Resolvent[]

  constructor(conflict: Incompatibility, steps: readonly Resolvent[]) {
    this.conflict = conflict
    this.steps = steps
  }
}

/** A step of a derivation: the incompatibility that it adds, and the variable whose terms it unites. */
export type Resolvent = { readonly variable: Variable; readonly cause: Incompatibility }

/** Returns undefined if the terms are never true together anyway. */
export function incompatibility(terms: readonly Term[], cause: Fact): Incompatibility | undefined {
  const rest = merged(terms)
  return rest.some(({ values }) => values === NONE) ? undefined : { terms: rest, cause }
}

/** Terms of which none is always true, and no two concern one variable. */
function merged(terms: readonly Term[]): Term[] {
  const sets = new Map<Variable, ValueSet>()
  for (const { variable, values } of terms) {
    sets.set(variable, values & (sets.get(variable) ?? variable.values))
  }
  const result: Term[] = []
  for (const [variable, values] of sets) if (values !== variable.values) result.push({ variable, values })
  return result
}

/** Terms never true together because, for each value of the variable, one of two incompatibilities rules them out. */
export function resolved(first: readonly Term[], second: readonly Term[], variable: Variable): Term[] {
  const rest = [...first, ...second].filter((term) => term.variable !== variable)
  return merged([...rest, { variable, values: valuesOf(first, variable) | valuesOf(second, variable) }])
}

function valuesOf(terms: readonly Term[], variable: Variable): ValueSet {
  return terms.find((term) => term.variable === variable)?.values ?? variable.values
}

export const isSatisfied = ({ variable, values }: Term): boolean => isWithin(variable.allowed, values)
