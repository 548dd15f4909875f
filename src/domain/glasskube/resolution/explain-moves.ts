import type { Edge, Instance } from './instance.ts'
import { words } from './phrases.ts'
import type { InstallRequest } from './problem.ts'
import { candidate, highestIndex, isWithin } from './value-set.ts'

/** More than a reader will take in. */
const MAX_SENTENCES = 20

/** An edge of the package whose version needs it. */
type Need = { by: Instance; edge: Edge }

/** Says why packages move that were not asked to, and which requests get less than the highest version. */
export function explainMoves(
  moved: readonly Instance[],
  needs: readonly Need[],
  requested: readonly [Instance, InstallRequest][],
): string {
  const demands = new Map<Instance, Need>()
  for (const need of needs) {
    const { target, allowed } = need.edge
    if (!demands.has(target) && !isWithin(target.kept, allowed)) demands.set(target, need)
  }
  const sentences = [
    ...moved
      .filter((instance) => !instance.isRequested)
      .map((instance) => whyMoved(instance, demands.get(instance))),
    ...requested.flatMap(([instance, request]) => whyLower(instance, request)),
  ]
  const more = sentences.length - MAX_SENTENCES
  return [...sentences.slice(0, MAX_SENTENCES), ...(more > 0 ? [`(${more} more.)`] : [])].join('\n')
}

function whyMoved(instance: Instance, need: Need | undefined): string {
  const { ref, place, installed, version } = instance
  const move = `${ref.name}${place} moves from ${installed?.version} to ${version}`
  if (need) return `${move} because ${words(need.by.clause({ ...need.edge, values: need.by.allowed }))}.`
  // It stood in the way of no other package, so its own needs are not met.
  const values = instance.kept
  const unmet = instance
    .edges()
    .find((edge) => isWithin(values, edge.values) && !isWithin(edge.target.allowed, edge.allowed))
  if (!unmet) return `${move}.`
  const { target } = unmet
  const fate = target.isNeeded
    ? `${target.describe(target.allowed, 'versions')} is chosen`
    : `${target.ref.name}${target.place} cannot be installed`
  return `${move} because ${words(instance.clause({ ...unmet, values }))} and ${fate}.`
}

function whyLower(instance: Instance, { version }: InstallRequest): string[] {
  const { candidates } = instance
  const accepted = candidates.requested(version)
  const best = highestIndex(version ? accepted : accepted & candidates.offered)
  if (best <= highestIndex(instance.allowed)) return []
  const [chosen, higher] = [instance.allowed, candidate(best)].map((set) =>
    instance.describe(set, 'versions'),
  )
  return [
    `${chosen} is chosen as ${higher} does not fit the rest; ask for exactly that version to let other packages move.`,
  ]
}
