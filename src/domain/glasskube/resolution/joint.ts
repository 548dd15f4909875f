/**
 * The resolution that moves packages together. It finds a solution whenever there is one: all that was asked for and all
 * that was installed by hand, with their dependencies. Of the solutions it takes one that keeps what is installed where
 * possible, and then has the highest versions.
 */
import { Budget, MAX_STEPS } from './budget.ts'
import { Cluster } from './cluster.ts'
import { explainFailure } from './explain-failure.ts'
import { type Incompatibility, incompatibility } from './incompatibility.ts'
import { brief } from './phrases.ts'
import { noSolution, type Resolution, type ResolutionProblem } from './problem.ts'
import { solution } from './solution.ts'
import { Solver, type Wish } from './solver.ts'
import { ABSENT, above, NONE } from './value-set.ts'

/** Throws `too_large` if there is no answer within a number of steps. */
export function resolveJointly(problem: ResolutionProblem, maxSteps = MAX_STEPS): Resolution {
  const budget = new Budget(maxSteps)
  const cluster = new Cluster(problem, budget)
  const demands = [...requests(problem, cluster), ...installedByHand(problem, cluster)]
  const solver = new Solver(wishes(problem, cluster), budget)
  const failure = solver.solve([...demands, ...cluster.incompatibilities()])
  if (!failure) return solution(problem, cluster)
  const { conflicts, explanation } = explainFailure(failure)
  return noSolution(conflicts, explanation)
}

function requests({ install }: ResolutionProblem, cluster: Cluster): Incompatibility[] {
  return install.flatMap((request) => {
    const variable = cluster.instance(request)
    const { ref, candidates, place, installed } = variable
    const accepted = candidates.requested(request.version)
    const asked = ref.name + (request.version ? ` ${brief(request.version)}` : '') + place
    const values = variable.values & ~accepted
    return (
      incompatibility([{ variable, values }], () => ({
        subject: asked,
        verb: 'is',
        object: accepted === NONE ? `requested and ${candidates.whyNone(request.version)}` : 'requested',
        ...((request.version || accepted === NONE) && {
          demand: { ...ref, actual: installed?.version, required: request.version },
        }),
      })) ?? []
    )
  })
}

/** Packages that were installed by hand stay, in whatever version. */
function installedByHand({ installed }: ResolutionProblem, cluster: Cluster): Incompatibility[] {
  return installed.flatMap((one) => {
    const variable = cluster.instance(one)
    if (one.asDependency) return []
    const fact = () => ({ subject: variable.ref.name + variable.place, verb: 'is', object: 'installed' })
    return incompatibility([{ variable, values: ABSENT }], fact) ?? []
  })
}

/** To move what is installed and asked for, as others may have to move for that; then to keep the others. */
function wishes(problem: ResolutionProblem, cluster: Cluster): Wish[] {
  return [...updates(problem, cluster), ...keeping(problem, cluster)]
}

function updates({ install }: ResolutionProblem, cluster: Cluster): Wish[] {
  return install
    .filter(({ version }) => !version)
    .map((request) => cluster.instance(request))
    .filter(({ kept }) => kept !== NONE)
    .map((variable) => ({ variable, values: above(variable.kept, variable.candidates.offered) }))
}

/** First what was installed by hand; a dependency may also go. */
function keeping({ installed }: ResolutionProblem, cluster: Cluster): Wish[] {
  return [...installed.filter((one) => !one.asDependency), ...installed.filter((one) => one.asDependency)]
    .map((one) => cluster.instance(one))
    .filter((variable) => !variable.isRequested)
    .map((variable) => ({ variable, values: variable.kept | ABSENT }))
}
