/**
 * Finds values for all variables that break no incompatibility, or derives that there are none. It is PubGrub
 * (https://github.com/dart-lang/pub/blob/master/doc/solver.md) over finite sets, with the watched terms of SAT solvers.
 *
 * Each decision takes the best that those before it leave. So a solution that is better in one of them is worse in an
 * earlier one.
 */
import type { Budget } from './budget.ts'
import {
  Derivation,
  type Incompatibility,
  isSatisfied,
  type Resolvent,
  resolved,
  type Term,
  type Variable,
} from './incompatibility.ts'
import { isWithin, NONE, type ValueSet } from './value-set.ts'

/** A place of the trail where values of a variable were taken away. */
type Entry = {
  variable: Variable
  before: ValueSet
  /** The entry before it of the same variable; -1 if there is none. */
  previous: number
  level: number
  /** The incompatibility that demanded it; undefined for a decision. */
  cause: Incompatibility | undefined
}

/** Where the search goes on when its decisions from this level on are taken back. */
type Level = { trail: number; wish: number; cursor: number }

/** Values to keep to where it is possible. */
export type Wish = { variable: Variable; values: ValueSet }

/** Resolving terms takes longer than looking at them, and memory. */
const STEPS_PER_TERM = 5

export class Solver {
  readonly #wishes: readonly Wish[]
  readonly #budget: Budget
  readonly #trail: Entry[] = []
  readonly #levels: Level[] = []
  /** The entry of the trail to propagate next. */
  #next = 0
  /** Where the next decision is sought: in the wishes, then in the trail. */
  #wish = 0
  #cursor = 0

  /** Wishes are decided first and in this order; then each package that is needed gets its highest candidate. */
  constructor(wishes: readonly Wish[], budget: Budget) {
    this.#wishes = wishes
    this.#budget = budget
  }

  /**
   * Leaves the solution in the variables; one that may be absent is. If there is none, returns the incompatibility
   * without terms that says so. Throws `too_large` if the budget is used up.
   */
  solve(incompatibilities: readonly Incompatibility[]): Incompatibility | undefined {
    let conflict: Incompatibility | undefined
    for (const incompatibility of incompatibilities) conflict ??= this.#add(incompatibility)
    for (;;) {
      conflict ??= this.#propagate()
      if (conflict) {
        const root = this.#root(conflict)
        if (root.terms.length === 0) return root
        conflict = root === conflict ? this.#examine(root) : this.#add(root)
      } else if (!this.#decide()) return undefined
    }
  }

  #decide(): boolean {
    const level = { trail: this.#trail.length, wish: this.#wish, cursor: this.#cursor }
    const decision = this.#wished() ?? this.#needed()
    if (!decision) return false
    this.#levels.push(level)
    this.#assign(decision.variable, decision.values, undefined)
    return true
  }

  #wished(): Wish | undefined {
    for (; this.#wish < this.#wishes.length; this.#wish++) {
      const wish = this.#wishes[this.#wish]
      if (!wish) break
      const { allowed } = wish.variable
      if ((allowed & wish.values) !== NONE && !isWithin(allowed, wish.values)) return wish
    }
    return undefined
  }

