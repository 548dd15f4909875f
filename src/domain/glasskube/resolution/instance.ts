import type { Budget } from './budget.ts'
import type { Candidates } from './candidates.ts'
import { demandsOf, keyOf } from './demands.ts'
import { type Clause, type Incompatibility, incompatibility, type Role, Variable } from './incompatibility.ts'
import { brief } from './phrases.ts'
import type { InstalledPackage, PackageRef, PackageVersion } from './problem.ts'
import { candidate, highest, highestIndex, NONE, type ValueSet } from './value-set.ts'

/** Components can bring along components, even themselves; real packages stop at the second. */
const MAX_NESTING = 5

/** The memory for an edge, in steps. */
const EDGE_COST = 40

/** Where a package finds the others. */
type Surroundings = { budget: Budget; instance(ref: PackageRef, nesting: number): Instance }

export type InstanceOptions = {
  ref: PackageRef
  candidates: Candidates
  installed: InstalledPackage | undefined
  isRequested: boolean
  nesting: number
}

/** That these versions of a package need another package, in one of the allowed versions. */
export type Edge = {
  values: ValueSet
  target: Instance
  allowed: ValueSet
  range: string | undefined
  isComponent: boolean
}

/** A package of the cluster: the one of this name, or one of several in namespaces. */
export class Instance extends Variable {
  readonly ref: PackageRef
  readonly candidates: Candidates
  readonly installed: InstalledPackage | undefined
  readonly isRequested: boolean
  /** Where the installed version is among the values; none if it is not installed. */
  readonly kept: ValueSet
  readonly #cluster: Surroundings
  readonly #nesting: number
  #edges: readonly Edge[] | undefined

  constructor(cluster: Surroundings, { ref, candidates, installed, isRequested, nesting }: InstanceOptions) {
    super(candidates.versions.length)
    this.ref = ref
    this.candidates = candidates
    this.installed = installed
    this.isRequested = isRequested
    this.kept = candidates.exactly(installed?.version)
    this.#cluster = cluster
    this.#nesting = nesting
  }

  /** The version that is decided; empty if the package is absent. */
  get version(): string {
    return this.candidates.versions[highestIndex(this.allowed)]?.version ?? ''
  }

  override get best(): ValueSet {
    return highest(this.allowed & this.candidates.offered) || super.best
  }

  describe(values: ValueSet, role: Role): string {
    return this.candidates.describe(values, role) + this.place
  }

  /** Tells apart packages of one name. */
  get place(): string {
    return this.ref.namespace ? ` (${keyOf(this.ref)})` : ''
  }

  /** The combinations that its dependencies rule out. */
  incompatibilities(): Incompatibility[] {
    return this.edges().flatMap((edge) => {
      const { values, target, allowed } = edge
      const terms = [
        { variable: this, values },
        { variable: target, values: target.values & ~allowed },
      ]
      return incompatibility(terms, () => this.clause(edge)) ?? []
    })
  }

  /** Says that versions of the package need another. */
  clause({ values, target, allowed, range, isComponent }: Edge): Clause {
    const needed = target.ref.name + (range ? ` ${brief(range)}` : '') + target.place
    return {
      subject: this.describe(values, 'subject'),
      verb: isComponent ? 'brings along' : 'depends on',
      object: allowed === NONE ? `${needed} ${target.#whyNone(range)}` : needed,
      demand: { ...target.ref, actual: target.installed?.version, required: range, by: this.ref.name },
    }
  }

  #whyNone(range: string | undefined): string {
    return this.#isTooDeep
      ? `and components nest at most ${MAX_NESTING} deep`
      : `and ${this.candidates.whyNone(range)}`
  }

  get #isTooDeep(): boolean {
    return this.#nesting > MAX_NESTING
  }

  /** The needs of its versions, those with the same needs together. */
  edges(): readonly Edge[] {
    this.#edges ??= this.#readEdges()
    return this.#edges
  }

  #readEdges(): readonly Edge[] {
    if (this.#isTooDeep) return []
    const edges = new Map<string, Edge>()
    for (const [index, version] of this.candidates.versions.entries()) {
      for (const { target, range, isComponent } of this.#needs(version)) {
        this.#cluster.budget.spend(1)
        const value = candidate(index)
        const allowed = this.#accepted(value, target, range)
        if (allowed === undefined) continue
        const key = `${isComponent} ${range} ${allowed} ${target.ref.name}${target.place}`
        const edge = edges.get(key)
        if (edge) edge.values |= value
        else {
          this.#cluster.budget.spend(EDGE_COST)
          edges.set(key, { values: value, target, allowed, range, isComponent })
        }
      }
    }
    return [...edges.values()]
  }

  /**
   * Returns undefined for what is already missing. What an installed package lacks now is no concern of a request for
   * others, so it goes on without it.
   */
  #accepted(value: ValueSet, target: Instance, range: string | undefined): ValueSet | undefined {
    const accepted = target.#isTooDeep ? NONE : target.candidates.matching(range)
    if (value !== this.kept || this.isRequested) return accepted
    return target.kept === NONE ? undefined : accepted | target.kept
  }

  *#needs(version: PackageVersion) {
    for (const demand of demandsOf(this.ref, version)) {
      const isComponent = demand.namespace !== undefined
      const target = this.#cluster.instance(demand, isComponent ? this.#nesting + 1 : 0)
      yield { target, range: demand.version || undefined, isComponent }
    }
  }
}
