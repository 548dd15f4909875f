import type { Cluster } from './cluster.ts'
import { explainMoves } from './explain-moves.ts'
import type { Instance } from './instance.ts'
import type { InstallRequest, Resolution, ResolutionProblem, Selection } from './problem.ts'
import { isWithin } from './value-set.ts'

/** Reads the answer from a cluster whose versions are decided. */
export function solution({ install, installed }: ResolutionProblem, cluster: Cluster): Resolution {
  const present = [...cluster.instances()].filter((instance) => instance.isNeeded)
  const needs = present.flatMap((by) =>
    by
      .edges()
      .filter(({ values }) => isWithin(by.allowed, values))
      .map((edge) => ({ by, edge })),
  )
  const direct = new Set(
    needs.filter(({ by }) => by.isRequested || by.installed).map(({ edge }) => edge.target),
  )
  const requirements = present.filter((one) => !one.isRequested && !one.installed).sort(byName)
  const before = [...new Set(installed.map((one) => cluster.instance(one)))]
  const moved = before.filter((one) => one.isNeeded && !isWithin(one.allowed, one.kept))
  const requests = install.map((request): [Instance, InstallRequest] => [cluster.instance(request), request])
  const isAsAsked = requirements.length === 0 && moved.every((one) => one.isRequested)
  return {
    status: isAsAsked ? 'OK' : 'RESOLVABLE',
    install: [...new Map(requests).keys()].map(selection),
    requirements: requirements.map((one) => ({ ...selection(one), transitive: !direct.has(one) })),
    changes: moved.map((one) => ({ ...one.ref, from: one.installed?.version ?? '', to: one.version })),
    conflicts: [],
    pruned: before
      .filter((one) => !one.isNeeded)
      .map(({ ref, installed: last }) => ({ ...ref, version: last?.version ?? '' })),
    explanation: explainMoves(moved, needs, requests),
  }
}

const selection = ({ ref, version }: Instance): Selection => ({ ...ref, version })

function byName(a: Instance, b: Instance): number {
  return a.ref.name + a.place < b.ref.name + b.place ? -1 : 1
}
