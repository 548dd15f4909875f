import { Derivation, type Fact, type Incompatibility } from './incompatibility.ts'
import { words } from './phrases.ts'
import type { Resolution } from './problem.ts'
import { proofOf } from './proof.ts'
import { sentencesOf } from './sentences.ts'
import { ABSENT } from './value-set.ts'

/** Beyond this, the bare facts serve a reader better. */
const MAX_SENTENCES = 12
/** More steps than this do not fit into as many sentences. */
const MAX_STEPS = 200
const MAX_CONFLICTS = 50
const MAX_FACTS = 12

/** Explains an incompatibility without terms: by its derivation, or if that is long, by the facts behind it. */
export function explainFailure(root: Incompatibility): Pick<Resolution, 'conflicts' | 'explanation'> {
  const { facts, steps } = groundsOf(root)
  const sentences = steps > MAX_STEPS ? [] : sentencesOf(proofOf(root))
  const isShort = sentences.length > 0 && sentences.length <= MAX_SENTENCES
  return {
    conflicts: facts.slice(0, MAX_CONFLICTS).flatMap((fact) => fact().demand ?? []),
    explanation: isShort ? sentences.join('\n') : summary(facts),
  }
}

/** Collects the facts that a derivation rests on, those first that something must be there, and counts its steps. */
function groundsOf(root: Incompatibility): { facts: Fact[]; steps: number } {
  const demands: Fact[] = []
  const others: Fact[] = []
  const seen = new Set([root])
  let steps = 0
  // The set grows while it is read.
  for (const { terms, cause } of seen) {
    if (!(cause instanceof Derivation)) {
      const facts = terms.every(({ values }) => (values & ABSENT) !== 0n) ? demands : others
      facts.push(cause)
      continue
    }
    steps += cause.steps.length
    seen.add(cause.conflict)
    for (const step of cause.steps) seen.add(step.cause)
  }
  return { facts: [...demands, ...others], steps }
}

function summary(facts: readonly Fact[]): string {
  const more = facts.length - MAX_FACTS
  return [
    'There is no solution, because these do not go together:',
    ...facts.slice(0, MAX_FACTS).map((fact) => `- ${words(fact())}`),
    ...(more > 0 ? [`- and ${more} more like these`] : []),
  ].join('\n')
}
