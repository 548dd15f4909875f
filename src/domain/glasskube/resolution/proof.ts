import { Derivation, type Fact, type Incompatibility, resolved, type Term } from './incompatibility.ts'

/** An incompatibility with what it follows from: a fact, or two others. */
export type Proof = { readonly terms: readonly Term[]; readonly cause: Fact | readonly [Proof, Proof] }

/** Unfolds all derivations, which can be deep, so without recursion; each incompatibility once. */
export function proofOf(root: Incompatibility): Proof {
  const proofs = new Map<Incompatibility, Proof>()
  const pending = [root]
  for (let last = pending.at(-1); last; last = pending.at(-1)) {
    const { terms, cause } = last
    const missing = causesOf(last).filter((one) => !proofs.has(one))
    if (missing.length > 0) for (const one of missing) pending.push(one)
    else {
      pending.pop()
      proofs.set(last, cause instanceof Derivation ? unfolded(cause, proofs) : { terms, cause })
    }
  }
  return found(root, proofs)
}

function causesOf({ cause }: Incompatibility): Incompatibility[] {
  return cause instanceof Derivation ? [cause.conflict, ...cause.steps.map((step) => step.cause)] : []
}

function unfolded({ conflict, steps }: Derivation, proofs: Map<Incompatibility, Proof>): Proof {
  let proof = found(conflict, proofs)
  for (const { variable, cause } of steps) {
    const other = found(cause, proofs)
    proof = { terms: resolved(proof.terms, other.terms, variable), cause: [proof, other] }
  }
  return proof
}

function found(one: Incompatibility, proofs: Map<Incompatibility, Proof>): Proof {
  const proof = proofs.get(one)
  if (!proof) throw new Error('an incompatibility is derived from itself')
  return proof
}