  #needed(): Wish | undefined {
    for (; this.#cursor < this.#trail.length; this.#cursor++) {
      const variable = this.#trail[this.#cursor]?.variable
      if (!variable?.isNeeded || variable.isDecided) continue
      return { variable, values: variable.best }
    }
    return undefined
  }

  #forbid({ variable, values }: Term, cause: Incompatibility): void {
    this.#assign(variable, variable.values & ~values, cause)
  }

  #assign(variable: Variable, values: ValueSet, cause: Incompatibility | undefined): void {
    const before = variable.allowed
    if (isWithin(before, values)) return
    this.#trail.push({ variable, before, previous: variable.lastEntry, level: this.#levels.length, cause })
    variable.allowed = before & values
    variable.lastEntry = this.#trail.length - 1
  }

  #backtrack(level: number): void {
    const target = this.#levels[level]
    if (!target) return
    while (this.#trail.length > target.trail) {
      const entry = this.#trail.pop()
      if (!entry) break
      entry.variable.allowed = entry.before
      entry.variable.lastEntry = entry.previous
    }
    this.#levels.length = level
    this.#next = target.trail
    this.#wish = target.wish
    this.#cursor = target.cursor
  }

  /** Returns an incompatibility whose terms are all true, if it meets one. */
  #propagate(): Incompatibility | undefined {
    for (; this.#next < this.#trail.length; this.#next++) {
      const variable = this.#trail[this.#next]?.variable
      if (!variable) break
      const conflict = this.#visit(variable)
      if (conflict) return conflict
    }
    return undefined
  }

  #visit(variable: Variable): Incompatibility | undefined {
    const { watchers } = variable
    this.#budget.spend(1 + watchers.length)
    let conflict: Incompatibility | undefined
    variable.watchers = watchers.filter((incompatibility) => {
      if (conflict) return true
      const { terms } = incompatibility
      const own = terms[0]?.variable === variable ? 0 : 1
      const term = terms[own]
      if (!term || !isSatisfied(term)) return true
      if (this.#watchAnother(incompatibility, own)) return false
      conflict = this.#examine(incompatibility)
      return true
    })
    return conflict
  }

  /** Watches a term that is not true, if there is one, in place of one that has become true. */
  #watchAnother(incompatibility: Incompatibility, own: number): boolean {
    const { terms } = incompatibility
    for (let i = 2; i < terms.length; i++) {
      const [term, other] = [terms[own], terms[i]]
      if (!term || !other || isSatisfied(other)) continue
      this.#budget.spend(i)
      terms[i] = term
      terms[own] = other
      other.variable.watchers.push(incompatibility)
      return true
    }
    this.#budget.spend(terms.length)
    return false
  }

  /** Returns the incompatibility if all its terms are true. */
  #add(incompatibility: Incompatibility): Incompatibility | undefined {
    const { terms } = incompatibility
    this.#budget.spend(1 + terms.length)
    if (terms.length > 2) this.#sort(terms)
    for (const { variable } of terms.slice(0, 2)) variable.watchers.push(incompatibility)
    return this.#examine(incompatibility)
  }

  /** Puts first the terms that are not true, or that going back makes untrue first: those to watch. */
  #sort(terms: Term[]): void {
    const ranks = new Map(terms.map((term) => [term, isSatisfied(term) ? this.#satisfier(term) : Infinity]))
    terms.sort((a, b) => (ranks.get(b) ?? 0) - (ranks.get(a) ?? 0) || 0)
  }

  /** Takes away the values that the last untrue term forbids; returns the incompatibility if there is no such term. */
  #examine(incompatibility: Incompatibility): Incompatibility | undefined {
    const [first, second] = incompatibility.terms
    const isFirstOpen = first !== undefined && !isSatisfied(first)
    const isSecondOpen = second !== undefined && !isSatisfied(second)
    if (!isFirstOpen && !isSecondOpen) return incompatibility
    if (isFirstOpen && !isSecondOpen) this.#forbid(first, incompatibility)
    if (isSecondOpen && !isFirstOpen) this.#forbid(second, incompatibility)
    return undefined
  }

  /**
   * Derives from a conflict an incompatibility that rules out what led to it, and takes back decisions until one of its
   * terms, watched, is untrue again. Without decisions to take back, derives one without terms.
   */
  #root(conflict: Incompatibility): Incompatibility {
    const steps: Resolvent[] = []
    let { terms } = conflict
    for (;;) {
      this.#budget.spend(STEPS_PER_TERM * (1 + terms.length))
      const satisfiers = terms.map((term) => this.#satisfier(term)).sort((a, b) => b - a)
      const last = this.#trail[satisfiers[0] ?? -1]
      if (!last) break
      const level = this.#trail[satisfiers[1] ?? -1]?.level ?? 0
      if (last.level > level || !last.cause) {
        this.#backtrack(level)
        break
      }
      steps.push({ variable: last.variable, cause: last.cause })
      terms = resolved(terms, last.cause.terms, last.variable)
    }
    return steps.length > 0 ? { terms, cause: new Derivation(conflict, steps) } : conflict
  }

  /** The first entry of the trail since which the term is true. */
  #satisfier({ variable, values }: Term): number {
    let entry = variable.lastEntry
    for (;;) {
      const { before, previous } = this.#trail[entry] ?? {}
      if (before === undefined || previous === undefined || !isWithin(before, values)) return entry
      entry = previous
    }
  }
}
