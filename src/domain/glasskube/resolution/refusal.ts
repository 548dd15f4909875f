import { firstFew } from '../../../core/first-few.ts'
import { ascending } from '../loose-version.ts'
import { describe, keyOf } from './demands.ts'
import type { Vertex, Violation } from './graph.ts'
import type { ResolutionConflict } from './problem.ts'

/** Why Glasskube refuses; the message explains it in sentences. */
export class Refusal extends Error {
  readonly conflicts: ResolutionConflict[]

  constructor(explanation: string, conflicts: ResolutionConflict[]) {
    super(explanation)
    this.name = 'Refusal'
    this.conflicts = conflicts
  }
}

const EXPLAINED = 10

export function ofViolations(violations: readonly Violation[]): Refusal {
  const sorted = violations.toSorted(
    (a, b) => ascending(keyOf(a.to.ref), keyOf(b.to.ref)) || ascending(keyOf(a.from.ref), keyOf(b.from.ref)),
  )
  const sentences = [...new Set(sorted.map(explain))]
  const shown = sentences.slice(0, EXPLAINED)
  if (sentences.length > EXPLAINED) shown.push(`There are ${sentences.length - EXPLAINED} more conflicts.`)
  shown.push('Glasskube moves one package at a time: the mode "joint" may find a solution.')
  const conflicts = sorted.map(({ from, to, range }) => {
    return { ...to.ref, actual: to.version?.text, required: range?.text, by: from.ref.name }
  })
  return new Refusal(shown.join(' '), conflicts)
}

function explain({ from, to, range }: Violation): string {
  if (to.version) return `${named(from)} needs ${describe(to.ref)} ${range?.text}, not ${to.version.text}.`
  const demands = [...to.dependants].map(
    (each) => `${named(each)} needs ${each.needs.get(to)?.text ?? 'any'}`,
  )
  return `No version of ${describe(to.ref)} suits all: ${firstFew(demands, EXPLAINED)}.`
}

/** Names a package with its version. */
export function named({ ref, version }: Vertex, shown = version): string {
  return `${describe(ref)} ${shown?.text ?? ''}`.trimEnd()
}
