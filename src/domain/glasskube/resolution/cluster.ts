import type { Budget } from './budget.ts'
import { Candidates } from './candidates.ts'
import { keyOf as placeOf, refOf } from './demands.ts'
import { type Incompatibility, incompatibility } from './incompatibility.ts'
import { Instance } from './instance.ts'
import type {
  InstalledPackage,
  InstallRequest,
  PackageRef,
  RepositoryPackage,
  ResolutionProblem,
} from './problem.ts'
import { ABSENT } from './value-set.ts'

/** The packages that a cluster has or can get; each is made when another or a request names it. */
export class Cluster {
  readonly budget: Budget
  readonly #problem: ResolutionProblem
  readonly #installed = new Map<string, InstalledPackage>()
  readonly #requests = new Map<string, InstallRequest[]>()
  readonly #instances = new Map<string, Instance>()
  /** The packages that would have the same name in the same namespace. */
  readonly #rivals = new Map<string, Instance[]>()
  readonly #clashes: Incompatibility[] = []

  constructor(problem: ResolutionProblem, budget: Budget) {
    this.#problem = problem
    this.budget = budget
    for (const installed of problem.installed) this.#installed.set(keyOf(installed), installed)
    for (const request of problem.install) {
      const key = keyOf(request)
      const known = this.#requests.get(key)
      if (known) known.push(request)
      else this.#requests.set(key, [request])
    }
  }

  /** `nesting` counts the components around it. */
  instance(ref: PackageRef, nesting = 0): Instance {
    const key = keyOf(ref)
    const known = this.#instances.get(key)
    if (known) return known
    const installed = this.#installed.get(key)
    const requests = this.#requests.get(key) ?? []
    const made = new Instance(this, {
      ref: refOf(ref),
      installed,
      isRequested: requests.length > 0,
      nesting,
      candidates: new Candidates({
        name: ref.name,
        published: this.#publication(ref.name)?.versions ?? [],
        latest: this.#publication(ref.name)?.latestVersion,
        scope: ref.namespace ? 'Namespaced' : 'Cluster',
        installed: installed?.version,
        requested: requests.flatMap(({ version }) => version ?? []),
        budget: this.budget,
      }),
    })
    this.#instances.set(key, made)
    if (ref.namespace) this.#ruleOutRivals(made)
    return made
  }

  /** Those made so far. */
  instances(): Iterable<Instance> {
    return this.#instances.values()
  }

  /** Returns what the packages rule out that are made so far, and all that they can bring along. */
  incompatibilities(): Incompatibility[] {
    const found: Incompatibility[] = []
    // More are made meanwhile, and read too.
    for (const instance of this.#instances.values()) {
      for (const one of instance.incompatibilities()) found.push(one)
    }
    return [...found, ...this.#clashes]
  }

  /**
   * A repository hides the packages of those after it: otherwise a public one could take over a private package by
   * publishing a higher version.
   */
  #publication(name: string): RepositoryPackage | undefined {
    return this.#problem.universe.lookup(name)[0]
  }

  #ruleOutRivals(made: Instance): void {
    const place = placeOf(made.ref)
    const rivals = this.#rivals.get(place) ?? []
    for (const rival of rivals) {
      this.budget.spend(1)
      const terms = [rival, made].map((variable) => ({ variable, values: variable.values & ~ABSENT }))
      const clash = incompatibility(terms, () => ({
        subject: `both ${rival.ref.name} and ${made.ref.name}`,
        verb: 'would be named',
        object: place,
      }))
      if (clash) this.#clashes.push(clash)
    }
    rivals.push(made)
    this.#rivals.set(place, rivals)
  }
}

/** Packages of different names can claim one place. */
const keyOf = (ref: PackageRef): string => `${ref.name} ${placeOf(ref)}`
