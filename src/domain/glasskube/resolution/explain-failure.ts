import { type Clause, Derivation, type Incompatibility } from './incompatibility.ts'
import { words } from './phrases.ts'
import type { Resolution } from './problem.ts'
import { proofOf } from './proof.ts'
import { sentencesOf } from './sentences.ts'

/** Beyond this, the bare facts serve a reader better. */
const MAX_SENTENCES = 12
/** More steps than this do not fit into as many sentences. */
const MAX_STEPS = 200
const MAX_FACTS = 12
const MAX_CONFLICTS = 50

/** Explains an incompatibility without terms: by its derivation, or if that is long, by the facts behind it. */
export function explainFailure(root: Incompatibility): Pick<Resolution, 'conflicts' | 'explanation'> {
  const { clauses, steps } = groundsOf(root)
  const sentences = steps > MAX_STEPS ? [] : sentencesOf(proofOf(root))
  const isShort = sentences.length > 0 && sentences.length <= MAX_SENTENCES
  return {
    conflicts: clauses.flatMap(({ demand }) => demand ?? []).slice(0, MAX_CONFLICTS),
    explanation: isShort ? sentences.join('\n') : summary(clauses),
  }
}

/** Collects the facts that a derivation rests on, and counts its steps. */
function groundsOf(root: Incompatibility): { clauses: Clause[]; steps: number } {
  const clauses: Clause[] = []
  const seen = new Set([root])
  let steps = 0
  // The set grows while it is read.
  for (const { cause } of seen) {
    if (!(cause instanceof Derivation)) {
      clauses.push(cause())
      continue
    }
    steps += cause.steps.length
    seen.add(cause.conflict)
    for (const step of cause.steps) seen.add(step.cause)
  }
  return { clauses, steps }
}

function summary(clauses: readonly Clause[]): string {
  const more = clauses.length - MAX_FACTS
  return [
    'There is no solution, because these do not go together:',
    ...clauses.slice(0, MAX_FACTS).map((clause) => `- ${words(clause)}`),
    ...(more > 0 ? [`- and ${more} more like these`] : []),
  ].join('\n')
}
