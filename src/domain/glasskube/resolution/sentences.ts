import type { Fact } from './incompatibility.ts'
import { conclusion, joined, joinedClauses } from './phrases.ts'
import type { Proof } from './proof.ts'
import { ABSENT } from './value-set.ts'

/** As many facts as one sentence can hold. */
const MAX_FACTS = 3

type Derived = Proof & { cause: readonly [Proof, Proof] }
type Given = Proof & { cause: Fact }

/**
 * Puts a proof into sentences in the way of PubGrub: each follows from facts and from the sentence before it, or from an
 * earlier one that has a number.
 */
export function sentencesOf(root: Proof): string[] {
  if (isGiven(root)) return [`There is no solution, because ${joined([root.cause()])}.`]
  const writer = new Writer()
  writer.count(root)
  if (isDerived(root)) writer.write(root, false)
  return writer.sentences
}

class Writer {
  readonly sentences: string[] = []
  readonly #uses = new Map<Proof, number>()
  readonly #numbers = new Map<Proof, number>()

  count(proof: Proof): void {
    const uses = this.#uses.get(proof) ?? 0
    this.#uses.set(proof, uses + 1)
    if (uses === 0 && isDerived(proof)) for (const cause of proof.cause) this.count(cause)
  }

  write(proof: Derived, isFarFromUse: boolean): void {
    const premises = this.#premises(proof)
    const open = premises.filter(isDerived).filter((premise) => !this.#numbers.has(premise))
    const last = open.at(-1)
    for (const premise of open) this.write(premise, premise !== last)
    const numbered = premises
      .filter((premise) => isDerived(premise) && premise !== last)
      .map((premise) => `${conclusion(premise.terms)} (${this.#numbers.get(premise)})`)
    const facts = inOrder(premises.filter(isGiven)).map(({ cause }) => cause())
    const reasons = joinedClauses([...numbered, ...(facts.length > 0 ? [joined(facts)] : [])])
    const start = !last ? 'Because' : proof.terms.length > 0 ? 'And because' : 'So, because'
    const result = conclusion(proof.terms)
    const sentence = reasons ? `${start} ${reasons}, ${result}.` : `So ${result}.`
    this.sentences.push(this.#mark(proof, isFarFromUse) + sentence)
  }

  #mark(proof: Proof, isFarFromUse: boolean): string {
    if (!isFarFromUse && (this.#uses.get(proof) ?? 0) < 2) return ''
    const number = this.#numbers.size + 1
    this.#numbers.set(proof, number)
    return `(${number}) `
  }

  /** The sentence of a proof skips conclusions on the way to it as long as it stays short. */
  #premises(proof: Derived): Proof[] {
    let premises: Proof[] = [...proof.cause]
    for (;;) {
      const at = premises.findIndex((premise) => isDerived(premise) && this.#uses.get(premise) === 1)
      const skipped = premises[at]
      if (!skipped || !isDerived(skipped)) return premises
      const more = premises.toSpliced(at, 1, ...skipped.cause)
      if (more.filter(isGiven).length > MAX_FACTS || more.filter(isDerived).length > 1) return premises
      premises = more
    }
  }
}

const isGiven = (proof: Proof): proof is Given => typeof proof.cause === 'function'
const isDerived = (proof: Proof): proof is Derived => typeof proof.cause !== 'function'

/** Puts the fact that a package is needed before the facts on what it needs. */
function inOrder(facts: readonly Given[]): Given[] {
  const rest = [...facts]
  const sorted: Given[] = []
  while (rest.length > 0) {
    const at = rest.findIndex((fact) => !rest.some((other) => other !== fact && leadsTo(other, fact)))
    sorted.push(...rest.splice(Math.max(at, 0), 1))
  }
  return sorted
}

function leadsTo(first: Proof, second: Proof): boolean {
  return first.terms.some(
    (needed) =>
      (needed.values & ABSENT) !== 0n &&
      second.terms.some(({ variable, values }) => variable === needed.variable && (values & ABSENT) === 0n),
  )
}
